#include <doctest/doctest.h>

#include "routes/test/difference.hpp"
#include "routes/test/literal.hpp"
#include "routes/test/test_case.hpp"
#include "routes/yaml.hpp"
#include "transforms/formats/json.hpp"

using namespace busway;
using namespace busway::routes;

namespace {

ConfigNode yaml(std::string_view text) {
  Findings findings;
  auto node = read_yaml(text, std::make_shared<const std::string>("a.test.yaml"), findings);
  REQUIRE(node);
  return *node;
}

// The differences between YAML and JSON, one a line with its place.
std::string differences(std::string_view expected, std::string_view actual, Match match = Match::whole) {
  Arena arena;
  auto document = read_json(actual, arena);
  REQUIRE(document);
  std::vector<Difference> found;
  compare("body", yaml(expected), *document, match, found);
  std::string out;
  for (const Difference& difference : found) out += difference.at.text() + ": " + difference.text + "\n";
  return out;
}

}  // namespace

TEST_CASE("numbers compare as exact decimals") {
  CHECK(differences("1250.10", "1250.1") == "");
  CHECK(differences("100", "1e2") == "");
  CHECK(differences("12345678901234567890", "12345678901234567891") ==
        "a.test.yaml:1:1: body: expected 12345678901234567890, got 12345678901234567891\n");
}

TEST_CASE("kinds never mix") {
  CHECK(differences("3", "\"3\"") == "a.test.yaml:1:1: body: expected 3, got \"3\"\n");
  CHECK(differences("null", "false") == "a.test.yaml:1:1: body: expected null, got false\n");
  CHECK(differences("{}", "[]") == "a.test.yaml:1:1: body: expected an object {}, got a list []\n");
  CHECK(differences("'true'", "true") == "a.test.yaml:1:1: body: expected \"true\", got true\n");
}

TEST_CASE("each difference names its path and the line of what was expected") {
  CHECK(differences("items:\n  - sku: A\n    qty: 3\n  - { sku: B, qty: 1 }",
                    R"({"items":[{"sku":"A","qty":"3"},{"sku":"C","qty":1}]})") ==
        "a.test.yaml:3:10: body /items/0/qty: expected 3, got \"3\"\n"
        "a.test.yaml:4:12: body /items/1/sku: expected \"B\", got \"C\"\n");
  CHECK(differences("{ a/b: 1, c~d: 2 }", R"({"a/b":2,"c~d":1})") ==
        "a.test.yaml:1:8: body /a~1b: expected 1, got 2\na.test.yaml:1:16: body /c~0d: expected 2, got 1\n");
}

TEST_CASE("a whole body has no member more and none less") {
  CHECK(differences("{ a: 1 }", R"({"b":2,"a":1})") == "a.test.yaml:1:1: body /b: not expected, got 2\n");
  CHECK(differences("{ a: 1, b: [2] }", R"({"a":1})") == "a.test.yaml:1:12: body /b: expected a list [2], but it is missing\n");
  CHECK(differences("{ b: 2, a: 1 }", R"({"a":1,"b":2})") == "");
}

TEST_CASE("a subset lets other members stand, not other items") {
  CHECK(differences("{ a: { b: 1 } }", R"({"a":{"b":1,"c":2},"d":3})", Match::subset) == "");
  CHECK(differences("[{ b: 1 }]", R"([{"b":1,"c":2}])", Match::subset) == "");
  CHECK(differences("[1]", "[1,2]", Match::subset) == "a.test.yaml:1:1: body: expected 1 items, got 2\n");
}

TEST_CASE("an expected empty text is met by no body") {
  std::vector<Difference> found;
  compare("body", yaml("''"), Node(), Match::whole, found);
  CHECK(found.empty());
  compare("body", yaml("null"), Node(), Match::whole, found);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text == "body: expected null, got nothing");
}

TEST_CASE("the number of differences is bounded") {
  std::string expected = "[";
  std::string actual = "[";
  for (int i = 0; i < 1000; ++i) {
    expected += i == 0 ? "0" : ",0";
    actual += i == 0 ? "1" : ",1";
  }
  std::vector<Difference> found;
  Arena arena;
  compare("body", yaml(expected + "]"), *read_json(actual + "]", arena), Match::whole, found, 20);
  CHECK(found.size() == 20);
}

TEST_CASE("YAML numbers become JSON numbers with their digits") {
  CHECK(json_number("1250.10") == "1250.10");
  CHECK(json_number("+07") == "7");
  CHECK(json_number("-0.50") == "-0.50");
  CHECK(json_number("00") == "0");
  CHECK(json_number(".5") == "0.5");
  CHECK(json_number("-.5") == "-0.5");
  CHECK(json_number("1.") == "1");
  CHECK(json_number("1.e3") == "1e3");
  CHECK(json_number("0x1F") == "31");
  CHECK(json_number("0o17") == "15");
  CHECK(json_number(".inf") == std::nullopt);
  CHECK(json_number("-.inf") == std::nullopt);
  CHECK(json_number(".nan") == std::nullopt);
  CHECK(json_number("0xFFFFFFFFFFFFFFFFF") == std::nullopt);
}

TEST_CASE("times are RFC 3339") {
  using namespace std::chrono;
  auto noon = sys_days(year(2026) / 1 / 31) + hours(12);
  CHECK(read_time("2026-01-31T12:00:00Z") == noon);
  CHECK(read_time("2026-01-31T12:00:00.250Z") == noon + milliseconds(250));
  CHECK(read_time("2026-01-31T12:00:00.5Z") == noon + milliseconds(500));
  CHECK(read_time("2026-01-31T13:30:00+01:30") == noon);
  CHECK(read_time("2026-01-31T11:00:00-01:00") == noon);
  for (std::string_view wrong : {"", "2026-01-31", "2026-02-30T12:00:00Z", "2026-01-31T12:00:00", "2026-01-31T24:00:00Z",
                                 "2026-01-31T12:00:00Z ", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00+0100"}) {
    CHECK(read_time(wrong) == std::nullopt);
  }
}

TEST_CASE("bytes are shown as text where they are text") {
  CHECK(shown(std::string_view("a\r\nb")) == "a\\r\\nb");
  CHECK(shown(std::string_view("\x02"
                               "A\x03",
                               3)) == "hex 02 41 03");
  CHECK(shown(std::string_view(std::string(3000, 'x'))).ends_with("... (1000 more bytes)"));
}
