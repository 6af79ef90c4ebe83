#pragma once

#include <string>
#include <string_view>

#include "bus/document.hpp"
#include "bus/error.hpp"
#include "transforms/jsonata/observe.hpp"

namespace busway::cli {

// "line 3, column 7" of a text: positions count code points from 0, lines and columns from 1.
std::string place_in(std::string_view text, std::int64_t position);

// A mapping line by line, and beside each line what the expressions that lie in it gave: the outermost ones, but not the whole
// mapping, whose result follows it. An error of the evaluation stands beside its line.
std::string mapping_view(std::string_view text, const std::vector<jsonata::Observed>& parts, const Error* error);

}  // namespace busway::cli
