#pragma once

#include <cstddef>
#include <string_view>

namespace busway::http {

// Looking over many bytes at a time: SSE2 where the machine has it (every x86-64 has), eight-byte words elsewhere. Nothing here
// reads behind the text it is given.

// How many characters from the start may stand in a field value (VCHAR, SP, HTAB and obs-text: RFC 9110, 5.5).
std::size_t value_length(std::string_view text);

// The length of the text before the first ':', when that comes before any CR and among the first sixteen bytes; else 0.
std::size_t short_name_length(std::string_view text);

// Where the head that `text` starts with ends: behind the first CR LF CR LF. 0 when there is no such place, when some LF before
// it has no CR in front, or when more than `most_lines` lines lie before it: whoever wants to know which looks line by line.
std::size_t plain_head_end(std::string_view text, std::size_t most_lines);

}  // namespace busway::http
