#pragma once

#include <string>

#include "bus/error.hpp"

namespace busway::cli {

// A file named on the command line; "-" is standard input. Errors: kind `config`, code BW0001.
Result<std::string> read_file(const std::string& path);

}  // namespace busway::cli
