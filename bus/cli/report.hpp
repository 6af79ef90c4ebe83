#pragma once

#include <ostream>
#include <string>

#include "bus/finding.hpp"

namespace busway::cli {

// One finding a line, as `file:line:col: error BW1004: text`.
void write_text(const Findings& findings, std::ostream& out);
// {"errors":N,"warnings":N,"findings":[{"severity","id","file","line","column","text"}]}
void write_json(const Findings& findings, std::ostream& out);
// "2 errors, 1 warning"
std::string summary(const Findings& findings);

}  // namespace busway::cli
