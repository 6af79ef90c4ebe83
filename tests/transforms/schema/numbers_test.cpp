#include <doctest/doctest.h>

#include "schemas.hpp"
#include "transforms/schema/deep_value.hpp"

namespace busway::schema::test {

namespace {

// A number of any size, as its text: the json format has bounds of its own.
bool fits(std::string_view schema, std::string_view document) {
  if (!is_json_number(document)) return check(schema, document).valid();
  auto made = compiled(schema);
  REQUIRE_MESSAGE(made.plan, made.first());
  return validate(*made.plan, Node::number_text(document)).valid();
}

Node value(std::string_view text, Arena& arena) {
  return read_json(text, arena).value();
}

}  // namespace

TEST_CASE("numbers are compared as the decimals they are") {
  CHECK(fits(R"({"multipleOf": 0.01})", "19.99"));
  CHECK(fits(R"({"multipleOf": 0.01})", "123456789012345678901234567890.01"));
  CHECK_FALSE(fits(R"({"multipleOf": 0.01})", "123456789012345678901234567890.001"));
  CHECK(fits(R"({"multipleOf": 3})", "300000000000000000000000000000000000003"));
  CHECK_FALSE(fits(R"({"multipleOf": 3})", "300000000000000000000000000000000000004"));
  CHECK(fits(R"({"multipleOf": 7e-3})", "1.4e-2"));
  CHECK(fits(R"({"multipleOf": 2})", "1e999999999999"));
  CHECK_FALSE(fits(R"({"multipleOf": 3})", "1e999999999999"));
  CHECK(fits(R"({"multipleOf": 5})", "0e5"));
  CHECK_FALSE(fits(R"({"maximum": 9007199254740992})", "9007199254740993"));
  CHECK_FALSE(fits(R"({"exclusiveMinimum": 0.1})", "0.10000000000000000000"));
  CHECK(fits(R"({"exclusiveMinimum": 0.1})", "0.10000000000000000001"));
  CHECK(fits(R"({"minimum": -3})", "-3.0"));
  CHECK(fits(R"({"maximum": 1e300})", "9e299"));
  CHECK_FALSE(fits(R"({"maximum": 1e300})", "1e400"));
  CHECK(fits(R"({"minimum": 1e-300})", "1e400"));
  CHECK_FALSE(fits(R"({"minimum": 1e-300})", "1e-400"));
}

TEST_CASE("a number is an integer when nothing stands behind its point") {
  for (const char* text : {"1", "1.0", "-0.0", "1e3", "1.5e1", "1e400", "123456789012345678901234567890"}) {
    CAPTURE(text);
    CHECK(fits(R"({"type": "integer"})", text));
    CHECK(fits(R"({"type": "integer"})", text) == fits(R"({"type": ["integer", "string"]})", text));
  }
  for (const char* text : {"1.5", "1e-1", "123456789012345678901234567890.5", "1e-400"}) {
    CAPTURE(text);
    CHECK_FALSE(fits(R"({"type": "integer"})", text));
    CHECK(fits(R"({"type": "number"})", text));
  }
}

TEST_CASE("computed numbers count by their shortest decimal") {
  auto made = compiled(R"({"multipleOf": 0.1, "maximum": 1e21})");
  REQUIRE(made.plan);
  CHECK(validate(*made.plan, Node::number(0.3)).valid());
  CHECK(validate(*made.plan, Node::number(1e21)).valid());
  CHECK_FALSE(validate(*made.plan, Node::number(0.35)).valid());
}

TEST_CASE("values are equal whatever way they are written") {
  Arena arena;
  auto same = [&](std::string_view left, std::string_view right) {
    Node one = value(left, arena);
    Node other = value(right, arena);
    bool equal = deep_equal(one, other);
    if (equal) CHECK(deep_hash(one) == deep_hash(other));
    return equal;
  };
  CHECK(same("[1, 2.50, 100]", "[1.0, 2.5, 1e2]"));
  CHECK(same(R"({"a": 1, "b": [null]})", R"({"b": [null], "a": 1.0})"));
  CHECK(same("0", "-0.0e7"));
  CHECK_FALSE(same("1", "true"));
  CHECK_FALSE(same("1", "\"1\""));
  CHECK_FALSE(same("[1, 2]", "[2, 1]"));
  CHECK_FALSE(same(R"({"a": 1})", R"({"a": 1, "b": 1})"));
  CHECK_FALSE(same(R"({"a": 1, "c": 1})", R"({"a": 1, "b": 1})"));
  CHECK_FALSE(same("12345678901234567890", "12345678901234567891"));
  CHECK(same(R"("\u00e9")", "\"\xC3\xA9\""));
}

TEST_CASE("lengths count code points") {
  CHECK(fits(R"({"maxLength": 2, "minLength": 2})", "\"\xF0\x9F\x98\x80\xC3\xA9\""));
  CHECK_FALSE(fits(R"({"maxLength": 1})", "\"\xF0\x9F\x98\x80\xC3\xA9\""));
  CHECK(fits(R"({"maxLength": 2.0})", "\"ab\""));
}

}  // namespace busway::schema::test
