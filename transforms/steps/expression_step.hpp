#pragma once

#include <memory>
#include <string>

#include "bus/exchange.hpp"
#include "bus/registry.hpp"
#include "bus/step.hpp"

namespace busway {

struct ExpressionConfig {
  ExpressionRef expression;
};

// The role of a step whose whole value is one expression: `map: E`, `filter: E`.
template <class StepOfExpression>
Role<Step, StepContext> expression_role(std::string doc) {
  Role<Step, StepContext> out;
  out.fields =
      Fields<ExpressionConfig>{{"expression", &ExpressionConfig::expression, std::move(doc), required(), shorthand()}}.infos();
  out.make = [](const ConfigNode& node, CheckContext& check, const StepContext&) -> std::unique_ptr<Step> {
    ExpressionRef expression;
    if (!read_value(node, Constraints{}, check, expression)) return nullptr;
    return std::make_unique<StepOfExpression>(std::move(expression));
  };
  return out;
}

inline Result<Node> evaluate(const ExpressionRef& expression, Exchange& exchange) {
  ExchangeScope scope(exchange);
  return expression.expression->evaluate(scope, exchange.arena());
}

}  // namespace busway
