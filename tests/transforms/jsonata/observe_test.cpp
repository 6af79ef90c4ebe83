#include "transforms/jsonata/observe.hpp"

#include <doctest/doctest.h>

#include <string>

#include "bus/json_text.hpp"
#include "json_text.hpp"

namespace busway::jsonata::test {

namespace {

// "PIECE: VALUE, VALUE xTIMES" of every part, a line each, and the result or the error's code behind them.
std::string observed(std::string_view text, std::string_view json) {
  Arena arena;
  Values values;
  values.input_value = read_json(json, arena);
  std::vector<Observed> parts;
  auto result = evaluate_observed(text, values, arena, parts);
  std::string out;
  for (const Observed& part : parts) {
    out += std::string(text.substr(part.from, part.to - part.from)) + ":";
    for (const std::string& value : part.values) out += " " + value;
    out += " x" + std::to_string(part.times) + "\n";
  }
  return out + (result ? to_json(*result) : result.error().code);
}

bool has(const std::string& text, std::string_view line) {
  return ("\n" + text + "\n").find("\n" + std::string(line) + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("what the parts of a text gave, and how often") {
  std::string made = observed(R"t({ "a": n.($ * 2), "b": $sum(n) > 5 ? "x)" & s : s })t", R"({"n":[1,2,3,4],"s":"z"})");
  CHECK(has(made, "n.($ * 2): [2,4,6,8] x1"));
  CHECK(has(made, "$ * 2: 2 4 6 x4"));
  CHECK(has(made, "$sum(n): 10 x1"));
  CHECK(has(made, R"t("x)" & s: "x)z" x1)t"));
  CHECK(made.ends_with(R"t({"a":[2,4,6,8],"b":"x)z"})t"));
}

TEST_CASE("parts up to an error, and none of a text that does not compile") {
  std::string made = observed("[a, b + c, a]", R"({"a":1,"b":2,"c":"x"})");
  CHECK(has(made, "a: 1 x1"));
  CHECK(has(made, "b: 2 x1"));
  CHECK(made.ends_with("T2002"));
  CHECK(observed("a +", "{}") == "S0207");
}

TEST_CASE("long values are cut, functions and missing values named, and another text's parts left out") {
  std::string made =
      observed(R"t(( $f := function($x) { $x & "" }; $long := $pad("", 500, "ab"); [gone, $f(1), $eval("1 + 1")] ))t", "{}");
  CHECK(has(made, "gone: nothing x1"));
  CHECK(has(made, "$x & \"\": \"1\" x1"));
  CHECK(made.find("aba...") != std::string::npos);
  CHECK(made.find("a function") != std::string::npos);
  CHECK(made.find("1 + 1: 2") == std::string::npos);
  CHECK(made.ends_with("[\"1\",2]"));
}

// A thousand calls, each in the last place of the one before: what such a call hands on is no value.
TEST_CASE("tail calls are observed when they have their value") {
  std::string made = observed("( $f := function($n) { $n = 0 ? \"end\" : $f($n - 1) }; $f(1000) )", "{}");
  CHECK(has(made, "$f(1000): \"end\" x1"));
  CHECK(made.ends_with("\"end\""));
}

}  // namespace busway::jsonata::test
