#include "transforms/inference/inference.hpp"
#include "transforms/steps/builtin.hpp"
#include "transforms/steps/expression_step.hpp"

namespace busway {

namespace {

class MapStep final : public Step {
 public:
  explicit MapStep(ExpressionRef expression) : expression_(std::move(expression)) {}

  Flow run(Exchange& exchange) const override {
    auto result = evaluate(expression_, exchange);
    if (!result) {
      exchange.fail(result.error());
      return Flow::failed;
    }
    if (result->is_nothing()) {
      exchange.fail(Error{.kind = ErrorKind::mapping, .text = "the mapping at " + expression_.at.text() + " gives nothing"});
      return Flow::failed;
    }
    exchange.message().replace(*result);
    return Flow::next;
  }

  void follow(MessageTrail& trail) const override { inference::follow_map(expression_, trail); }

 private:
  ExpressionRef expression_;
};

}  // namespace

StepType map_step() {
  return {
      .name = "map",
      .summary = "Replaces the body with the result of a JSONata expression.",
      .doc =
          "The result becomes the body; the content type is cleared and received headers no longer travel with it. A result of "
          "nothing fails the step (kind `mapping`): write `null` for null.",
      .step = expression_role<MapStep>("What the body becomes."),
      .examples = {{"Rename two members", "map: '{ \"id\": OrderNumber, \"status\": Status }'"},
                   {"A mapping in its own file", "map: map/order-to-erp.jsonata"}}};
}

}  // namespace busway
