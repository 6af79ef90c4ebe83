#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bus/arena.hpp"
#include "transforms/jsonata/growth.hpp"

namespace busway::jsonata {

// Strings are UTF-8 that may hold lone surrogates as three bytes (WTF-8). Positions and lengths count code points. Bytes that
// are no UTF-8 at all count one each; nothing here reads past the end.

std::size_t count_code_points(std::string_view text);
// The byte offset of code point `index`, or the text's size when it has fewer.
std::size_t offset_of(std::string_view text, std::size_t index);
// The code point at `at`, which is moved behind it.
char32_t next_code_point(std::string_view text, std::size_t& at);
void append_code_point(std::string& out, char32_t code_point);
std::size_t write_code_point(char* out, char32_t code_point);  // at most 4 bytes

// The order of JavaScript strings: by UTF-16 code units. <0, 0, >0.
int compare_text(std::string_view left, std::string_view right);

// left + right. A high surrogate that ends `left` and a low one that starts `right` become one code point, as in JavaScript.
std::string_view concatenate(std::string_view left, std::string_view right, Arena& arena, Growth& growth);

// Unicode's simple case mapping, and the few special cases JavaScript has that grow (ß).
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);

inline bool is_surrogate(char32_t c) {
  return c >= 0xD800 && c <= 0xDFFF;
}

}  // namespace busway::jsonata
