#include "transforms/formats/xml_name.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "bus/byte_block.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};
constexpr Range start_ranges[] = {{0xC0, 0xD6},     {0xD8, 0xF6},     {0xF8, 0x2FF},    {0x370, 0x37D},
                                  {0x37F, 0x1FFF},  {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF},
                                  {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};

constexpr std::uint8_t starts = 1;
constexpr std::uint8_t continues = 2;
constexpr std::array<std::uint8_t, 128> make_ascii() {
  std::array<std::uint8_t, 128> table{};
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = starts | continues;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = starts | continues;
  for (char c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = continues;
  table['_'] = table[':'] = starts | continues;
  table['-'] = table['.'] = continues;
  return table;
}
constexpr auto ascii = make_ascii();
// The ASCII part of an NCName.
constexpr std::array<bool, 256> make_letters() {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < 128; ++c) table[c] = (ascii[c] & continues) != 0 && c != ':';
  return table;
}
constexpr auto letters = make_letters();

}  // namespace

bool is_xml_char(char32_t c) {
  if (c < 0x20) return c == 0x9 || c == 0xA || c == 0xD;
  return c <= 0xD7FF || (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

bool is_name_start(char32_t c) {
  if (c < 128) return (ascii[c] & starts) != 0;
  for (const Range& range : start_ranges) {
    if (c >= range.first && c <= range.last) return true;
  }
  return false;
}

bool is_name_char(char32_t c) {
  if (c < 128) return (ascii[c] & continues) != 0;
  return is_name_start(c) || c == 0xB7 || (c >= 0x300 && c <= 0x36F) || c == 0x203F || c == 0x2040;
}

std::size_t xml_name_size(std::string_view text) {
  if (!begins_name(text)) return 0;
  std::size_t at = 0;
  while (at < text.size()) {
    auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 128) {
      if ((ascii[byte] & continues) == 0) break;
      ++at;
      continue;
    }
    std::size_t size = utf8_sequence(text.substr(at));
    if (size == 0 || !is_name_char(decode_utf8(text.data() + at, size))) break;
    at += size;
  }
  return at;
}

bool begins_name(std::string_view text) {
  if (text.empty()) return false;
  auto byte = static_cast<unsigned char>(text.front());
  if (byte < 128) return (ascii[byte] & starts) != 0;
  std::size_t size = utf8_sequence(text);
  return size != 0 && is_name_start(decode_utf8(text.data(), size));
}

std::size_t ascii_ncname_size(const char* at) {
  auto first = static_cast<unsigned char>(*at);
  if (!letters[first] || (ascii[first] & starts) == 0) return 0;
  const char* end = at + 1;
  while (letters[static_cast<unsigned char>(*end)]) ++end;
  return static_cast<std::size_t>(end - at);
}

bool is_ncname(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && letters[static_cast<unsigned char>(text[at])]) ++at;
  if (at == text.size()) return begins_name(text);
  return text.find(':') == std::string_view::npos && xml_name_size(text) == text.size();
}

std::size_t find_non_xml(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    // A block that ends with the text, where there is no whole one left: its first bytes have been seen.
    if (text.size() >= sizeof(ByteBlock)) {
      std::size_t from = std::min(at, text.size() - sizeof(ByteBlock));
      ByteBlock block = load_block(text.data() + from);
      unsigned found = bits_of((block < 0x20) & ~((block == '\n') | (block == '\r') | (block == '\t'))) >> (at - from);
      if (found == 0) {
        at = from + sizeof(ByteBlock);
        continue;
      }
      at += static_cast<std::size_t>(std::countr_zero(found));
    }
    do {
      auto byte = static_cast<unsigned char>(text[at]);
      std::size_t size = 1;
      if (byte < 0x80) {
        if (!is_xml_char(byte)) return at;
      } else {
        size = utf8_sequence(text.substr(at));
        if (size == 0 || !is_xml_char(decode_utf8(text.data() + at, size))) return at;
      }
      at += size;
    } while (at < text.size() && (text.size() < sizeof(ByteBlock) || static_cast<unsigned char>(text[at]) >= 0x80));
  }
  return std::string_view::npos;
}

}  // namespace busway
