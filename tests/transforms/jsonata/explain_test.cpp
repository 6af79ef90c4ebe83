#include <doctest/doctest.h>

#include <string>

#include "transforms/jsonata/jsonata.hpp"

namespace busway::jsonata::test {

namespace {

// The lines about what is read, in one; or all others.
std::string lines(std::string_view expression, bool reads) {
  auto plan = explain(expression);
  if (!plan) return plan.error().code;
  std::string out;
  for (std::size_t at = 0; at < plan->size();) {
    std::size_t end = plan->find('\n', at);
    std::string line = plan->substr(at, end - at);
    if (line.starts_with("reads: ") == reads) out += (out.empty() ? "" : "; ") + (reads ? line.substr(7) : line);
    at = end + 1;
  }
  return out;
}
std::string reads(std::string_view expression) {
  return lines(expression, true);
}
std::string plan(std::string_view expression) {
  return lines(expression, false);
}

}  // namespace

TEST_CASE("a plan names the parts of the input that are read") {
  CHECK(reads("{ \"id\": id, \"lines\": lines.{ \"sku\": sku, \"sum\": qty * price } }") ==
        "id; lines.price; lines.qty; lines.sku");
  CHECK(reads("customer.address") == "customer.address");
  CHECK(reads("customer.address & customer.address.city") == "customer.address");
  CHECK(reads("lines[qty > 2].sku") == "lines.qty; lines.sku");
  CHECK(reads("lines^(>price).sku") == "lines.price; lines.sku");
  CHECK(reads("lines{ category: $sum(qty) }") == "lines.category; lines.qty");
  CHECK(reads("$map(lines, function($l) { $l.sku })") == "lines.sku");
  CHECK(reads("$reduce(lines, function($a, $l) { $a + $l.qty }, 0)") == "lines");
  CHECK(reads("( $f := function($l) { $l.sku }; $f(lines) )") == "lines");
  CHECK(reads("( $f := function($l) { $l.sku }; $map(lines, $f) )") == "lines");
  CHECK(reads("( $c := customer; $c.name )") == "customer.name");
  CHECK(reads("orders@$o.stock@$s[$o.sku = $s.sku].{ \"n\": $s.free }") == "orders.sku; stock.free; stock.sku");
  CHECK(reads("lines.sku.$uppercase()") == "lines.sku");
  CHECK(reads("a ? b : c.d") == "a; b; c.d");
  CHECK(reads("$headers.accept & id") == "id; $headers");
  CHECK(reads("1 + 1") == "nothing");
  CHECK(reads("$map([1, 2], $string)") == "nothing");
  CHECK(reads("a.( $f := $uppercase; $f() )") == "a");
  for (const char* all : {"$", "*.id", "**.id", "a.b.%.c", "$eval(\"a\")", "$ ~> |a|{\"b\": 1}|", "$string()",
                          "( $f := $string; $f() )", "( $f := function($x)<x-:x>{ $x }; $f() )", "( $e := $eval; $e(\"a\") )"}) {
    CHECK_MESSAGE(reads(all) == "everything", all);
  }
}

TEST_CASE("a plan says what it does") {
  CHECK(plan("a + 2 * 3") == "computed at load: 6");
  CHECK(plan("customer.address.city") == "walked in one go: customer.address.city");
  CHECK(plan("lines.(price / $sum($$.lines.price))").starts_with("kept in the loop: $sum($$.lines.price)"));
  CHECK(plan("( $x := a; b.($x.c.d & e) )").find("kept in the loop: $x.c.d, while $x stays the same") != std::string::npos);
  CHECK(plan("wanted.( $w := $; $$.items[id = $w] )").find("found by an index: id = $w") != std::string::npos);
  CHECK(plan("a@$l.b@$r[$l.id = $r.key]").find("joined by an index: $r.key = $l.id") != std::string::npos);
  CHECK(plan("items[id = 1]").find("index") == std::string::npos);
  // What changes its values, or may, goes without.
  CHECK(plan("wanted.( $w := $; $$.items[id = $w] ) ~> |a|{}|").find("index") == std::string::npos);
  CHECK(plan("1 +").starts_with("S0207"));
}

}  // namespace busway::jsonata::test
