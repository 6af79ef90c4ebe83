#include "transforms/jsonata/text.hpp"

#include <locale.h>
#include <wctype.h>

#include <algorithm>
#include <cstring>
#include <cwctype>

#include "bus/pause.hpp"

namespace busway::jsonata {

namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool is_continuation(unsigned byte) {
  return (byte & 0xC0U) == 0x80U;
}

// Bytes of the code point that starts at `at`, 1 for a byte that starts none.
std::size_t length_at(std::string_view text, std::size_t at) {
  unsigned first = byte_at(text, at);
  std::size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF8 ? 4 : 1;
  if (at + length > text.size()) return 1;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(byte_at(text, at + i))) return 1;
  }
  return length;
}

locale_t unicode_locale() {
  static const locale_t locale = [] {
    locale_t made = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return made != nullptr ? made : newlocale(LC_CTYPE_MASK, "C", nullptr);
  }();
  return locale;
}

bool is_high(std::string_view text) {
  return text.size() >= 3 && byte_at(text, text.size() - 3) == 0xED && (byte_at(text, text.size() - 2) & 0xF0U) == 0xA0U;
}

bool is_low(std::string_view text) {
  return text.size() >= 3 && byte_at(text, 0) == 0xED && (byte_at(text, 1) & 0xF0U) == 0xB0U;
}

}  // namespace

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  PauseByBytes pause;
  for (std::size_t at = 0; at < text.size(); at += length_at(text, at)) {
    pause.at(at);
    ++count;
  }
  return count;
}

std::size_t offset_of(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  PauseByBytes pause;
  while (index > 0 && at < text.size()) {
    pause.at(at);
    at += length_at(text, at);
    --index;
  }
  return at;
}

char32_t next_code_point(std::string_view text, std::size_t& at) {
  std::size_t length = length_at(text, at);
  unsigned first = byte_at(text, at);
  char32_t code = length == 1 ? first : length == 2 ? first & 0x1FU : length == 3 ? first & 0x0FU : first & 0x07U;
  for (std::size_t i = 1; i < length; ++i) code = (code << 6) | (byte_at(text, at + i) & 0x3FU);
  at += length;
  return code;
}

std::size_t write_code_point(char* out, char32_t c) {
  auto put = [&](std::size_t i, char32_t bits) { out[i] = static_cast<char>(static_cast<unsigned char>(bits)); };
  if (c < 0x80) {
    put(0, c);
    return 1;
  }
  if (c < 0x800) {
    put(0, 0xC0 | (c >> 6));
    put(1, 0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    put(0, 0xE0 | (c >> 12));
    put(1, 0x80 | ((c >> 6) & 0x3F));
    put(2, 0x80 | (c & 0x3F));
    return 3;
  }
  put(0, 0xF0 | (c >> 18));
  put(1, 0x80 | ((c >> 12) & 0x3F));
  put(2, 0x80 | ((c >> 6) & 0x3F));
  put(3, 0x80 | (c & 0x3F));
  return 4;
}

void append_code_point(std::string& out, char32_t code_point) {
  char bytes[4];
  out.append(bytes, write_code_point(bytes, code_point));
}

int compare_text(std::string_view left, std::string_view right) {
  std::size_t shared = std::min(left.size(), right.size());
  auto [a, b] = std::mismatch(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(shared), right.begin());
  if (a == left.begin() + static_cast<std::ptrdiff_t>(shared)) {
    return left.size() == right.size() ? 0 : left.size() < right.size() ? -1 : 1;
  }
  unsigned x = static_cast<unsigned char>(*a);
  unsigned y = static_cast<unsigned char>(*b);
  // UTF-16 puts everything beyond U+FFFF (lead byte F0 and up) before U+E000..U+FFFF (lead bytes EE, EF).
  bool x_private = x == 0xEE || x == 0xEF;
  bool y_private = y == 0xEE || y == 0xEF;
  if (x >= 0xF0 && y_private) return -1;
  if (y >= 0xF0 && x_private) return 1;
  return x < y ? -1 : 1;
}

std::string_view concatenate(std::string_view left, std::string_view right, Arena& arena, Growth& growth) {
  if (left.empty()) return right;
  if (right.empty()) return left;
  if (is_high(left) && is_low(right)) {
    std::size_t at = left.size() - 3;
    char32_t high = next_code_point(left, at);
    at = 0;
    char32_t low = next_code_point(right, at);
    std::string joined(left.substr(0, left.size() - 3));
    append_code_point(joined, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
    joined += right.substr(3);
    return arena.copy(joined);
  }
  bool copied = false;
  auto* block = static_cast<char*>(growth.extend(left.data(), left.size(), right.size(), 1, copied));
  std::memcpy(block + left.size(), right.data(), right.size());
  return {block, left.size() + right.size()};
}

std::string to_upper(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  PauseByBytes pause;
  for (std::size_t at = 0; at < text.size();) {
    pause.at(at);
    char32_t c = next_code_point(text, at);
    if (c < 0x80) {
      out += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    } else if (c == 0xDF) {
      out += "SS";
    } else if (c >= 0xFB00 && c <= 0xFB06) {
      static constexpr std::string_view ligatures[] = {"FF", "FI", "FL", "FFI", "FFL", "ST", "ST"};
      out += ligatures[c - 0xFB00];
    } else {
      append_code_point(out, static_cast<char32_t>(towupper_l(static_cast<wint_t>(c), unicode_locale())));
    }
  }
  return out;
}

std::string to_lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  PauseByBytes pause;
  for (std::size_t at = 0; at < text.size();) {
    pause.at(at);
    char32_t c = next_code_point(text, at);
    if (c < 0x80) {
      out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    } else if (c == 0x130) {
      out += "i\xCC\x87";
    } else {
      append_code_point(out, static_cast<char32_t>(towlower_l(static_cast<wint_t>(c), unicode_locale())));
    }
  }
  return out;
}

}  // namespace busway::jsonata
