#pragma once

#include <string>
#include <string_view>

#include "bus/document.hpp"

namespace busway::jsonata {

enum class PrintProblem { none, non_finite, too_deep };

// JSON text; functions print as "", lone surrogates as escapes. `indent`: 0 for compact, else spaces a level.
PrintProblem append_json(std::string& out, const Node& value, int indent, int level = 0);

}  // namespace busway::jsonata
