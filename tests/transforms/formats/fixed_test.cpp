#include "transforms/formats/fixed.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "bus/json_text.hpp"
#include "routes/yaml.hpp"
#include "tests/transforms/formats/conversions.hpp"
#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/charset.hpp"
#include "transforms/formats/date_pattern.hpp"
#include "transforms/formats/json.hpp"

namespace busway {

namespace {

ConfigNode yaml(std::string_view text) {
  Findings findings;
  auto node = routes::read_yaml(text, std::make_shared<const std::string>("test.layout.yaml"), findings);
  if (!node || findings.has_errors()) FAIL(std::string(findings.all().empty() ? "no YAML" : to_text(findings.all().front())));
  return *node;
}

MadeFormat make_layout(std::string_view layout, std::vector<std::pair<std::string, std::string>> options = {}) {
  FakeFiles files;
  files.yaml.emplace("test.layout.yaml", yaml(layout));
  std::vector<std::pair<std::string, ConfigNode>> entries = {{"layout", config_scalar("test.layout.yaml")}};
  for (auto& [key, value] : options) entries.emplace_back(key, config_scalar(value));
  return make_format(fixed_format(), config_map(entries), files);
}

FormatPtr format_of(std::string_view layout, std::vector<std::pair<std::string, std::string>> options = {}) {
  MadeFormat made = make_layout(layout, std::move(options));
  std::string found = made.findings.all().empty() ? "" : to_text(made.findings.all().front());
  INFO(found);
  REQUIRE(made.format);
  return made.format;
}

// A record R of the fields, one a line.
FormatPtr record_of(std::string fields, std::string charset = "ascii") {
  return format_of("charset: " + charset + "\nrecords: { R: { fields: [" + fields + "] } }");
}

std::string from_hex(std::string_view hex) {
  std::string out;
  int half = -1;
  for (char c : hex) {
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) continue;
    if (half < 0) {
      half = digit;
    } else {
      out += static_cast<char>(static_cast<unsigned char>(half << 4 | digit));
      half = -1;
    }
  }
  return out;
}
std::string hex(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    out += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Both ways: the bytes are the document and the document is the bytes.
void same(const FormatPtr& format, std::string_view bytes, std::string_view json) {
  CHECK(reads(format, bytes) == json);
  CHECK(hex(writes(format, json)) == hex(bytes));
}

std::string finding_of(std::string_view layout, std::vector<std::pair<std::string, std::string>> options = {}) {
  MadeFormat made = make_layout(layout, std::move(options));
  CHECK(!made.format);
  return made.findings.all().empty() ? "none" : to_text(made.findings.all().front());
}

}  // namespace

TEST_CASE("fixed: the worked example of docs/layouts.md") {
  std::ifstream file(std::string(BUSWAY_SOURCE_DIR) + "/docs/layouts.md");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  auto block = [&](std::string_view language) {
    std::string fence = "```" + std::string(language) + "\n";
    std::size_t start = text.find(fence);
    REQUIRE(start != std::string::npos);
    start += fence.size();
    return text.substr(start, text.find("```", start) - start);
  };
  FormatPtr format = format_of(block("layout"));
  std::string bytes = from_hex(block("hex"));
  CHECK(bytes.size() == 70);
  Arena arena;
  auto expected = read_json(block("json"), arena);
  REQUIRE(expected);
  CHECK(reads(format, bytes) == to_json(*expected));
  CHECK(hex(writes(format, block("json"))) == hex(bytes));
  CHECK(writes(format, R"({"code":"04","account":"1","name":"","balance":0,"transactions":[]})").size() == 44);
}

TEST_CASE("fixed: texts") {
  FormatPtr format = record_of("{ name: a, length: 4 }, { name: b, length: 3, align: right, pad: '*' }");
  same(format, "x   **y", R"({"a":"x","b":"y"})");
  same(format, "    ***", R"({"a":"","b":""})");
  CHECK(writes(format, R"({"a":12,"b":1.50})") == "error: writing a fixed record: R.b is too long: 4 bytes, the field has 3");
  CHECK(writes(format, R"({"a":"\u20ac","b":""})") ==
        "error: writing a fixed record: R.a has a character that ascii lacks: '\xE2\x82\xAC'");
  CHECK(has(writes(format, R"({"a":"x"})"), "R.b has no value"));
  CHECK(has(writes(format, R"({"a":"x","b":null})"), "R.b is null"));
  CHECK(has(writes(format, R"({"a":"x","b":"y","c":1})"), "R has no field 'c'"));
  CHECK(has(writes(format, R"({"a":true,"b":"y"})"), "R.a is boolean, a text is needed"));
  CHECK(has(writes(format, "[]"), "an object is needed"));
  CHECK(reads(format, "x   **") == "error: reading a fixed record: R.b at offset 4 is cut off: 3 bytes are needed, 2 are left");
  CHECK(has(reads(format, "x   **yz"), "1 bytes follow the end of R at offset 7"));
  CHECK(has(reads(format, "x\xFF  **y"), "R.a at offset 1 has a byte that is no character of ascii"));
  same(record_of("{ name: a, length: 4 }", "utf-8"), "\xC3\x9C  ", "{\"a\":\"\xC3\x9C\"}");
  same(record_of("{ name: a, length: 2 }", "windows-1252"), "\x80 ", "{\"a\":\"\xE2\x82\xAC\"}");
}

TEST_CASE("fixed: numbers as digits") {
  same(record_of("{ name: n, length: 5, type: number }"), "00042", R"({"n":42})");
  same(record_of("{ name: n, length: 7, type: number, decimals: 2 }"), "0012340", R"({"n":123.40})");
  same(record_of("{ name: n, length: 5, type: number, signed: true }"), "-0042", R"({"n":-42})");
  same(record_of("{ name: n, length: 5, type: number, sign: trailing, decimals: 1 }"), "0042-", R"({"n":-4.2})");
  same(record_of("{ name: n, length: 6, type: number, pad: ' ', signed: true }"), "   -42", R"({"n":-42})");
  same(record_of("{ name: n, length: 6, type: number, pad: ' ', signed: true }"), "123456", R"({"n":123456})");
  same(record_of("{ name: n, length: 6, type: number, pad: ' ', align: left }"), "42    ", R"({"n":42})");
  same(record_of("{ name: n, length: 8, type: decimal, decimals: 2 }"), "00123.45", R"({"n":123.45})");
  same(record_of("{ name: n, length: 30, type: number }"), "000000000012345678901234567890", R"({"n":12345678901234567890})");
  FormatPtr format = record_of("{ name: n, length: 4, type: number, decimals: 1 }");
  CHECK(writes(format, R"({"n":"012.5"})") == "0125");
  CHECK(writes(format, R"({"n":12.50})") == "0125");
  CHECK(writes(format, R"({"n":1.2e1})") == "0120");
  CHECK(writes(format, R"({"n":-0})") == "0000");
  CHECK(has(writes(format, R"({"n":12.55})"), "R.n has more than 1 decimals"));
  CHECK(has(writes(format, R"({"n":1234})"), "R.n has more digits than the field"));
  CHECK(has(writes(format, R"({"n":1e300})"), "too large"));
  CHECK(has(writes(format, R"({"n":-1})"), "R.n is negative, but the field has no sign"));
  CHECK(has(writes(format, R"({"n":"x"})"), "R.n is not a number"));
  CHECK(has(reads(format, "12x4"), "R.n at offset 0 is not a number"));
  CHECK(has(reads(format, "    "), "R.n at offset 0 is not a number"));
}

TEST_CASE("fixed: zoned, packed and binary numbers") {
  FormatPtr zoned = record_of("{ name: n, length: 4, type: zoned, signed: true }");
  same(zoned, "012C", R"({"n":123})");
  same(zoned, "012L", R"({"n":-123})");
  same(zoned, "000{", R"({"n":0})");
  CHECK(reads(zoned, "0123") == R"({"n":123})");
  CHECK(reads(zoned, "012s") == R"({"n":-123})");
  CHECK(has(reads(zoned, "01 3"), "not a zoned number"));
  FormatPtr ebcdic = record_of("{ name: n, length: 3, type: zoned, signed: true, decimals: 1 }", "cp037");
  same(ebcdic, "\xF1\xF2\xD3", R"({"n":-12.3})");
  same(ebcdic, "\xF1\xF2\xC3", R"({"n":12.3})");
  CHECK(reads(ebcdic, "\xF1\xF2\xF3") == R"({"n":12.3})");
  same(record_of("{ name: n, length: 3, type: zoned, sign: leading }", "cp037"), "\xD1\xF2\xF3", R"({"n":-123})");

  FormatPtr packed = record_of("{ name: n, digits: 5, type: packed, decimals: 2, signed: true }");
  same(packed, "\x12\x34\x5D", R"({"n":-123.45})");
  same(packed, std::string_view("\x00\x00\x0C", 3), R"({"n":0.00})");
  CHECK(reads(packed, "\x12\x34\x5F") == R"({"n":123.45})");
  CHECK(reads(packed, "\x12\x34\x5B") == R"({"n":-123.45})");
  CHECK(has(reads(packed, "\x12\x34\x55"), "ends in no sign"));
  CHECK(has(reads(packed, "\x12\xA4\x5C"), "not a packed number"));
  FormatPtr plain_packed = record_of("{ name: n, digits: 4, type: packed }");
  same(plain_packed, "\x01\x23\x4F", R"({"n":1234})");
  CHECK(has(reads(plain_packed, "\x11\x23\x4F"), "more than 4 digits"));
  CHECK(has(reads(plain_packed, "\x01\x23\x4D"), "negative"));
  CHECK(has(writes(plain_packed, R"({"n":12345})"), "more than 4 digits"));

  same(record_of("{ name: n, length: 2, type: binary, signed: true }"), "\xFF\xFE", R"({"n":-2})");
  same(record_of("{ name: n, length: 2, type: binary, order: little }"), std::string_view("\x01\x00", 2), R"({"n":1})");
  same(record_of("{ name: n, length: 8, type: binary, signed: true }"), std::string_view("\x80\0\0\0\0\0\0\0", 8),
       R"({"n":-9223372036854775808})");
  same(record_of("{ name: n, length: 8, type: binary }"), "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", R"({"n":18446744073709551615})");
  FormatPtr byte = record_of("{ name: n, length: 1, type: binary, signed: true }");
  same(byte, "\x80", R"({"n":-128})");
  CHECK(has(writes(byte, R"({"n":128})"), "too large"));
  CHECK(has(writes(byte, R"({"n":-129})"), "too large"));
  CHECK(has(writes(byte, R"({"n":99999999999999999999})"), "too large"));
}

TEST_CASE("fixed: dates and bytes") {
  FormatPtr dates = record_of(
      "{ name: d, type: date, format: YYYYMMDD }, { name: t, type: date, format: hhmmss }, { name: j, type: date, format: YYDDD "
      "}");
  same(dates, "2024022910153024366", R"({"d":"2024-02-29","t":"10:15:30","j":"2024-12-31"})");
  CHECK(has(reads(dates, "2023022910153024366"), "R.d at offset 0 is not a date or time: '20230229'"));
  CHECK(has(writes(dates, R"({"d":"2023-02-30","t":"10:15:30","j":"2024-12-31"})"), "R.d is not a date"));
  CHECK(has(writes(dates, R"({"d":"2023-02-03","t":"10:15:30","j":"1969-12-31"})"), "R.j is not a date"));
  same(record_of("{ name: d, type: date, format: 'DD.MM.YY hh:mm' }", "cp500"), from_hex("F3F14BF1F24BF9F940F2F37AF5F9"),
       R"({"d":"1999-12-31T23:59:00"})");
  for (std::string_view pattern : {"", "YYYY", "MMDD", "YYYYMM", "hh", "mmss", "YYYYYYYYMMDD", "YYYYYYMMDD", "YYYYDDDMM", "xx"}) {
    CHECK(!DatePattern::parse(pattern));
  }
  same(record_of("{ name: b, type: bytes, length: 2 }"), "\x0A\xFF", R"({"b":"0AFF"})");
  CHECK(has(writes(record_of("{ name: b, type: bytes, length: 2 }"), R"({"b":"0A"})"), "4 hex digits"));
}

TEST_CASE("fixed: literals, defaults, fillers and blanks") {
  FormatPtr format = record_of(
      "{ name: op, length: 3, value: RSV }, { length: 2 }, { type: filler, length: 1, value: '#' }, "
      "{ name: qty, type: number, length: 3, default: 1 }, { name: note, length: 2, at: 10, blank: missing }, "
      "{ name: due, type: date, format: YYDDD, blank: null }");
  CHECK(writes(format, R"({"qty":7,"note":"x","due":"2024-01-01"})") == "RSV  #007 x 24001");
  CHECK(writes(format, R"({"op":"RSV","due":null})") == "RSV  #001        ");
  CHECK(has(writes(format, R"({"op":"REL","due":null})"), "R.op always holds 'RSV'"));
  CHECK(has(writes(format, R"({"note":"","due":null})"), "R.note would be written as blank"));
  CHECK(reads(format, "RSVxy#007        ") == R"({"op":"RSV","qty":7,"due":null})");
  CHECK(has(reads(format, "REL  #007        "), "R.op at offset 0 does not hold 'RSV'"));
  CHECK(has(reads(format, "RSV  ?007        "), "R.filler at offset 5 does not hold '#'"));
  CHECK(writes(format_of("records: { R: { length: 5, fields: [ { name: a, length: 2 } ] } }"), R"({"a":"x"})") == "x    ");
}

TEST_CASE("fixed: groups and repeats") {
  FormatPtr format = record_of(
      "{ name: n, type: number, length: 2 }, { name: head, fields: [ { name: a, length: 1 } ] }, "
      "{ name: codes, length: 1, occurs: 2 }, { name: lines, occurs: { by: n, max: 9 }, fields: [ { name: s, length: 2 } ] }, "
      "{ name: tail, occurs: { min: 1, max: 3 }, length: 2 }");
  same(format, "02hxyA1B2zz", R"({"n":2,"head":{"a":"h"},"codes":["x","y"],"lines":[{"s":"A1"},{"s":"B2"}],"tail":["zz"]})");
  CHECK(writes(format, R"({"head":{"a":"h"},"codes":["x","y"],"tail":["zz"]})") == "00hxyzz");
  CHECK(has(writes(format, R"({"n":1,"head":{"a":"h"},"codes":["x","y"],"tail":["zz"]})"),
            "R.n does not count the 0 items of 'lines'"));
  CHECK(has(writes(format, R"({"head":{"a":"h"},"codes":["x"],"tail":["zz"]})"),
            "R.codes has 1 items, the layout allows exactly 2"));
  CHECK(has(writes(format, R"({"head":{"a":"h"},"codes":["x","y"],"tail":[]})"), "R.tail has 0 items, the layout allows 1 to 3"));
  CHECK(has(writes(format, R"({"head":{"b":"h"},"codes":["x","y"],"tail":["z"]})"), "R.head has no field 'b'"));
  CHECK(has(reads(format, "10hxyA1"), "counts 10 of 'lines', which occurs 0 to 9 times"));
  CHECK(has(reads(format, "09hxyA1"), "R.lines at offset 5 is cut off: there are bytes for 1 of its 9"));
  CHECK(has(reads(format, "00hxy"), "R.tail at offset 5 occurs 0 times"));
}

TEST_CASE("fixed: which record") {
  constexpr std::string_view layout =
      "charset: cp037\n"
      "records:\n"
      "  QUERY: { fields: [ { name: op, length: 3 }, { name: sku, length: 2 } ] }\n"
      "  ANSWER: { fields: [ { name: op, length: 3, value: ANS }, { name: left, type: number, length: 4 } ] }\n"
      "selector: { field: op, values: { RSV: QUERY, ANS: ANSWER } }\n";
  FormatPtr both = format_of(layout);
  same(both, from_hex("D9E2E5C1F1"), R"({"op":"RSV","sku":"A1"})");
  same(both, from_hex("C1D5E2F0F0F1F2"), R"({"op":"ANS","left":12})");
  CHECK(has(reads(both, from_hex("E7E7E7C1F1")), "no record of the layout has 'XXX' at offset 0"));
  CHECK(has(reads(both, "x"), "ends before offset 3"));
  CHECK(has(writes(both, R"({"sku":"A1"})"), "does not say which record"));
  CHECK(both->for_service());

  FormatPtr named = format_of(layout, {{"request", "QUERY"}, {"reply", "ANSWER"}});
  CHECK(reads(named, from_hex("E7E7E7C1F1")) == R"({"op":"XXX","sku":"A1"})");
  CHECK(hex(writes(named, R"({"left":1})")) == "C1D5E2F0F0F0F1");
  FormatPtr service = named->for_service();
  CHECK(hex(writes(service, R"({"op":"RSV","sku":"A1"})")) == "D9E2E5C1F1");
  CHECK(reads(service, from_hex("C1D5E2F0F0F0F1")) == R"({"op":"ANS","left":1})");
  FormatPtr one = format_of(layout, {{"record", "QUERY"}});
  same(one, from_hex("E7E7E7C1F1"), R"({"op":"XXX","sku":"A1"})");
  FormatPtr by_offset = format_of(
      "records: { A: { fields: [ { name: k, length: 1 }, { name: v, length: 1 } ] }, B: { fields: [ { name: k, length: 1 } ] } "
      "}\n"
      "selector: { at: 0, length: 1, values: { a: A, b: B } }");
  same(by_offset, "ax", R"({"k":"a","v":"x"})");
  same(by_offset, "b", R"({"k":"b"})");
}

TEST_CASE("fixed: findings of a layout") {
  auto in_record = [](std::string fields) { return finding_of("records:\n  R:\n    fields:\n      - " + fields); };
  CHECK(in_record("{ name: a, length: 2, typ: text }") ==
        "test.layout.yaml:4:31: error BW1004: unknown key 'typ'; did you mean 'type'?");
  CHECK(in_record("{ name: a, type: packt, length: 2 }").starts_with("test.layout.yaml:4:26: error BW1014: "));
  CHECK(in_record("{ name: a }").starts_with("test.layout.yaml:4:9: error BW1006: "));
  CHECK(in_record("{ name: a, length: 2, decimals: 1 }").starts_with("test.layout.yaml:4:41: error BW4011: "));
  CHECK(in_record("{ name: a, length: 2, pad: xx }").starts_with("test.layout.yaml:4:36: error BW4011: "));
  CHECK(in_record("{ name: a, type: packed, digits: 9, length: 4 }").starts_with("test.layout.yaml:4:42: error BW4012: "));
  CHECK(in_record("{ name: a, type: binary, length: 9 }").starts_with("test.layout.yaml:4:42: error BW4012: "));
  CHECK(in_record("{ name: a, length: 2 }\n      - { name: b, at: 1, length: 1 }")
            .starts_with("test.layout.yaml:5:24: error BW4012: "));
  CHECK(in_record("{ name: a, length: 2 }\n      - { name: a, length: 1 }").starts_with("test.layout.yaml:5:17: error BW4013: "));
  CHECK(in_record("{ name: a, length: 2, occurs: { by: n, max: 3 } }").starts_with("test.layout.yaml:4:45: error BW4014: "));
  CHECK(in_record("{ name: a, length: 2, occurs: { max: 3 } }\n      - { name: b, length: 1 }")
            .starts_with("test.layout.yaml:5:9: error BW4014: "));
  CHECK(in_record("{ name: a, length: 2, value: abc }").starts_with("test.layout.yaml:4:38: error BW4015: 'abc' is too long"));
  CHECK(in_record("{ name: a, length: 2, type: number, default: x }")
            .starts_with("test.layout.yaml:4:54: error BW4015: 'x' is not a number"));
  CHECK(in_record("{ name: a, type: date, format: MMDD }").starts_with("test.layout.yaml:4:40: error BW4011: "));
  CHECK(in_record("{ name: a, length: 3, fields: [ { name: b, length: 1 } ] }")
            .starts_with("test.layout.yaml:4:28: error BW4011: "));
  CHECK(finding_of("charset: klingon\nrecords: { R: { fields: [ { name: a, length: 1 } ] } }")
            .starts_with("test.layout.yaml:1:10: error BW4010: "));
  CHECK(has(finding_of("records: { R: { length: 1, fields: [ { name: a, length: 2 } ] } }"), "BW4012"));
  constexpr std::string_view two =
      "records: { R: { fields: [ { name: a, length: 2 } ] }, S: { fields: [ { name: b, length: 3 } ] } }\n";
  CHECK(has(finding_of(two), "BW4017: the layout has several records"));
  CHECK(has(finding_of(two, {{"record", "T"}}), "BW4017: the layout has no record 'T'"));
  CHECK(has(finding_of(two, {{"record", "R"}, {"reply", "S"}}), "BW4017"));
  CHECK(has(finding_of(std::string(two) + "selector: { field: a, values: { x: R, y: S } }"), "BW4016"));
  CHECK(has(finding_of(std::string(two) + "selector: { field: a, values: { x: Q } }"), "BW4017: there is no record 'Q'"));
  CHECK(has(finding_of(std::string(two) + "selector: { at: 0, values: { x: R } }"), "BW4016"));
}

TEST_CASE("fixed: the EBCDIC pages are permutations that come back") {
  for (Charset charset : {Charset::cp037, Charset::cp500, Charset::cp1047, Charset::iso_8859_1}) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(static_cast<unsigned char>(i));
    std::string text;
    std::string back;
    CHECK(decode_charset(charset, bytes, text) == std::string::npos);
    CHECK(encode_charset(charset, text, back) == std::string::npos);
    CHECK(back == bytes);
  }
  CHECK(byte_of(Charset::cp037, '[') == '\xBA');
  CHECK(byte_of(Charset::cp500, '[') == '\x4A');
  CHECK(byte_of(Charset::cp1047, '[') == '\xAD');
}

}  // namespace busway
