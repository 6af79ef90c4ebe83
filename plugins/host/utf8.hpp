#pragma once

#include <string_view>

namespace busway::plugins {

// Whether the text is well-formed UTF-8 (Unicode 15, table 3-7). Any thread.
bool is_utf8(std::string_view text);

}  // namespace busway::plugins
