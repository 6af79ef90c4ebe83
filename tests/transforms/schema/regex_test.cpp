#include <doctest/doctest.h>

#include "transforms/schema/pattern.hpp"
#include "transforms/schema/regex_dialect.hpp"

namespace busway::schema::test {

namespace {

bool matches(std::string_view pattern, std::string_view text) {
  auto compiled = Pattern::compile(pattern);
  CAPTURE(std::string(pattern));
  REQUIRE_MESSAGE(compiled, (compiled ? "" : compiled.error().text));
  return compiled->matches(text);
}

std::string refusal(std::string_view pattern) {
  auto compiled = Pattern::compile(pattern);
  return compiled ? "" : compiled.error().code + " at " + std::to_string(compiled.error().position);
}

}  // namespace

TEST_CASE("classes mean what ECMAScript means") {
  CHECK(matches("^.$", "\xF0\x9F\x98\x80"));
  CHECK_FALSE(matches("^.$", "\r"));
  CHECK_FALSE(matches("^.$", "\xE2\x80\xA8"));
  CHECK(matches("^[^a]$", "\n"));
  CHECK(matches("^[\\s\\d]+$", "1 \xC2\xA0"));
  CHECK(matches("^[\\S]$", "x"));
  CHECK_FALSE(matches("^[^\\S]$", "x"));
  CHECK(matches("^[\\w.-]+$", "a-b.c"));
  CHECK(matches("^[\\w-z]$", "-"));
  CHECK(matches("^[a\\-z]$", "-"));
  CHECK_FALSE(matches("^[a\\-z]$", "b"));
  CHECK(matches("^[\\b]$", "\b"));
  CHECK(matches("^[\\u{1F600}-\\u{1F64F}]$", "\xF0\x9F\x98\x80"));
  CHECK(matches("^\\ud83d\\ude00$", "\xF0\x9F\x98\x80"));
  CHECK_FALSE(matches("[]", "a"));
  CHECK(matches("^[^]$", "\n"));
  CHECK(matches("^\\p{Script=Greek}\\p{Lu}\\P{L}$", "\xCE\xB1Z1"));
}

TEST_CASE("the rest of the grammar") {
  CHECK(matches("^(?<year>\\d{4})-(?:0[1-9]|1[0-2])$", "2024-12"));
  CHECK(matches("a{,2}", "a{,2}"));
  CHECK(matches("^{}]$", "{}]"));
  CHECK(matches("^a{2,}?$", "aaa"));
  CHECK(matches("\\bword\\b", "a word"));
  CHECK(matches("^\\/\\-\\_$", "/-_"));
  CHECK(matches("^\xC3\xA9+$", "\xC3\xA9\xC3\xA9"));
  CHECK(matches("^.{1,2000}$", std::string(2000, 'x')));
  CHECK_FALSE(matches("^.{1,2000}$", std::string(2001, 'x')));
  CHECK(matches("^x{1500}$", std::string(1500, 'x')));
  CHECK_FALSE(matches("^x{1500}$", std::string(1499, 'x')));
  CHECK(matches("^x{1500,}$", std::string(1501, 'x')));
}

TEST_CASE("what is no expression, and what RE2 cannot do") {
  for (const char* pattern : {"(", ")", "a**", "*", "[z-a]", "[a", "\\", "\\u{110000}", "\\x1", "\\a", "\\Z", "(?i)a", "(?P<n>a)",
                              "a{3,2}", "^*", "\\p{", "(?<1>a)", "\\c1", "\\u12"}) {
    CAPTURE(pattern);
    CHECK(refusal(pattern).starts_with("syntax"));
    CHECK_FALSE(is_regex(pattern));
  }
  for (const char* pattern : {"a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)b", "(a)\\1", "(?<n>a)\\k<n>", "\\p{Emoji}"}) {
    CAPTURE(pattern);
    CHECK(refusal(pattern).starts_with("unsupported"));
    CHECK(is_regex(pattern));
  }
  CHECK(refusal("\xC3\xA9(?=b)") == "unsupported at 1");
  CHECK(refusal("(((a{1000}){1000}){1000})").starts_with("unsupported"));
  CHECK(refusal("a{9999999}").starts_with("unsupported"));
}

TEST_CASE("hostile patterns are read in linear time") {
  std::string nested;
  for (int i = 0; i < 300'000; ++i) nested += '(';
  nested += 'a';
  for (int i = 0; i < 300'000; ++i) nested += ")+";
  CHECK(is_regex(nested));
  CHECK_FALSE(is_regex(nested + ")"));
  std::string braces(300'000, '{');
  CHECK(is_regex(braces));
}

}  // namespace busway::schema::test
