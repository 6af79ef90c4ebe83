#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace busway {

// The character sets that bodies and records come in. utf_8 is checked and copied, the three of UTF-16 are what is_wide() tells
// (utf16.hpp reads and writes them), the others are one byte a character.
enum class Charset : std::uint8_t {
  ascii,
  iso_8859_1,
  utf_8,
  cp037,
  cp500,
  cp1047,
  iso_8859_2,
  iso_8859_15,
  windows_1250,
  windows_1251,
  windows_1252,
  utf_16,
  utf_16be,
  utf_16le
};

// By any of its usual names in any case ("latin1", "ISO-8859-1", "IBM037", ...), or nullopt.
std::optional<Charset> charset_named(std::string_view name);
std::string_view name_of(Charset charset);
bool is_ebcdic(Charset charset);
bool is_wide(Charset charset);

// Code point of each byte; 0xFFFF where the set has none. utf_8 answers its ASCII half. Not for wide sets.
using CharsetTable = std::array<char16_t, 256>;
const CharsetTable& table_of(Charset charset);

// The byte of a code point, or nullopt. Not for utf_8 beyond ASCII; wide sets have none.
std::optional<char> byte_of(Charset charset, char32_t code_point);

// Appends `bytes` as UTF-8; not for wide sets. Answers the offset of the first byte that is no character of the set, or npos when
// all went well.
std::size_t decode_charset(Charset charset, std::string_view bytes, std::string& out);
// Appends UTF-8 `text` in the set. Answers the offset of the first character that the set lacks, or npos.
std::size_t encode_charset(Charset charset, std::string_view text, std::string& out);

}  // namespace busway
