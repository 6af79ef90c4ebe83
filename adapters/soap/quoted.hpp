#pragma once

#include <string>
#include <string_view>

namespace busway::soap {

// A piece of hostile text in quotes, fit for a message: at most 60 bytes, control characters replaced.
std::string quoted(std::string_view text);

}  // namespace busway::soap
