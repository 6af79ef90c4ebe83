#include "bus/cli/eval_language.hpp"

#include "bus/cli/builtin_registry.hpp"
#include "routes/library.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::cli {

std::shared_ptr<const ExpressionLanguage> language_of(const std::string& bundle, Findings& findings) {
  if (bundle.empty()) return {std::shared_ptr<void>(), &jsonata::eval_language()};
  return routes::load_library(bundle, builtin_registry(), jsonata::eval_language(), findings);
}

}  // namespace busway::cli
