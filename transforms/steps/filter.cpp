#include "transforms/steps/builtin.hpp"
#include "transforms/steps/expression_step.hpp"

namespace busway {

namespace {

class FilterStep final : public Step {
 public:
  explicit FilterStep(ExpressionRef expression) : expression_(std::move(expression)) {}

  Flow run(Exchange& exchange) const override {
    auto result = evaluate(expression_, exchange);
    if (!result) {
      exchange.fail(result.error());
      return Flow::failed;
    }
    return truthy(*result) ? Flow::next : Flow::filtered;
  }

  void follow(MessageTrail& trail) const override {
    trail.read_by(expression_);
    trail.guarded = true;
  }

 private:
  ExpressionRef expression_;
};

}  // namespace

StepType filter_step() {
  return {
      .name = "filter",
      .summary = "Ends the route for messages that a condition is not true for.",
      .doc = "The condition is taken as JSONata's `$boolean` takes it; nothing is false. A waiting HTTP caller is answered 204.",
      .step = expression_role<FilterStep>("The message goes on when this is true."),
      .examples = {{"Only orders with lines", "filter: $count(lines) > 0"}}};
}

}  // namespace busway
