#include "bus/step.hpp"
#include "routes/steps/builtin.hpp"
#include "routes/steps/computed_text.hpp"

namespace busway::routes {

namespace {

using Variables = std::vector<std::pair<std::string, ExpressionRef>>;

class SetVariableStep final : public Step {
 public:
  explicit SetVariableStep(Variables variables) : variables_(std::move(variables)) {}
  Flow run(Exchange& exchange) const override {
    for (const auto& [name, expression] : variables_) {
      auto value = value_of(expression, exchange);
      if (!value) {
        exchange.fail(value.error());
        return Flow::failed;
      }
      exchange.set_variable(name, *value);
    }
    return Flow::next;
  }
  void follow(MessageTrail& trail) const override {
    for (const auto& [name, expression] : variables_) trail.read_by(expression);
    trail.guarded = true;  // an expression may fail
  }

 private:
  Variables variables_;
};

}  // namespace

StepType set_variable_step() {
  Role<Step, StepContext> role;
  TypeInfo type = describe(Variables{});
  FieldInfo any;
  any.name = "NAME";
  any.doc = "What `$vars.NAME` becomes.";
  any.type = type.name;
  any.schema = type.schema;
  any.shorthand = true;
  role.fields = {any};
  role.make = [](const ConfigNode& node, CheckContext& check, const StepContext&) -> std::unique_ptr<Step> {
    Variables variables;
    if (!read_value(node, Constraints{}, check, variables)) return nullptr;
    return std::make_unique<SetVariableStep>(std::move(variables));
  };
  return {.name = "set_variable",
          .summary = "Keeps results of expressions for later steps, as $vars.NAME.",
          .doc =
              "A mapping of names to expressions, evaluated in order; the body stays. A result of nothing makes the variable "
              "nothing.",
          .step = std::move(role),
          .examples = {{"Remember the customer", "set_variable: { customer: order.customer.id }"}}};
}

}  // namespace busway::routes
