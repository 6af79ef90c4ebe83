#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bus/error.hpp"
#include "bus/pause.hpp"

namespace busway {

// Bytes of the well-formed UTF-8 sequence at the start of `text` (Unicode 15, table 3-7), or 0. With `surrogates` the three-byte
// forms of U+D800..U+DFFF count as well-formed too (WTF-8).
std::size_t utf8_sequence(std::string_view text, bool surrogates = false);

// As find(text), in pieces that end between two sequences, so that a long text can be put aside (bus/pause.hpp).
template <class Find>
std::size_t find_in_pieces(std::string_view text, const Find& find) {
  constexpr std::size_t piece = 32UL * 1024;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.size(), at + piece);
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
    if (std::size_t found = find(text.substr(at, end - at)); found != std::string_view::npos) return at + found;
    at = end;
    pause_if_due(64);
  }
  return std::string_view::npos;
}

// Offset of the first byte that is not well-formed UTF-8, or npos.
std::size_t find_invalid_utf8(std::string_view text, bool surrogates = false);

void append_utf8(char32_t code_point, std::string& out);

// The code point of the well-formed sequence of `size` bytes at `at`.
char32_t decode_utf8(const char* at, std::size_t size);

// A byte offset of a text as people count: lines and columns from 1, columns and position in code points.
struct TextPlace {
  std::int64_t line = 1;
  std::int64_t column = 1;
  std::int64_t position = 0;
};
TextPlace place_of(std::string_view text, std::size_t offset);

// "reading JSON: line 3, column 7: DETAIL", kind `format`, with the position.
std::unexpected<Error> refuse_text(std::string_view doing, std::string_view text, std::size_t offset, std::string_view detail);

// A piece of hostile text fit for a message: at most 40 characters, control characters and invalid bytes replaced.
std::string printable(std::string_view text);

}  // namespace busway
