#include "routes/steps/computed_text.hpp"

#include "bus/json_text.hpp"

namespace busway::routes {

Result<Node> value_of(const ExpressionRef& expression, Exchange& exchange) {
  ExchangeScope scope(exchange);
  return expression.expression->evaluate(scope, exchange.arena());
}

Result<std::string_view> text_of(const TextRef& text, Exchange& exchange) {
  if (!text.computed) return std::string_view(text.text);
  auto value = value_of(text.computed, exchange);
  if (!value) return std::unexpected(value.error());
  if (value->is_string()) return value->text();
  if (value->is_boolean()) return std::string_view(value->as_boolean() ? "true" : "false");
  if (value->is_number()) return value->has_number_text() ? value->text() : exchange.arena().copy(to_json(*value));
  return fail(ErrorKind::mapping, "the expression at " + text.computed.at.text() + " gives " +
                                      std::string(name_of(value->kind())) + " where a text is needed");
}

}  // namespace busway::routes
