#pragma once

#include <memory>

#include "bus/check_context.hpp"
#include "routes/definition.hpp"

namespace busway::routes {

// The bundle's `tables:` and `functions:` as a language: `expressions` with what they add, or `expressions` itself when there are
// none (then the pointer owns nothing). Null after findings: mistakes in a table or a file of functions stand at their place in
// it.
std::shared_ptr<const ExpressionLanguage> load_library(const Definition& definition, CheckContext& check,
                                                       const ExpressionLanguage& expressions);

// The same for a bundle on disk, of which nothing else is compiled; for evaluating an expression as the bundle would.
std::shared_ptr<const ExpressionLanguage> load_library(const std::string& path, const Registry& registry,
                                                       const ExpressionLanguage& expressions, Findings& findings);

}  // namespace busway::routes
