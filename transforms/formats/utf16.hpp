#pragma once

#include <string>
#include <string_view>

#include "bus/arena.hpp"
#include "bus/error.hpp"
#include "transforms/formats/charset.hpp"

namespace busway {

// UTF-16 (RFC 2781) for formats that work on UTF-8.

// Which of the two byte orders a text is in by its byte order mark; `none` without one.
enum class ByteOrder : std::uint8_t { none, big, little };
ByteOrder marked_order(std::string_view bytes);

// The text as UTF-8 in `arena`, without its byte order mark. utf_16 is read by its mark, big-endian where there is none (4.3); of
// utf_16be and utf_16le a mark must be of that order. An odd number of bytes, half of a surrogate pair and a mark that
// contradicts the set are errors of kind `format`; `doing` begins them: "reading CSV".
Result<std::string_view> utf16_to_utf8(Charset charset, std::string_view bytes, Arena& arena, std::string_view doing);

// Appends UTF-8 `text`: utf_16 as big-endian behind a byte order mark, the other two without one. An empty text is no bytes.
// Answers the offset of the first byte that is no valid UTF-8, or npos.
std::size_t append_utf16(Charset charset, std::string_view text, std::string& out);

}  // namespace busway
