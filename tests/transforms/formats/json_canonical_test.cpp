#include <doctest/doctest.h>

#include <string>

#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/formats/lines.hpp"

namespace busway {

namespace {

ConfigNode canonical() {
  return config_map({{"canonical", config_scalar("true", ConfigNode::Kind::boolean)}});
}

std::string writes(const FormatType& type, std::string_view json) {
  FormatPtr format = make_format(type, canonical()).format;
  REQUIRE(format);
  Arena arena;
  auto document =
      read_json(json, arena, {.duplicate_keys = JsonOptions::DuplicateKeys::last, .depth = 1000, .lone_surrogates = true});
  REQUIRE(document);
  std::string out;
  auto written = format->write(*document, out);
  return written ? out : "error: " + written.error().text;
}
std::string writes(std::string_view json) {
  return writes(json_format(), json);
}

}  // namespace

TEST_CASE("json canonical: the examples of RFC 8785") {
  // 3.2.2 and 3.2.3
  CHECK(writes(R"({
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  })") ==
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
        "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
  // 3.2.3: by UTF-16 code units
  CHECK(
      writes(R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
                   "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"})") ==
      "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\",\"\xC3\xB6\":\"Latin Small Letter O With Diaeresis\","
      "\"\xE2\x82\xAC\":\"Euro Sign\",\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\","
      "\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

TEST_CASE("json canonical: numbers as ECMAScript prints them (RFC 8785, appendix B)") {
  const std::pair<std::string_view, std::string_view> numbers[] = {{"0", "0"},
                                                                   {"-0", "0"},
                                                                   {"-0.0", "0"},
                                                                   {"4.9406564584124654e-324", "5e-324"},
                                                                   {"-4.9406564584124654e-324", "-5e-324"},
                                                                   {"1.7976931348623157e308", "1.7976931348623157e+308"},
                                                                   {"9007199254740992", "9007199254740992"},
                                                                   {"-9007199254740992", "-9007199254740992"},
                                                                   {"295147905179352830000", "295147905179352830000"},
                                                                   {"9.999999999999997e22", "9.999999999999997e+22"},
                                                                   {"1e23", "1e+23"},
                                                                   {"1.0000000000000001e23", "1.0000000000000001e+23"},
                                                                   {"999999999999999700000", "999999999999999700000"},
                                                                   {"999999999999999900000", "999999999999999900000"},
                                                                   {"1e21", "1e+21"},
                                                                   {"9.999999999999997e-7", "9.999999999999997e-7"},
                                                                   {"0.000001", "0.000001"},
                                                                   {"333333333.3333332", "333333333.3333332"},
                                                                   {"333333333.33333325", "333333333.33333325"},
                                                                   {"-0.0000033333333333333333", "-0.0000033333333333333333"},
                                                                   {"1424953923781206.2", "1424953923781206.2"},
                                                                   {"1250.10", "1250.1"},
                                                                   {"10.0", "10"}};
  for (const auto& [text, wanted] : numbers) {
    CAPTURE(text);
    CHECK(writes(text) == wanted);
  }
}

TEST_CASE("json canonical: what would lose something is refused") {
  CHECK(writes(R"({"a":[12345678901234567890]})") ==
        "error: writing canonical JSON: a[0]: canonical JSON has no whole numbers this exact (above 2^53): write it as a text");
  CHECK(writes("9007199254740993").starts_with("error: "));
  CHECK(writes("1e-999") == "0");
  CHECK(writes(R"({"a":"\ud800"})").starts_with("error: writing canonical JSON: a: the text is not valid Unicode"));
  CHECK(writes(R"({"\ud800":1})").starts_with("error: "));
  FormatPtr json = make_format(json_format(), canonical()).format;
  const Member twice[] = {
      {Node::string("a"), Node::number(1)}, {Node::string("b"), Node::null()}, {Node::string("a"), Node::number(2)}};
  std::string out;
  auto written = json->write(Node::object(twice), out);
  REQUIRE(!written);
  CHECK(written.error().text == "writing canonical JSON: a name stands twice in an object");
}

TEST_CASE("json canonical: nested objects, depth, and lines") {
  CHECK(writes(R"([{"b":{"d":1,"c":[{"f":0,"e":[]}]},"a":{}},[]])") == R"([{"a":{},"b":{"c":[{"e":[],"f":0}],"d":1}},[]])");
  std::string deep = std::string(1000, '[') + std::string(1000, ']');
  CHECK(writes(deep) == deep);
  CHECK(writes(ndjson_format(), R"([{"b":1.0,"a":2},"x"])") == "{\"a\":2,\"b\":1}\n\"x\"\n");
}

}  // namespace busway
