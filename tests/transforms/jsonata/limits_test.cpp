#include <doctest/doctest.h>
#include <pthread.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "bus/json_text.hpp"
#include "json_text.hpp"
#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::jsonata::test {

namespace {

std::string code_of(std::string_view expression) {
  std::string text = run(expression);
  return text.substr(0, text.find('@'));
}

std::string repeated(std::string_view piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

// Runs in a thread whose stack has one megabyte.
std::string code_in_small_stack(const std::string& expression) {
  struct Job {
    const std::string& expression;
    std::string code;
  } job{expression, {}};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 1024 * 1024);
  pthread_t thread;
  REQUIRE(pthread_create(
              &thread, &attributes,
              [](void* given) -> void* {
                auto* work = static_cast<Job*>(given);
                work->code = code_of(work->expression);
                return nullptr;
              },
              &job) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return job.code;
}

std::string limited(std::string_view expression, const Limits& limits) {
  Arena compiled_in;
  Arena arena;
  VariableNames names;
  auto program = compile(expression, compiled_in, names, {});
  REQUIRE(program);
  Values values;
  auto result = Evaluation(*program, names, values, arena, limits).run();
  return result ? to_json(*result) : result.error().code;
}

}  // namespace

TEST_CASE("endless recursion ends, on a large and on a small stack") {
  std::string endless = "($f := function($n){ 1 + $f($n + 1) }; $f(0))";
  CHECK(code_of(endless) == "U1001");
  CHECK(code_in_small_stack(endless) == "U1001");
  CHECK(code_in_small_stack(
            "($f := function($a){ $map($a, $f) }; $x := [1]; $f([[1]]) ; $g := function($n){ $map([1], $g) & \"\" }; $g(1))") ==
        "U1001");
  CHECK(code_in_small_stack("($e := function(){ $eval(\"$e() + 1\") }; $e())") == "U1001");
  CHECK(limited("($f := function($n){ $f($n + 1) }; $f(0))", {.steps = 100'000}) == "U1001");
}

TEST_CASE("deep nesting of the text is refused, not followed") {
  CHECK(code_in_small_stack(repeated("(", 100'000)) == "BW3001");
  CHECK(code_in_small_stack(repeated("[", 100'000)) == "BW3001");
  CHECK(code_in_small_stack(repeated("-", 100'000) + "1") == "BW3001");
  CHECK(code_in_small_stack("1" + repeated("+1", 100'000)) == "BW3001");
  CHECK(code_in_small_stack("a" + repeated(".a", 100'000)) == "BW3001");
  CHECK(code_in_small_stack("a" + repeated("[0]", 100'000)) == "BW3001");
  CHECK(run(repeated("[", 100) + "1" + repeated("]", 100)).size() == 201);
}

TEST_CASE("deep values are refused where they would be walked") {
  std::string deep = "($f := function($n, $v){ $n = 0 ? $v : $f($n - 1, [[$v]]) }; $f(5000, 1))";
  CHECK(code_in_small_stack(deep) == "U1001");
  CHECK(code_in_small_stack("$string(" + deep + ")") == "U1001");
  CHECK(code_in_small_stack("($v := " + deep + "; $v = $v; 1)") == "1");
}

TEST_CASE("work and memory have bounds") {
  CHECK(run("[1..10000001]") == "D2014@4 ..");
  CHECK(run("$count([1..1000000])") == "1000000");
  CHECK(code_of("$pad(\"x\", 1000000000)") == "U1001");
  CHECK(limited("$sum([1..100000].($ * 2))", {.steps = 10'000}) == "U1001");
  CHECK(limited("($f := function($s){ $f($s & $s) }; $f(\"0123456789\"))", {.memory = 16UL * 1024 * 1024}) == "U1001");
  CHECK(limited("$count($reduce([1..100000], function($a, $i){ $append($a, $i) }, []))", {}) == "100000");
  CHECK(limited("$length($reduce([1..20000], function($a, $i){ $a & \"x\" }, \"\"))", {}) == "20000");
}

TEST_CASE("one compiled expression serves many threads") {
  auto compiled = language().compile("$sum(a.($ * 2)) & \"-\" & $join($map(a, $string), \",\") & ($eval(\"1 + 1\"))", nullptr);
  REQUIRE(compiled);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Arena arena;
      for (int i = 0; i < 200; ++i) {
        Values values;
        Node items[] = {Node::number(1), Node::number(2)};
        Member members[] = {{Node::string("a"), Node::array(items)}};
        values.input_value = Node::object(members);
        auto result = (*compiled)->evaluate(values, arena);
        if (!result || result->text() != "6-1,22") ++wrong;
        arena.reset();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("the steady state takes no memory but the arena's first chunk") {
  auto compiled = language().compile("{\"id\": a.id, \"n\": $uppercase(a.n), \"t\": $sum(a.v), \"c\": a.v[$ > 1]}", nullptr);
  REQUIRE(compiled);
  Arena json;
  Values values;
  values.input_value = read_json(R"({"a":{"id":7,"n":"x","v":[1,2,3]}})", json);
  Arena arena;
  for (int i = 0; i < 3; ++i) {
    auto result = (*compiled)->evaluate(values, arena);
    REQUIRE(result);
    CHECK(to_json(*result) == R"({"id":7,"n":"X","t":6,"c":[2,3]})");
    CHECK(arena.reserved() <= Arena::default_chunk);
    arena.reset();
  }
}

}  // namespace busway::jsonata::test
