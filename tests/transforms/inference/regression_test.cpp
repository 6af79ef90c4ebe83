#include <doctest/doctest.h>

#include <string>

#include "../schema/schemas.hpp"
#include "bus/cli/input_scope.hpp"
#include "bus/json_text.hpp"
#include "transforms/inference/contract.hpp"
#include "transforms/inference/inference.hpp"
#include "transforms/jsonata/jsonata.hpp"

// What random mappings found in the inference, each as a test of its own that has a name.
namespace busway::inference {

namespace {

// What the mapping gives for the document, which the schema allows; the shape that is inferred must hold it.
std::string given_within_shape(const std::string& schema_text, const std::string& mapping, const std::string& document) {
  auto schema = schema::test::compiled(schema_text);
  REQUIRE(schema.plan);
  NamedPlan plan{schema.plan, "in"};
  Shape shape = shape_of_result(mapping, shape_of(plan, *schema.plan->root));
  auto expression = jsonata::eval_language().compile(mapping, nullptr);
  REQUIRE(expression);
  Arena arena;
  Node body = read_json(document, arena).value();
  REQUIRE(schema::validate(*schema.plan, body).valid());
  cli::InputScope scope(body);
  auto result = (*expression)->evaluate(scope, arena);
  REQUIRE(result);
  CAPTURE(mapping);
  CAPTURE(document);
  CAPTURE(words(shape.kinds));
  CHECK(holds(shape, *result));
  return result->is_nothing() ? "nothing" : to_json(*result);
}

}  // namespace

TEST_CASE("of several items of a path one alone may give its list as it is, empty or with one item") {
  const std::string orders = R"({"type": "object", "required": ["orders"], "additionalProperties": false, "properties": {"orders":
      {"type": "array", "items": {"type": "object", "additionalProperties": false, "properties":
        {"items": {"type": "array", "items": {"type": "string"}}}}}}})";
  CHECK(given_within_shape(orders, "orders.items", R"({"orders": [{}, {"items": []}]})") == "[]");
  CHECK(given_within_shape(orders, "orders.items", R"({"orders": [{}, {"items": ["a"]}, {}]})") == R"(["a"])");
  CHECK(given_within_shape(orders, "orders.items", R"({"orders": [{"items": ["a"]}, {"items": []}]})") == R"("a")");
  CHECK(given_within_shape(orders, "orders.items", R"({"orders": [{}]})") == "nothing");
  CHECK(given_within_shape(orders, "{ \"all\": orders.items }", R"({"orders": [{}, {"items": []}]})") == R"({"all":[]})");
}

}  // namespace busway::inference
