#include <doctest/doctest.h>

#include "bus/json_text.hpp"
#include "schemas.hpp"
#include "transforms/schema/report.hpp"

namespace busway::schema::test {

namespace {

// Each violation as one line.
std::string lines(std::string_view schema, std::string_view document, const CompileOptions& options = {}) {
  std::string out;
  for (const Violation& one : check(schema, document, options).violations) {
    out += one.pointer + " " + one.schema + ": " + one.expected + " | " + one.got + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("violations say where, what was expected and what was there") {
  const char* schema = R"({
    "type": "object", "required": ["sku", "qty", "when"],
    "properties": {
      "sku": {"type": "string", "pattern": "^[A-Z]+$", "maxLength": 3},
      "qty": {"type": ["integer", "null"], "minimum": 1},
      "lines": {"minItems": 1, "uniqueItems": true, "items": {"enum": ["a", "b", 1]}},
      "a/b~c": {"const": 1}
    },
    "additionalProperties": false
  })";
  CHECK(lines(schema, R"({"sku": "abcd", "qty": "1", "lines": ["a", "x", "a"], "a/b~c": 2, "more": {}})") ==
        " #/required: the member 'when' | an object with 5 members\n"
        "/sku #/properties/sku/maxLength: at most 3 characters | \"abcd\", 4 characters\n"
        "/sku #/properties/sku/pattern: a text that matches ^[A-Z]+$ | \"abcd\"\n"
        "/qty #/properties/qty/type: a whole number or null | \"1\"\n"
        "/lines/1 #/properties/lines/items/enum: one of \"a\", \"b\", 1 | \"x\"\n"
        "/lines #/properties/lines/uniqueItems: items that all differ | items 0 and 2 are equal\n"
        "/a~1b~0c #/properties/a~1b~0c/const: 1 | 2\n"
        "/more #/additionalProperties: no member of this name | an object with 0 members\n");
  CHECK(lines(schema, "[]") == " #/type: an object | an array of 0 items\n");
}

TEST_CASE("the alternative that was meant is the one that is explained") {
  const char* schema = R"({"oneOf": [
    {"properties": {"kind": {"const": "card"}, "number": {"type": "string"}}, "required": ["kind", "number"]},
    {"properties": {"kind": {"const": "cash"}, "amount": {"minimum": 1}}, "required": ["kind"]}
  ]})";
  CHECK(lines(schema, R"({"kind": "cash", "amount": 0})") == "/amount #/oneOf/1/properties/amount/minimum: at least 1 | 0\n");
  CHECK(lines(schema, R"({"kind": "gold"})") ==
        " #/oneOf: a value that fits one of 2 alternatives | an object with 1 member, which fits none\n");
  CHECK(lines(R"({"oneOf": [{"minimum": 1}, {"maximum": 5}]})", "3") ==
        " #/oneOf: a value that fits exactly one of 2 alternatives | 3, which fits 2\n");
}

TEST_CASE("parts of schemas say which") {
  CHECK(lines(R"({"$ref": "#/$defs/n", "$defs": {"n": {"not": {"type": "null"}}}})", "null") ==
        " #/$defs/n/not: a value that does not fit the schema under 'not' | null\n");
  CHECK(lines(R"({"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": false})", R"({"a": 1})") ==
        " #/then/required: the member 'b' | an object with 1 member\n");
  CHECK(lines(R"({"contains": {"type": "null"}, "minContains": 2})", "[null, 1]") ==
        " #/minContains: at least 2 items that fit 'contains' | 1\n");
  CHECK(lines(R"({"dependentRequired": {"a": ["b", "c"]}})", R"({"a": 1})") ==
        " #/dependentRequired/a: the member 'b', 'c' beside 'a' | an object with 1 member\n");
  CHECK(lines(R"({"properties": {"a": true}, "unevaluatedProperties": false})", R"({"a": 1, "b": 2})") ==
        "/b #/unevaluatedProperties: no member of this name | 2\n");
  CHECK(lines(R"({"prefixItems": [true], "unevaluatedItems": {"type": "null"}})", "[1, null, 3]") ==
        "/2 #/unevaluatedItems/type: null | 3\n");
  CHECK(lines(R"({"format": "date"})", "\"2024-02-30\"", {.assert_formats = true}) ==
        " #/format: a text of the format date | \"2024-02-30\"\n");
  CHECK(lines(R"({"format": "date"})", "\"2024-02-30\"") == "");
}

TEST_CASE("violations end at their limit, and each is said once") {
  std::string many = "[";
  for (int i = 0; i < 1000; ++i) many += i == 0 ? "\"x\"" : ",\"x\"";
  CHECK(check(R"({"items": {"type": "null"}})", many + "]").violations.size() == 50);
  CHECK(check(R"({"allOf": [{"$ref": "#/$defs/n"}, {"$ref": "#/$defs/n"}], "$defs": {"n": {"type": "null"}}})", "1")
            .violations.size() == 1);
}

TEST_CASE("violations become a document") {
  Arena arena;
  Node list = to_document(check(R"({"minimum": 2})", "1").violations, arena);
  CHECK(to_json(list) == R"([{"pointer":"","detail":"expected at least 2, got 1","expected":"at least 2","got":"1",)"
                         R"("keyword":"minimum","schema":"#/minimum"}])");
}

TEST_CASE("a summary for the log holds no value of the document") {
  CHECK(summary(check(R"({"properties": {"a": {"minimum": 2}, "b": false}})", R"({"a": 1, "b": "secret"})").violations) ==
        "/a: expected at least 2, and 1 more");
  CHECK(summary({{.pointer = "/x", .got = "a sentence of the library", .xpath = true}}) == "/x: it does not fit");
}

TEST_CASE("hostile documents cost no more than their size") {
  // Each level is looked at twice by every level above it, unless what was found is kept.
  const char* twice = R"({"items": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, "maxItems": 1, "type": "array"})";
  std::string deep = std::string(60, '[') + "1" + std::string(60, ']');
  auto refused = check(twice, deep);
  CHECK_FALSE(refused.valid());
  CHECK_FALSE(refused.exhausted);
  const char* unevaluated = R"({"$id": "urn:r", "properties": {"a": {"allOf": [{"$ref": "urn:r"}, {"$ref": "urn:r"}]}},
                                "unevaluatedProperties": false})";
  std::string nested = "{}";
  for (int i = 0; i < 50; ++i) nested = R"({"a":)" + nested + "}";
  CHECK(check(unevaluated, nested).valid());

  std::string items = "[";
  for (int i = 0; i < 100'000; ++i) items += (i == 0 ? "" : ",") + std::to_string(i);
  CHECK(check(R"({"uniqueItems": true})", items + "]").valid());
  CHECK_FALSE(check(R"({"uniqueItems": true})", items + ",99999.0]").valid());

  std::string object = "{";
  std::string backwards = "{";
  for (int i = 0; i < 20'000; ++i) {
    object += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":1";
    backwards += (i == 0 ? "\"" : ",\"") + std::to_string(19'999 - i) + "\":1";
  }
  CHECK_FALSE(check(R"({"uniqueItems": true})", "[" + object + "}," + backwards + "}]").valid());
}

TEST_CASE("work and depth have bounds, and what reaches them is refused") {
  ValidationLimits little{.violations = 50, .depth = 1000, .work = 100};
  std::string items = "[";
  for (int i = 0; i < 1000; ++i) items += i == 0 ? "1" : ",1";
  auto refused = check(R"({"items": {"not": {"type": "null"}}})", items + "]", {}, little);
  CHECK(refused.exhausted);
  CHECK(refused.violations.size() == 1);
  ValidationLimits shallow{.violations = 50, .depth = 10, .work = 1'000'000};
  CHECK(check(R"({"items": {"$ref": "#"}})", std::string(20, '[') + std::string(20, ']'), {}, shallow).exhausted);
}

}  // namespace busway::schema::test
