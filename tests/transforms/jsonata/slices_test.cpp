#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "bus/worker.hpp"
#include "json_text.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::jsonata::test {

namespace {

const char* const expressions[] = {
    "items.{ \"item\": sku, \"count\": qty, \"paid\": qty * price }",
    "$sum(items.(qty * price))",
    "$max(items.price) & $min(items.price) & $average(items.qty)",
    "items^(>price, sku).sku",
    "$sort(items.sku)",
    "$sort(items, function($a, $b) { $a.qty > $b.qty }).sku",
    "$distinct(items.qty)",
    "$join(items.sku, \"-\")",
    "$string(items)",
    "$replace($join(items.sku), /A-0*/, function($m) { $m.match & \"x\" })",
    "$split($join(items.sku, \",\"), \",\")",
    "$match($join(items.sku), /[0-9]+/)[17]",
    "items{ $string(qty): $count($) }",
    "items[price > 5 and qty < 50].sku",
    "$map(items, function($v, $i) { $i & $v.sku })",
    "$reduce(items.qty, function($a, $b) { $a + $b })",
    "$merge(items.{ sku: qty })",
    "$spread(items)[3]",
    "$keys(items)",
    "$ ~> |items|{ \"seen\": true }, [\"note\"]|",
    "$zip(items.sku, items.qty)[-1]",
    "**.sku[5]",
    "items@$i#$at[$at % 100 = 0].{ \"at\": $at, \"sku\": $i.sku }",
    "$uppercase($join(items.note)) & $length($string(items)) & $substring($string(items), 5000, 20)",
    "$base64decode($base64encode($string(items))) = $string(items)",
    "$decodeUrlComponent($encodeUrlComponent($string(items))) = $string(items)",
    "$sum([1..20000])",
    "items = items",
    "items.sku in [items.sku]",
    "$eval($string(items[[0..20]]))",
    "($f := function($n) { $n = 0 ? \"end\" : $f($n - 1) }; $f(5000))",
    // The stack runs out, on a fiber as elsewhere, and nothing else happens.
    "($f := function($n) { 1 + $f($n + 1) }; $f(0))",
    "($e := function() { $eval(\"$e() + 1\") }; $e())",
    "$error(\"no\")",
};

std::string orders(int count) {
  std::string text = "{\"items\":[";
  for (int i = 0; i < count; ++i) {
    if (i != 0) text += ',';
    text += "{\"sku\":\"A-" + std::to_string(100000 + i * 7919 % count) + "\",\"qty\":" + std::to_string(i % 90 + 1) +
            ",\"price\":" + std::to_string(i % 17) + ".90,\"note\":\"to be packed with care\"}";
  }
  return text + "]}";
}

Task<> run_in_slices(Worker& worker, const char* expression, const std::string& json, std::string& into, std::size_t& ended) {
  into = co_await worker.in_slices(true, TimePoint::max(), [&] { return run(expression, json); });
  ++ended;
}

}  // namespace

TEST_CASE("expressions that take turns give what they give one after the other") {
  const std::string json = orders(300);
  Worker worker;
  worker.slices().set_length(Clock::duration::zero());
  std::vector<std::string> made(std::size(expressions));
  std::size_t ended = 0;
  for (std::size_t i = 0; i < made.size(); ++i) worker.spawn(run_in_slices(worker, expressions[i], json, made[i], ended));
  worker.run_until([&] { return ended == made.size(); });
  for (std::size_t i = 0; i < made.size(); ++i) {
    INFO(expressions[i]);
    std::string alone = run(expressions[i], json);
    // Where a stack ends is not the same operation on each.
    if (alone.starts_with("U1001")) alone = alone.substr(0, 5), made[i] = made[i].substr(0, 5);
    CHECK(made[i] == alone);
  }
}

TEST_CASE("an evaluation whose time is up gives up, with the kind `deadline`") {
  Worker worker;
  auto expression = language().compile("$sum([1..3000000].($ * 2))", nullptr);
  REQUIRE(expression);
  Result<Node> made;
  bool ended = false;
  auto start = Clock::now();
  auto late = [](Worker& on, const Expression& what, Result<Node>& into, bool& done) -> Task<> {
    Arena arena;
    Values values;
    auto given =
        co_await on.in_slices(true, Clock::now() + std::chrono::milliseconds(20), [&] { return what.evaluate(values, arena); });
    into = given;
    done = true;
  };
  worker.spawn(late(worker, **expression, made, ended));
  worker.run_until([&] { return ended; });
  auto given_up_after = Clock::now() - start;
  REQUIRE_FALSE(made);
  CHECK(made.error().kind == ErrorKind::deadline);

  start = Clock::now();
  Arena arena;
  Values values;
  CHECK((*expression)->evaluate(values, arena));
  CHECK(given_up_after < Clock::now() - start);
}

TEST_CASE("a scope is told of an evaluation that worked long, whatever its input") {
  struct Told final : Scope {
    Result<Node> input(Arena&) override { return Node(); }
    Result<Node> variable(std::string_view, Arena&) override { return Node(); }
    void took_long() override { ++times; }
    int times = 0;
  } told;
  Arena arena;
  for (const char* text : {"1 + 1", "$sum([1..10000].($ * 2))"}) {
    auto expression = language().compile(text, nullptr);
    REQUIRE(expression);
    CHECK((*expression)->evaluate(told, arena));
  }
  CHECK(told.times == 1);
}

}  // namespace busway::jsonata::test
