#pragma once

#include <vector>

#include "bus/document.hpp"
#include "transforms/schema/validation.hpp"

namespace busway::schema {

// The violations as the list that `$failure.errors` and problem details show: an object each with `pointer`, `detail`,
// `expected`, `got`, `keyword` and `schema`. All of it lives in `arena`.
Node to_document(const std::vector<Violation>& violations, Arena& arena);

// "/qty: expected at least 1, and 2 more", for logs: where and why, but no value of the document.
std::string summary(const std::vector<Violation>& violations);

}  // namespace busway::schema
