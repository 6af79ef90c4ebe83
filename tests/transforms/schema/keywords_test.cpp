#include <doctest/doctest.h>

#include "schemas.hpp"

namespace busway::schema::test {

namespace {

// Documents that fit a schema, and documents that do not.
void hold(std::string_view schema, std::initializer_list<std::string_view> good, std::initializer_list<std::string_view> bad,
          const CompileOptions& options = {}, const Table& table = {}) {
  auto made = compiled(schema, options, table);
  CAPTURE(std::string(schema));
  REQUIRE_MESSAGE(made.plan, made.first());
  auto fits = [&](std::string_view document) {
    Arena arena;
    return validate(*made.plan, read_json(document, arena).value()).valid();
  };
  for (std::string_view document : good) CHECK_MESSAGE(fits(document), std::string(document));
  for (std::string_view document : bad) CHECK_MESSAGE(!fits(document), std::string(document));
}

}  // namespace

TEST_CASE("unevaluatedItems sees what adjacent and passing subschemas have looked at") {
  hold(R"({"prefixItems": [{"type": "string"}], "unevaluatedItems": false})", {"[]", R"(["a"])", "1"}, {R"(["a", "b"])"});
  hold(R"({"unevaluatedItems": {"type": "null"}, "allOf": [{"prefixItems": [true]}]})", {"[1, null]"}, {"[1, 2]"});
  hold(R"({"contains": {"type": "string"}, "unevaluatedItems": false})", {R"(["a", "b"])"}, {R"(["a", 1])", "[]"});
  hold(R"({"contains": {"type": "string"}, "minContains": 0, "unevaluatedItems": false})", {R"(["a"])", "[]"}, {"[1]"});
  hold(R"({"if": {"prefixItems": [{"const": 1}]}, "then": {"prefixItems": [true, true]}, "unevaluatedItems": false})",
       {"[1, 2]", "[]"}, {"[1, 2, 3]", "[2]"});
  hold(
      R"({"anyOf": [{"prefixItems": [true, {"const": 1}]}, {"prefixItems": [true, true, {"const": 2}]}], "unevaluatedItems": false})",
      {"[0, 1]", "[0, 0, 2]", "[0, 1, 2]"}, {"[0, 1, 3]"});
  hold(R"({"not": {"not": {"prefixItems": [true]}}, "unevaluatedItems": false})", {"[]"}, {"[1]"});
  hold(R"({"allOf": [{"prefixItems": [true]}, {"unevaluatedItems": false}]})", {"[]"}, {"[1]"});
  hold(R"({"allOf": [{"unevaluatedItems": true}], "unevaluatedItems": false})", {"[1, 2]"}, {});
}

TEST_CASE("unevaluatedProperties does too") {
  hold(
      R"({"patternProperties": {"^a": true}, "$ref": "#/$defs/b", "unevaluatedProperties": false, "$defs": {"b": {"properties": {"b": true}}}})",
      {R"({"abc": 1, "b": 2})"}, {R"({"c": 1})"});
  hold(R"({"dependentSchemas": {"a": {"properties": {"b": true}}}, "properties": {"a": true}, "unevaluatedProperties": false})",
       {R"({"a": 1, "b": 2})"}, {R"({"b": 2})"});
  hold(
      R"({"oneOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}, {"properties": {"b": true}, "required": ["b"]}], "unevaluatedProperties": false})",
      {R"({"a": 1})", R"({"b": 1})"}, {R"({"a": 1, "b": 1})", R"({"a": 2, "b": 1})"});
  hold(R"({"properties": {"x": {"unevaluatedProperties": false, "properties": {"y": true}}}, "additionalProperties": false})",
       {R"({"x": {"y": 1}})"}, {R"({"x": {"z": 1}})"});
}

TEST_CASE("dependents, names and counts") {
  hold(R"({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": false}})", {"{}", R"({"a": 1, "b": 1})"},
       {R"({"a": 1})", R"({"c": 1})"});
  hold(R"({"dependencies": {"a": ["b"], "c": {"minProperties": 2}}})", {R"({"a": 1, "b": 1})"}, {R"({"a": 1})", R"({"c": 1})"},
       {.draft = Draft::draft4});
  hold(R"({"propertyNames": {"maxLength": 1}, "minProperties": 1})", {R"({"a": 1})", "[]"}, {"{}", R"({"ab": 1})"});
  hold(R"({"contains": {"minimum": 5}, "maxContains": 2})", {"[5, 6, 1]"}, {"[5, 6, 7]", "[1]"});
  hold(R"({"contains": {"minimum": 5}, "maxContains": 1})", {"[5, 6, 7]"}, {"[1]"}, {.draft = Draft::draft7});
  hold(R"({"maxItems": 2.0, "minItems": 1})", {"[1, 2]"}, {"[1, 2, 3]", "[]"});
}

TEST_CASE("items of each draft") {
  hold(R"({"items": [{"type": "null"}], "additionalItems": {"type": "string"}})", {R"([null, "a"])", "[]"}, {"[null, 1]", "[1]"},
       {.draft = Draft::draft7});
  hold(R"({"items": {"type": "null"}, "additionalItems": false})", {"[null, null]"}, {"[1]"}, {.draft = Draft::draft7});
  hold(R"({"prefixItems": [{"type": "null"}], "items": {"type": "string"}, "additionalItems": false})", {R"([null, "a"])"},
       {"[null, 1]"});
  hold(R"({"prefixItems": [false]})", {"[1]"}, {}, {.draft = Draft::draft7});
}

TEST_CASE("nothing beside a $ref counts until draft 07") {
  const char* schema =
      R"({"properties": {"a": {"$ref": "#/definitions/n", "maximum": 1}}, "definitions": {"n": {"type": "number"}}})";
  hold(schema, {R"({"a": 5})"}, {R"({"a": "x"})"}, {.draft = Draft::draft7});
  hold(schema, {R"({"a": 1})"}, {R"({"a": 5})"});
}

TEST_CASE("references across documents") {
  Table table;
  table.texts["http://h/name.json"] = R"({"$defs": {"orNull": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}, "type": "string"})";
  table.texts["http://h/nested/foo.json"] = R"({"properties": {"foo": {"$ref": "string.json"}}})";
  table.texts["http://h/nested/string.json"] = R"({"type": "string"})";
  table.texts["http://h/other-id.json"] =
      R"({"$id": "http://h/real-id.json", "$defs": {"b": {"type": "string"}}, "$ref": "#/$defs/b"})";
  table.texts["http://h/anchors.json"] = R"({"$defs": {"a": {"$id": "http://h/inner.json", "$anchor": "x", "type": "integer"}}})";
  table.texts["http://h/folder/int.json"] = R"({"type": "integer"})";
  hold(R"({"$ref": "http://h/name.json#/$defs/orNull"})", {"null", "\"a\""}, {"1"}, {}, table);
  hold(R"({"$ref": "http://h/nested/foo.json"})", {R"({"foo": "a"})"}, {R"({"foo": 1})"}, {}, table);
  hold(R"({"$ref": "http://h/other-id.json"})", {"\"a\""}, {"1"}, {}, table);
  hold(R"({"allOf": [{"$ref": "http://h/anchors.json"}, {"$ref": "http://h/inner.json#x"}]})", {"1"}, {"\"a\""}, {}, table);
  hold(R"({"$id": "http://h/", "items": {"$id": "folder/", "items": {"$ref": "int.json"}}})", {"[[1]]"}, {"[[\"a\"]]"}, {},
       table);
  hold(
      R"({"$id": "http://h/root", "definitions": {"baz": {"$id": "folder/", "definitions": {"bar": {"items": {"$ref": "int.json"}}}}},
           "$ref": "#/definitions/baz/definitions/bar"})",
      {"[1]"}, {"[\"a\"]"}, {}, table);
}

TEST_CASE("dynamic references land in the outermost resource that has the anchor") {
  Table table;
  table.texts["http://h/tree"] =
      R"({"$id": "http://h/tree", "$dynamicAnchor": "node", "properties": {"children": {"items": {"$dynamicRef": "#node"}}}})";
  hold(R"({"$id": "http://h/strict", "$dynamicAnchor": "node", "$ref": "tree", "unevaluatedProperties": false})",
       {R"({"children": [{"children": []}]})"}, {R"({"children": [{"daat": 1}]})"}, {}, table);
  hold(R"({"$ref": "http://h/tree"})", {R"({"children": [{"daat": 1}]})"}, {}, {}, table);
  Table older;
  older.texts["http://h/tree"] = R"({"$schema": "https://json-schema.org/draft/2019-09/schema", "$id": "http://h/tree",
      "$recursiveAnchor": true, "properties": {"children": {"items": {"$recursiveRef": "#"}}}})";
  hold(
      R"({"$schema": "https://json-schema.org/draft/2019-09/schema", "$id": "http://h/strict", "$recursiveAnchor": true, "$ref": "tree",
           "unevaluatedProperties": false})",
      {R"({"children": [{"children": []}]})"}, {R"({"children": [{"daat": 1}]})"}, {}, older);
}

TEST_CASE("metaschemas are built in and describe themselves") {
  for (const char* uri : {"http://json-schema.org/draft-04/schema", "http://json-schema.org/draft-06/schema",
                          "http://json-schema.org/draft-07/schema", "https://json-schema.org/draft/2019-09/schema",
                          "https://json-schema.org/draft/2020-12/schema"}) {
    CAPTURE(uri);
    hold(R"({"$ref": ")" + std::string(uri) + R"("})", {R"({"type": "object", "properties": {"a": {"minLength": 1}}})"},
         {R"({"type": "strin"})", R"({"properties": {"a": {"minLength": -1}}})"});
  }
}

}  // namespace busway::schema::test
