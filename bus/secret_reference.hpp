#pragma once

#include <string>
#include <string_view>

#include "bus/error.hpp"

namespace busway {

// The text with its `${env:NAME}` and `${file:PATH}` replaced, PATH as seen from where the process runs; a file's last line end
// is not part of it. Reads the environment and files of 64 KiB at most. Any thread. Errors: kind `config`, code BW1012.
Result<std::string> expand_references(std::string_view text);

}  // namespace busway
