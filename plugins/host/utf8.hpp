#pragma once

#include <cstddef>
#include <string_view>

namespace busway::plugins {

// Whether the text is well-formed UTF-8 (Unicode 15, table 3-7). Any thread.
bool is_utf8(std::string_view text);

// As much of a text in UTF-8 as `most` bytes hold, in whole characters. Any thread.
std::string_view cut_utf8(std::string_view text, std::size_t most);

}  // namespace busway::plugins
