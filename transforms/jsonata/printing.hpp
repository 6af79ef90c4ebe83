#pragma once

#include <string>
#include <string_view>

#include "bus/document.hpp"

namespace busway::jsonata {

// A number as JSONata's $string prints it: an integer in full, everything else rounded to 15 significant digits, in ECMAScript's
// form. Finite numbers only.
void append_number(std::string& out, double value);

// The shortest text that reads back as the same double, in ECMAScript's form.
void append_shortest(std::string& out, double value);

enum class PrintProblem { none, non_finite, too_deep };

// JSON text; functions print as "", lone surrogates as escapes. `indent`: 0 for compact, else spaces a level.
PrintProblem append_json(std::string& out, const Node& value, int indent, int level = 0);

}  // namespace busway::jsonata
