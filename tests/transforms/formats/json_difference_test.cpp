// RapidJSON as the second opinion on our reader: texts made and mutated are accepted and refused alike, and make the same
// document.
#define RAPIDJSON_NAMESPACE opinion_rapidjson
#include <doctest/doctest.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/transforms/formats/mutated.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

namespace rj = opinion_rapidjson;

// Writes what RapidJSON reads as compact JSON, and refuses what the library lets pass and RFC 8259 or our rules do not.
struct Opinion : rj::BaseReaderHandler<rj::UTF8<>, Opinion> {
  std::string out;
  std::vector<std::set<std::string>> keys;
  std::size_t depth = 0;
  std::size_t deepest = 64;
  bool first = true;

  bool value(std::string_view text) {
    if (!first) out += ',';
    out += text;
    first = false;
    return true;
  }
  bool Null() { return value("null"); }
  bool Bool(bool v) { return value(v ? "true" : "false"); }
  bool RawNumber(const char* at, rj::SizeType size, bool) { return value({at, size}); }
  bool String(const char* at, rj::SizeType size, bool) {
    return find_invalid_utf8({at, size}) == std::string_view::npos && value(json_string({at, size}));
  }
  bool Key(const char* at, rj::SizeType size, bool) {
    if (!keys.back().insert(std::string(at, size)).second || !String(at, size, true)) return false;
    out += ':';
    first = true;
    return true;
  }
  bool start(char open) {
    if (depth++ == deepest) return false;
    if (!first) out += ',';
    out += open;
    first = true;
    if (open == '{') keys.emplace_back();
    return true;
  }
  bool end(char shut) {
    --depth;
    out += shut;
    first = false;
    if (shut == '}') keys.pop_back();
    return true;
  }
  bool StartObject() { return start('{'); }
  bool EndObject(rj::SizeType) { return end('}'); }
  bool StartArray() { return start('['); }
  bool EndArray(rj::SizeType) { return end(']'); }
};

std::optional<std::string> opinion(std::string_view text) {
  if (find_invalid_utf8(text) != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) return std::nullopt;
  Opinion handler;
  rj::MemoryStream stream(text.data(), text.size());
  rj::Reader reader;
  constexpr unsigned flags = rj::kParseIterativeFlag | rj::kParseNumbersAsStringsFlag | rj::kParseValidateEncodingFlag;
  if (!reader.Parse<flags>(stream, handler) || stream.Tell() != text.size()) return std::nullopt;
  return handler.out;
}

void agree(std::string_view text) {
  Arena arena(256);
  auto read = read_json(text, arena);
  auto other = opinion(text);
  INFO("text: ", printable(text), " of ", text.size(), ": ", read ? "accepted" : read.error().text);
  REQUIRE(read.has_value() == other.has_value());
  if (read) CHECK(to_json(*read) == *other);
}

constexpr char telling_bytes[] = "{}[]\"\":,,\\/\\ubn0123456789-+.eE \n\r\t\0\x01\x1A\x1F\x7F\x80\xC3\xED\xA0\xFFtfnu";
constexpr std::string_view telling(telling_bytes, sizeof telling_bytes - 1);

}  // namespace

TEST_CASE("json: RapidJSON accepts and refuses the same small texts") {
  std::vector<std::string> seeds = {
      R"({"customer": "ACME-0042", "lines": [{"sku": "A-1", "qty": 1, "price": 19.95}, {"sku": "A-2", "qty": 22, "price": -0.5e-3}]})",
      R"([true,false,null,"",{},[],[[]],[{}],{"a":{}},0,-0,1e5,1E+5,1.25,12345678901234567890])",
      "{\"\xC3\x9C\":\"\xE2\x82\xAC\xF0\x9F\x98\x80 and more than sixteen bytes of "
      "it\",\"b\":\"\\u00dc\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
      R"( [ "0123456789abcde" , "0123456789abcdef" , "0123456789abcdef0" , "0123456789abcd\n" , "0123456789abcdef\"0" ] )",
      R"({"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,"k":11,"l":12,"m":13,"n":14})",
      "[\"\xEF\xBF\xBF\",\"\xEE\x80\x80\",\"\xF4\x8F\xBF\xBF\",\"\xC2\x80\",\"\xE0\xA0\x80\"]",
      std::string(70, '[') + std::string(70, ']'),
      std::string(64, '[') + std::string(64, ']')};
  for (const std::string& seed : seeds) agree(seed);
  std::mt19937 random(1);
  for (int round = 0; round < 60'000; ++round) agree(mutated(seeds[random() % seeds.size()], seeds, telling, random));
}

TEST_CASE("json: RapidJSON finds the same numbers too large") {
  std::mt19937 random(2);
  auto digits = [&](std::size_t count) {
    std::string text(1, static_cast<char>('1' + random() % 9));
    while (text.size() < count) text += static_cast<char>('0' + random() % 10);
    return text;
  };
  for (std::string_view whole : {"17976931348623157", "17976931348623158", "17976931348623159", "18", "17"}) {
    for (std::size_t size = 305; size < 312; ++size) {
      agree(std::string(whole) + std::string(size - whole.size(), '0'));
      agree("-" + std::string(whole) + std::string(size - whole.size(), '9'));
    }
  }
  for (int round = 0; round < 30'000; ++round) {
    std::string number = random() % 2 != 0 ? "-" : "";
    number += random() % 4 == 0 ? "0" : digits(1 + random() % (random() % 8 == 0 ? 320 : 24));
    if (random() % 2 != 0) number += "." + std::string(random() % 4 * 8, '0') + digits(1 + random() % 24);
    if (random() % 4 != 0) number += (random() % 2 != 0 ? "e" : "E+") + std::to_string(290 + random() % 60);
    agree(number);
  }
}

TEST_CASE("json: RapidJSON accepts and refuses the same long texts, which are laid out by count") {
  std::vector<std::string> seeds;
  for (int width : {1, 7, 300, 2000}) {
    std::string text = "[";
    while (text.size() < 20'000) {
      text += (text.size() == 1 ? "" : ",") + std::string("{\"s\":\"a [string], {with} all\",\"l\":[");
      for (int i = 0; i < width; ++i) text += (i == 0 ? "" : ", ") + std::to_string(i);
      text += "],\"o\":{},\"e\":[ ],\"n\":null}";
    }
    seeds.push_back(text + "]");
  }
  for (const std::string& seed : seeds) agree(seed);
  std::mt19937 random(3);
  for (int round = 0; round < 2'000; ++round) agree(mutated(seeds[random() % seeds.size()], seeds, telling, random));
}

}  // namespace busway
