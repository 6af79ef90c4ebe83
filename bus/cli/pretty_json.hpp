#pragma once

#include <string>

#include "bus/document.hpp"

namespace busway::cli {

// Appends JSON over several lines, two blanks a level, for people to read.
void write_pretty_json(const Node& document, std::string& out);

}  // namespace busway::cli
