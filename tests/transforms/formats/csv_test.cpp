#include "transforms/formats/csv.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "tests/transforms/formats/conversions.hpp"
#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/formats/lines.hpp"

namespace busway {

namespace {

ConfigNode flag(bool value) {
  return config_scalar(value ? "true" : "false", ConfigNode::Kind::boolean);
}

FormatPtr csv(std::vector<std::pair<std::string, ConfigNode>> options = {}) {
  MadeFormat made = make_format(csv_format(), config_map(std::move(options)));
  REQUIRE(made.format != nullptr);
  return made.format;
}

}  // namespace

TEST_CASE("csv: the first row names the members") {
  CHECK(reads(csv(), "sku,qty\r\nA1,3\r\nB 2,\"4\"\r\n") == R"([{"sku":"A1","qty":"3"},{"sku":"B 2","qty":"4"}])");
  CHECK(reads(csv(), "\xEF\xBB\xBFsku\nA1") == R"([{"sku":"A1"}])");
  CHECK(reads(csv(), "sku,qty\n") == "[]");
  CHECK(reads(csv(), "\n\n") == "[]");
  CHECK(reads(csv({{"header", flag(false)}}), "a,b\nc\n") == R"([["a","b"],["c"]])");
  CHECK(reads(csv({{"header", flag(false)}, {"columns", config_list({config_scalar("x"), config_scalar("y")})}}), "1,2\n") ==
        R"([{"x":"1","y":"2"}])");
  CHECK(reads(csv({{"columns", config_list({config_scalar("price")})}}), "sku,qty\n") ==
        "error: reading CSV: line 1, column 1: the header has no column price");
}

TEST_CASE("csv: quotes") {
  CHECK(reads(csv(), "a,b\n\"x, \"\"y\"\"\r\nz\",\"\"\n") == R"([{"a":"x, \"y\"\r\nz","b":""}])");
  CHECK(reads(csv(), "a\n5\" pipe\n") == R"([{"a":"5\" pipe"}])");
  CHECK(reads(csv(), "a\n\"x") == "error: reading CSV: line 2, column 1: the quote that starts here never ends");
  CHECK(reads(csv(), "a,b\n\"x\"  ,\"y\" \n") == R"([{"a":"x","b":"y"}])");
  CHECK(reads(csv(), "a,b\n\"x\"y,z\n") ==
        "error: reading CSV: line 2, column 4: behind a closing quote must stand a delimiter or the end of the line");
  FormatPtr backslash = csv({{"escape", config_scalar("\\")}, {"quote", config_scalar("'")}});
  CHECK(reads(backslash, "a\n'it\\'s \\\\ \\n'\n") == R"([{"a":"it's \\ \\n"}])");
  CHECK(writes(backslash, R"([{"a":"it's \\ "}])") == "a\r\n'it\\'s \\\\ '\r\n");
  CHECK(reads(csv({{"quote", config_scalar("")}}), "a\n\"x\n") == R"([{"a":"\"x"}])");
}

TEST_CASE("csv: dialects") {
  CHECK(reads(csv({{"delimiter", config_scalar("; ")}}), "a; b\n1;2; 3\n") == R"([{"a":"1;2","b":"3"}])");
  CHECK(reads(csv({{"comment", config_scalar("#")}}), "# made today\na\n#1\n\"#2\"\n") == R"([{"a":"#2"}])");
  CHECK(reads(csv({{"skip_lines", config_scalar("2", ConfigNode::Kind::number)}}), "Report\n\na\n1\n") == R"([{"a":"1"}])");
  CHECK(reads(csv(), "a\r1\r2") == R"([{"a":"1"},{"a":"2"}])");
  CHECK(reads(csv({{"line_end", config_scalar("crlf")}}), "a\r\n1\n2\r\n") == R"([{"a":"1\n2"}])");
  CHECK(reads(csv({{"skip_empty_lines", flag(false)}}), "a\n\nb\n") == R"([{"a":""},{"a":"b"}])");
  CHECK(reads(csv({{"charset", config_scalar("windows-1252")}}), "a\n\x80\n") == "[{\"a\":\"\xE2\x82\xAC\"}]");
  CHECK(reads(csv(), "a\n\xFF\n") == "error: reading CSV: line 2, column 1: the text is not valid UTF-8");
}

TEST_CASE("csv: typed fields") {
  FormatPtr typed = csv({{"typed", flag(true)}});
  CHECK(reads(typed, "a,b,c,d,e,f\n1250.10,-0,true,,\"7\",007\n") ==
        R"([{"a":1250.10,"b":-0,"c":true,"d":null,"e":"7","f":"007"}])");
  CHECK(writes(typed, R"([{"a":1250.10,"b":"7","c":"true","d":null,"e":"","f":false}])") ==
        "a,b,c,d,e,f\r\n1250.10,\"7\",\"true\",,\"\",false\r\n");
}

TEST_CASE("csv: a row has a field for each column") {
  CHECK(reads(csv(), "a,b\n1\n") == "error: reading CSV: line 2, column 1: the row has 1 field, the header 2");
  CHECK(reads(csv(), "a\n1,2\n") == "error: reading CSV: line 2, column 1: the row has 2 fields, the header 1");
  CHECK(reads(csv({{"ragged", flag(true)}}), "a,b\n1\n") == R"([{"a":"1"}])");
  CHECK(reads(csv(), "a,a\n1,2\n") == "error: reading CSV: line 1, column 1: the header names a twice");
  CHECK(reads(csv(), "a,\n1,2\n") == "error: reading CSV: line 1, column 1: column 2 of the header has no name");
}

TEST_CASE("csv: what is built stays within ten times the size of a large body") {
  std::string wide = "a,b,c,d,e,f,g,h\n";
  for (int i = 0; i < 40'000; ++i) wide += "1,2,3,4,5,6,7,8\n";
  CHECK(reads(csv(), wide).find("more than ten times its size") != std::string::npos);
  CHECK(reads(csv({{"header", flag(false)}}), wide).starts_with("[[\"a\""));
}

TEST_CASE("csv: writing") {
  CHECK(writes(csv(), R"([{"a":1,"b":"x,y"},{"b":"\"","a":" pad"}])") == "a,b\r\n1,\"x,y\"\r\n\" pad\",\"\"\"\"\r\n");
  CHECK(writes(csv({{"header", flag(false)}, {"line_end", config_scalar("lf")}}), R"([["a",null],["b\nc",2.50]])") ==
        "a,\n\"b\nc\",2.50\n");
  CHECK(writes(csv(), "[]").empty());
  CHECK(writes(csv(), R"([{"a":1},{"b":2}])") == "error: writing CSV: row 2: it has no a");
  CHECK(writes(csv(), R"([{"a":1},{"a":1,"b":2}])") == "error: writing CSV: row 2: there is no column for b");
  CHECK(writes(csv(), R"([{"a":[1]}])") ==
        "error: writing CSV: row 1: a field is array, a text, a number or a boolean is needed");
  CHECK(writes(csv(), "{}") == "error: writing CSV: the document is object, an array of rows is needed");
  CHECK(writes(csv({{"quote", config_scalar("")}}), R"([{"a":"x,y"}])") ==
        "error: writing CSV: row 1: x,y must be quoted, and this dialect has no quotes");
  // What is written reads back.
  FormatPtr one = csv({{"comment", config_scalar("#")}});
  CHECK(reads(one, writes(one, R"([{"a":""},{"a":"#1"},{"a":"\r"}])")) == R"([{"a":""},{"a":"#1"},{"a":"\r"}])");
}

TEST_CASE("csv: a dialect that cannot be read is a finding") {
  for (auto& options : std::vector<std::vector<std::pair<std::string, ConfigNode>>>{{{"delimiter", config_scalar("")}},
                                                                                    {{"delimiter", config_scalar("\"")}},
                                                                                    {{"delimiter", config_scalar("\n")}},
                                                                                    {{"quote", config_scalar("''")}},
                                                                                    {{"escape", config_scalar("\\\\")}},
                                                                                    {{"comment", config_scalar("#\n")}}}) {
    MadeFormat made = make_format(csv_format(), config_map(options));
    CHECK(made.format == nullptr);
    CHECK(made.findings.errors() == 1);
  }
}

TEST_CASE("lines: a text a line") {
  FormatPtr lines = plain(lines_format());
  CHECK(reads(lines, "a\r\n\nb") == R"(["a","","b"])");
  CHECK(reads(lines, "a\n") == R"(["a"])");
  CHECK(writes(lines, R"(["a",1.50,true])") == "a\n1.50\ntrue\n");
  CHECK(writes(lines, R"(["a\nb"])") == "error: writing lines: item 1 holds a line end");
  CHECK(writes(lines, R"([{}])") == "error: writing lines: item 1 is object, a text, a number or a boolean is needed");
  CHECK(reads(lines, std::string(100'000, '\n')).find("more than ten times") != std::string::npos);
}

TEST_CASE("ndjson: a document a line") {
  FormatPtr ndjson = plain(ndjson_format());
  CHECK(reads(ndjson, "{\"a\":1.10}\r\n\n[2]\n") == R"([{"a":1.10},[2]])");
  CHECK(reads(ndjson, "1\n{\n").starts_with("error: reading line 2: reading JSON: line 1"));
  CHECK(writes(ndjson, R"([{"a":1.10},"x\ny"])") == "{\"a\":1.10}\n\"x\\ny\"\n");
  CHECK(writes(ndjson, "{}").starts_with("error: writing JSON lines: the document is object"));
}

TEST_CASE("csv: what is written reads back, where the eye would not look") {
  // A field's end and the delimiter behind it are not taken for an earlier delimiter.
  FormatPtr bars = csv({{"delimiter", config_scalar("||")}, {"line_end", config_scalar("lf")}});
  CHECK(writes(bars, R"([{"a":"x|","b":"|y"}])") == "a||b\n\"x|\"|||y\n");
  CHECK(reads(bars, writes(bars, R"([{"a":"x|","b":"|y"}])")) == R"([{"a":"x|","b":"|y"}])");
  // A first character that would be a byte order mark.
  CHECK(reads(csv(), writes(csv(),
                            "[{\"\xEF\xBB\xBF"
                            "a\":\"1\"}]")) ==
        "[{\"\xEF\xBB\xBF"
        "a\":\"1\"}]");
  // An empty line is no row.
  FormatPtr plain = csv({{"line_end", config_scalar("lf")}});
  CHECK(writes(plain, R"([{"a":null},{"a":"x"}])") == "a\n\"\"\nx\n");
  CHECK(writes(csv({{"typed", flag(true)}}), R"([{"a":null}])") ==
        "error: writing CSV: row 1: its only field is empty, and empty lines are no rows");
}

TEST_CASE("csv: short rows stay short") {
  FormatPtr ragged = csv({{"ragged", flag(true)}, {"line_end", config_scalar("lf")}});
  CHECK(writes(ragged, R"([{"a":1},{"a":2,"c":3},{"b":4,"a":5}])") == "a,c,b\n1\n2,3\n5,,4\n");
  CHECK(writes(ragged, R"([{"a":"","b":2},{"a":""}])") == "a,b\n,2\n\"\"\n");
  CHECK(writes(csv({{"line_end", config_scalar("lf")}}), R"([{"a":1,"b":2},{"b":4,"a":3}])") == "a,b\n1,2\n3,4\n");
  CHECK(writes(csv(), R"([{"a":1},{"a":2,"c":3}])") == "error: writing CSV: row 2: there is no column for c");
}

TEST_CASE("csv: rows whose members come in another order cost what others cost") {
  // Each of them would be looked for among all if nothing was known of the columns.
  constexpr int wide = 60'000;
  std::string json = "[{";
  for (int i = 0; i < wide; ++i) json += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":1";
  json += "},{";
  for (int i = wide; i-- > 0;) json += "\"k" + std::to_string(i) + (i == 0 ? "\":2" : "\":2,");
  auto from = std::chrono::steady_clock::now();
  CHECK(!writes(csv(), json + "}]").starts_with("error"));
  CHECK(std::chrono::steady_clock::now() - from < std::chrono::seconds(2));
}

}  // namespace busway
