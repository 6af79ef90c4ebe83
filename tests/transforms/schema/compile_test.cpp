#include <doctest/doctest.h>

#include "schemas.hpp"

namespace busway::schema::test {

namespace {

std::string findings(std::string_view schema, Table table = {}, const CompileOptions& options = {}) {
  auto made = compiled(schema, options, std::move(table));
  CHECK((made.plan == nullptr) == made.findings.has_errors());
  std::string out;
  for (const Finding& finding : made.findings.all()) out += to_text(finding) + "\n";
  return out;
}

}  // namespace

TEST_CASE("findings name the place of the keyword at fault, all in one run") {
  CHECK(findings("{\n  \"type\": \"strnig\",\n  \"minLength\": -1,\n  \"properties\": { \"\xC3\xA9\": { \"pattern\": \"(\" }, "
                 "\"b\": 3 }\n}") ==
        "s.json:2:11: error BW4102: 'strnig' is no type; did you mean 'string'?\n"
        "s.json:3:16: error BW4102: 'minLength' must be a whole number, 0 or more\n"
        "s.json:4:37: error BW4102: this is no regular expression: the group is never closed, character 1 of the pattern\n"
        "s.json:4:49: error BW4102: 'b' must be a schema, found a number\n");
  CHECK(findings("{\"a\": 1,}") == "s.json:1:9: error BW4101: the schema cannot be read: expected a key in double quotes\n");
  CHECK(findings("[]") == "s.json:1:1: error BW4102: a schema must be an object, true or false, found a list\n");
  CHECK(findings(R"({"items": [true]})") == "s.json:1:11: error BW4102: 'items' must be a schema, found a list\n");
  CHECK(findings(R"({"required": "a"})") == "s.json:1:14: error BW4102: 'required' must be a list of names\n");
  CHECK(findings(R"({"multipleOf": 0})") ==
        "s.json:1:16: error BW4102: 'multipleOf' must be above 0 and have at most 18 digits\n");
  CHECK(findings(R"({"allOf": []})") == "s.json:1:11: error BW4102: 'allOf' must be a list of schemas, at least one\n");
  CHECK(findings(R"({"exclusiveMinimum": 3})", {}, {.draft = Draft::draft4}) ==
        "s.json:1:22: error BW4102: 'exclusiveMinimum' must be true or false\n");
}

TEST_CASE("what RE2 cannot do is said, with the place in the pattern") {
  CHECK(findings(R"x({"pattern": "^(?=a)"})x") ==
        "s.json:1:13: error BW4104: the regular expressions here cannot do look-ahead, character 2 of the pattern\n");
  CHECK(findings(R"x({"pattern": "(a)\\1"})x") ==
        "s.json:1:13: error BW4104: the regular expressions here cannot do back-references, character 4 of the pattern\n");
  CHECK(findings(R"x({"patternProperties": {"(?<!x)": true}})x") ==
        "s.json:1:24: error BW4104: the regular expressions here cannot do look-behind, character 1 of the pattern\n");
}

TEST_CASE("references that lead nowhere, and never to a network") {
  CHECK(findings(R"({"$ref": "https://example.com/x.json"})") ==
        "s.json:1:10: error BW4103: 'https://example.com/x.json' names no schema of the bundle; nothing is fetched from a "
        "network\n");
  CHECK(findings(R"({"$ref": "#/$defs/a"})") == "s.json:1:10: error BW4103: '#/$defs/a' points at nothing\n");
  CHECK(findings(R"({"$ref": "#a"})") == "s.json:1:10: error BW4103: '#a' names an anchor that the schema does not have\n");
  Table broken;
  broken.texts["urn:b"] = "{";
  CHECK(findings(R"({"$ref": "urn:b"})", broken).find("urn:b:1:2: error BW4101") == 0);
}

TEST_CASE("a schema that leads back to itself is refused, one that reads on is not") {
  CHECK(findings(R"({"$ref": "#"})").find("s.json:1:10: error BW4106: this leads back to '#'") == 0);
  CHECK(
      findings(R"({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"anyOf": [true, {"$ref": "#"}]}}})").find("error BW4106") !=
      std::string::npos);
  CHECK(findings(R"({"items": {"$ref": "#"}, "properties": {"a": {"$ref": "#"}}})") == "");
}

TEST_CASE("drafts and metaschemas") {
  CHECK(findings(R"({"$schema": "http://json-schema.org/draft-03/schema#"})").find("s.json:1:13: error BW4105") == 0);
  Table own;
  own.texts["urn:meta"] = R"({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:meta",
      "$vocabulary": {"https://json-schema.org/draft/2020-12/vocab/core": true,
                      "https://json-schema.org/draft/2020-12/vocab/applicator": true, "urn:optional": false}})";
  auto made = compiled(R"({"$schema": "urn:meta", "type": "null", "properties": {"a": false}})", {}, own);
  REQUIRE(made.plan);
  Arena arena;
  CHECK(validate(*made.plan, read_json("1", arena).value()).valid());
  CHECK_FALSE(validate(*made.plan, read_json(R"({"a":1})", arena).value()).valid());
  own.texts["urn:meta"] = R"({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:meta",
      "$vocabulary": {"urn:needed": true}})";
  CHECK(findings(R"({"$schema": "urn:meta"})", own).find("needs the vocabulary 'urn:needed'") != std::string::npos);
  // draft-04 means something else by exclusiveMinimum, and knows no const.
  CHECK(
      check(R"({"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": true, "const": 5})", "2")
          .valid());
  CHECK_FALSE(check(R"({"minimum": 1, "exclusiveMinimum": true})", "1", {.draft = Draft::draft4}).valid());
}

TEST_CASE("two schemas of one id, two anchors of one name") {
  CHECK(findings(R"({"$defs": {"a": {"$id": "urn:x"}, "b": {"$id": "urn:x"}}})").find("two schemas have the id 'urn:x'") !=
        std::string::npos);
  CHECK(findings(R"({"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}})").find("the anchor 'x' is there twice") !=
        std::string::npos);
}

}  // namespace busway::schema::test
