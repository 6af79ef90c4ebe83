#pragma once

#include "bus/expression.hpp"

namespace busway::routes {

// The expression language of a place in a route: a variable that is not bound there is an error at its place (BW3003), not a
// silent nothing. `$failure` is bound inside `on_error` only.
class BoundVariables final : public ExpressionLanguage {
 public:
  enum class Where { route, handler };
  BoundVariables(const ExpressionLanguage& inner, Where where) : inner_(inner), where_(where) {}
  Result<std::shared_ptr<const Expression>> compile(std::string_view text,
                                                    std::vector<ExpressionWarning>* warnings) const override;

 private:
  const ExpressionLanguage& inner_;
  Where where_;
};

}  // namespace busway::routes
