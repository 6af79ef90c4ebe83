#pragma once

#include <string_view>

#include "bus/exchange.hpp"
#include "bus/field.hpp"

namespace busway::routes {

// A literal's text, or what its `{ expr: ... }` computes: a string as it is, a number or boolean in its JSON form. Anything else,
// nothing included, is an error of kind `mapping`. Lives as long as the exchange and its snapshot.
Result<std::string_view> text_of(const TextRef& text, Exchange& exchange);

// The result of an expression over the exchange.
Result<Node> value_of(const ExpressionRef& expression, Exchange& exchange);

}  // namespace busway::routes
