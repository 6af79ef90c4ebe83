#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "bus/lookup_table.hpp"
#include "json_text.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::jsonata::test {

namespace {

class Outside final : public Scope {
 public:
  Result<Node> input(Arena&) override { return Node::number(40); }
  Result<Node> variable(std::string_view, Arena&) override { return Node(); }
};

ExpressionLibrary library(std::vector<std::string> texts) {
  ExpressionLibrary out;
  for (std::string& text : texts) {
    std::string name = std::to_string(out.texts.size()) + ".jsonata";
    out.texts.push_back({std::move(name), std::move(text)});
  }
  auto table = std::make_shared<LookupTable>("");
  for (std::string_view key : {"a", "7", "1.50"}) table->add(key, Node::string(key));
  out.tables.emplace("t", std::move(table));
  out.variables = {"vars"};
  return out;
}

// The number of the text, the code and the place of each problem.
std::string problems_of(std::vector<std::string> texts) {
  std::vector<ExpressionLibrary::Problem> problems;
  bool refused = language().with(library(std::move(texts)), problems) == nullptr;
  CHECK(refused == !problems.empty());
  std::string out;
  for (const auto& problem : problems) {
    out += std::to_string(problem.text) + ":" + problem.error.code + "@" + std::to_string(problem.error.position) + " ";
  }
  return out;
}

std::string with(std::vector<std::string> texts, const std::string& text) {
  std::vector<ExpressionLibrary::Problem> problems;
  auto extended = language().with(library(std::move(texts)), problems);
  if (extended == nullptr) return "problems";
  auto compiled = extended->compile(text, nullptr);
  extended.reset();  // what was compiled needs it no more
  if (!compiled) return compiled.error().code + "@" + std::to_string(compiled.error().position);
  Outside outside;
  Arena arena;
  auto result = (*compiled)->evaluate(outside, arena);
  if (!result) return result.error().code + "@" + std::to_string(result.error().position);
  if (result->is_nothing()) return "nothing";
  return result->is_string() || result->has_number_text() ? std::string(result->text()) : std::to_string(result->as_double());
}

}  // namespace

TEST_CASE("shared definitions are seen by expressions and by each other") {
  CHECK(with({"$f := function($x) { $x & $g() };", "$g := function() { \"!\" }"}, "$f(\"a\")") == "a!");
  CHECK(with({"( $f := function($x) { $x & \"?\" }; )"}, "$f(\"a\")") == "a?");
  CHECK(with({""}, "\"a\"") == "a");
  CHECK(with({"$f := $uppercase"}, "[\"a\"].$f($)") == "A");
  CHECK(with({"$f := function() { $string($) }"}, "$f()") == "40");
  // Each has its own scope.
  CHECK(with({"$x := \"lib\"; $f := function() { $x }"}, "($x := \"own\"; $f() & $x)") == "libown");
  CHECK(with({"$x := \"lib\"; $f := function() { $x }"}, "$x := $f()") == "lib");
  CHECK(with({"$f := function() { 1 }"}, "function($f) { $f }(\"p\")") == "p");
  // What is not used is not there, and costs nothing.
  CHECK(with({"$f := $error(\"never\")"}, "\"a\"") == "a");
  CHECK(with({"$f := 1"}, "$g()").starts_with("T1006@"));
}

TEST_CASE("what fails in a shared definition fails where it is used") {
  CHECK(with({"                        $f := function($x) { $number($x) }"}, "1 + $f(\"x\")") == "D3030@7");
  CHECK(with({"$f := function($x) { $x / 0 }"}, "[$f(1)]").starts_with("D1001"));
}

TEST_CASE("mistakes in shared definitions stand at their place") {
  CHECK(problems_of({"$a := 1; $b := $a"}) == "");
  CHECK(problems_of({"$a := 1; $a + 1"}).starts_with("0:BW3006@"));
  CHECK(problems_of({"1 + 1"}).starts_with("0:BW3006@"));
  CHECK(problems_of({"$a := 1", "$a := 2"}).starts_with("1:BW3006@"));
  CHECK(problems_of({"$sum := 1"}).starts_with("0:BW3006@"));
  CHECK(problems_of({"$vars := 1"}).starts_with("0:BW3006@"));
  CHECK(problems_of({"$a := $vars.x; $b := $varz.x"}) == "0:BW3003@26 ");
  CHECK(problems_of({"$a := function() { $nope() }"}).starts_with("0:T1006@"));
  CHECK(problems_of({"$a := $table(\"u\", 1)"}).starts_with("0:BW3005@"));
  CHECK(problems_of({"$a := (1"}).starts_with("0:S0203@"));
  CHECK(problems_of({"$a := 1); (2"}).starts_with("0:S0201@"));
}

TEST_CASE("a table is asked by texts and numbers") {
  CHECK(with({}, "$table(\"t\", \"a\")") == "a");
  CHECK(with({}, "$table(\"t\", 7)") == "7");
  CHECK(with({}, "$table(\"t\", 3 + 4)") == "7");
  CHECK(with({}, "$table(\"t\", 1.50)") == "1.50");
  CHECK(with({}, "$table(\"t\", \"b\")") == "nothing");
  CHECK(with({}, "$table(\"t\", missing)") == "nothing");
  CHECK(with({}, "$table(\"t\", null)") == "nothing");
  CHECK(with({}, "$table(\"u\", 1)") == "BW3005@7");
  CHECK(with({}, "$table(\"t\" & \"u\", 1)").starts_with("BW3005@"));
  CHECK(run("$table(\"t\", 1)").starts_with("BW3005"));
}

}  // namespace busway::jsonata::test
