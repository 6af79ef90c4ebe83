#pragma once

#include <memory>
#include <string>

#include "bus/expression.hpp"
#include "bus/finding.hpp"

namespace busway::cli {

// The language of `eval`, with the tables and functions of a bundle when one is named. Null after findings.
std::shared_ptr<const ExpressionLanguage> language_of(const std::string& bundle, Findings& findings);

}  // namespace busway::cli
