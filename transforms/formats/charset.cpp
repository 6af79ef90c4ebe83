#include "transforms/formats/charset.hpp"

#include <utility>

#include "bus/pause.hpp"
#include "transforms/formats/utf16.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

constexpr std::pair<std::string_view, Charset> names[] = {
    {"ascii", Charset::ascii},           {"us-ascii", Charset::ascii},
    {"iso-8859-1", Charset::iso_8859_1}, {"latin1", Charset::iso_8859_1},
    {"latin-1", Charset::iso_8859_1},    {"iso8859-1", Charset::iso_8859_1},
    {"utf-8", Charset::utf_8},           {"utf8", Charset::utf_8},
    {"cp037", Charset::cp037},           {"ibm037", Charset::cp037},
    {"cp500", Charset::cp500},           {"ibm500", Charset::cp500},
    {"cp1047", Charset::cp1047},         {"ibm1047", Charset::cp1047},
    {"ibm-1047", Charset::cp1047},       {"iso-8859-2", Charset::iso_8859_2},
    {"latin2", Charset::iso_8859_2},     {"iso-8859-15", Charset::iso_8859_15},
    {"latin9", Charset::iso_8859_15},    {"windows-1250", Charset::windows_1250},
    {"cp1250", Charset::windows_1250},   {"windows-1251", Charset::windows_1251},
    {"cp1251", Charset::windows_1251},   {"windows-1252", Charset::windows_1252},
    {"cp1252", Charset::windows_1252},   {"utf-16", Charset::utf_16},
    {"utf16", Charset::utf_16},          {"utf-16be", Charset::utf_16be},
    {"utf-16le", Charset::utf_16le},
};

// Bytes of the code points up to U+00FF by table; the few beyond are searched for.
struct ReverseTable {
  std::array<std::int16_t, 256> byte;
  explicit ReverseTable(const CharsetTable& table) {
    byte.fill(-1);
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (table[i] < 256) byte[table[i]] = static_cast<std::int16_t>(i);
    }
  }
};

const ReverseTable& reverse_of(Charset charset) {
  static const ReverseTable tables[] = {
      ReverseTable(table_of(Charset::ascii)),        ReverseTable(table_of(Charset::iso_8859_1)),
      ReverseTable(table_of(Charset::utf_8)),        ReverseTable(table_of(Charset::cp037)),
      ReverseTable(table_of(Charset::cp500)),        ReverseTable(table_of(Charset::cp1047)),
      ReverseTable(table_of(Charset::iso_8859_2)),   ReverseTable(table_of(Charset::iso_8859_15)),
      ReverseTable(table_of(Charset::windows_1250)), ReverseTable(table_of(Charset::windows_1251)),
      ReverseTable(table_of(Charset::windows_1252))};
  return tables[static_cast<std::size_t>(charset)];
}

}  // namespace

std::optional<Charset> charset_named(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const auto& [known, charset] : names) {
    if (known == lower) return charset;
  }
  return std::nullopt;
}

std::string_view name_of(Charset charset) {
  for (const auto& [name, known] : names) {
    if (known == charset) return name;
  }
  return "";
}

bool is_ebcdic(Charset charset) {
  return charset == Charset::cp037 || charset == Charset::cp500 || charset == Charset::cp1047;
}

bool is_wide(Charset charset) {
  return charset == Charset::utf_16 || charset == Charset::utf_16be || charset == Charset::utf_16le;
}

std::optional<char> byte_of(Charset charset, char32_t code_point) {
  if (is_wide(charset)) return std::nullopt;
  if (code_point < 256) {
    std::int16_t byte = reverse_of(charset).byte[code_point];
    if (byte < 0) return std::nullopt;
    return static_cast<char>(static_cast<unsigned char>(byte));
  }
  if (code_point >= 0xFFFF) return std::nullopt;
  const CharsetTable& table = table_of(charset);
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i] == code_point) return static_cast<char>(static_cast<unsigned char>(i));
  }
  return std::nullopt;
}

std::size_t decode_charset(Charset charset, std::string_view bytes, std::string& out) {
  if (charset == Charset::utf_8) {
    std::size_t bad = find_in_pieces(bytes, [](std::string_view piece) { return find_invalid_utf8(piece); });
    if (bad == std::string_view::npos) out.append(bytes);
    return bad;
  }
  const CharsetTable& table = table_of(charset);
  out.reserve(out.size() + bytes.size());
  PauseByBytes pause;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    pause.at(i);
    char16_t code_point = table[static_cast<unsigned char>(bytes[i])];
    if (code_point == 0xFFFF) return i;
    append_utf8(code_point, out);
  }
  return std::string_view::npos;
}

std::size_t encode_charset(Charset charset, std::string_view text, std::string& out) {
  if (charset == Charset::utf_8) {
    std::size_t bad = find_in_pieces(text, [](std::string_view piece) { return find_invalid_utf8(piece); });
    if (bad == std::string_view::npos) out.append(text);
    return bad;
  }
  if (is_wide(charset)) return append_utf16(charset, text, out);
  PauseByBytes pause;
  for (std::size_t at = 0; at < text.size();) {
    pause.at(at);
    std::size_t size = utf8_sequence(text.substr(at));
    auto byte = size == 0 ? std::nullopt : byte_of(charset, decode_utf8(text.data() + at, size));
    if (!byte) return at;
    out += *byte;
    at += size;
  }
  return std::string_view::npos;
}

}  // namespace busway
