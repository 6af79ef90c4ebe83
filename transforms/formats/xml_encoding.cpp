#include "transforms/formats/xml_encoding.hpp"

#include <string>

#include "bus/pause.hpp"
#include "transforms/formats/charset.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

constexpr std::string_view doing = "reading XML";

// The encoding a declaration names; empty when there is none. Its grammar is checked by the parser.
std::string_view declared_encoding(std::string_view text) {
  if (!text.starts_with("<?xml") || text.size() < 6) return {};
  std::string_view declaration = text.substr(0, std::min<std::size_t>(text.find("?>"), 256));
  std::size_t at = declaration.find("encoding");
  if (at == std::string_view::npos) return {};
  at = declaration.find_first_of("\"'", at);
  if (at == std::string_view::npos) return {};
  std::size_t end = declaration.find(declaration[at], at + 1);
  return end == std::string_view::npos ? std::string_view() : declaration.substr(at + 1, end - at - 1);
}

bool same(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    char c = left[i] >= 'A' && left[i] <= 'Z' ? static_cast<char>(left[i] - 'A' + 'a') : left[i];
    if (c != right[i]) return false;
  }
  return true;
}

Result<std::string_view> from_utf16(std::string_view bytes, bool big, Arena& arena) {
  if (bytes.size() % 2 != 0) return fail(ErrorKind::format, "reading XML: the UTF-16 text ends inside a character");
  std::string out;
  out.reserve(bytes.size());
  auto unit = [&](std::size_t at) {
    auto high = static_cast<unsigned char>(bytes[big ? at : at + 1]);
    auto low = static_cast<unsigned char>(bytes[big ? at + 1 : at]);
    return static_cast<char32_t>((high << 8) | low);
  };
  PauseByBytes pause;
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    pause.at(at);
    char32_t c = unit(at);
    if (c >= 0xD800 && c <= 0xDFFF) {
      char32_t second = c < 0xDC00 && at + 2 < bytes.size() ? unit(at + 2) : 0;
      if (second < 0xDC00 || second > 0xDFFF) return refuse_text(doing, out, out.size(), "half of a surrogate pair");
      c = 0x10000 + ((c - 0xD800) << 10) + (second - 0xDC00);
      at += 2;
    }
    append_utf8(c, out);
  }
  std::string_view declared = declared_encoding(out);
  if (!declared.empty() && !same(declared, "utf-16")) {
    return fail(ErrorKind::format, "reading XML: the text is UTF-16, but declares itself '" + printable(declared) + "'");
  }
  return arena.copy(out);
}

}  // namespace

bool says_encoding(std::string_view bytes) {
  return bytes.starts_with("\xFE\xFF") || bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xEF\xBB\xBF") ||
         !declared_encoding(bytes).empty();
}

Result<std::string_view> xml_as_utf8(std::string_view bytes, std::string_view charset, Arena& arena) {
  if (bytes.starts_with("\xFE\xFF")) return from_utf16(bytes.substr(2), true, arena);
  if (bytes.starts_with("\xFF\xFE")) return from_utf16(bytes.substr(2), false, arena);
  bool marked = bytes.starts_with("\xEF\xBB\xBF");
  if (marked) bytes.remove_prefix(3);
  if (!marked && same(charset, "utf-8")) return bytes;  // whatever is declared
  std::string_view declared = declared_encoding(bytes);
  if (marked) {
    if (!declared.empty() && !same(declared, "utf-8")) {
      return fail(ErrorKind::format,
                  "reading XML: the text is marked as UTF-8, but declares itself '" + printable(declared) + "'");
    }
    return bytes;
  }
  std::string_view name = charset.empty() ? declared : charset;
  if (name.empty()) return bytes;
  auto known = charset_named(name);
  // A declaration that can be read as it stands is not in EBCDIC, whatever it says.
  if (!known || (is_ebcdic(*known) && charset.empty())) {
    return fail(ErrorKind::format, "reading XML: the encoding '" + printable(name) + "' is not supported here; send UTF-8");
  }
  if (*known == Charset::utf_8) return bytes;
  std::string out;
  std::size_t bad = decode_charset(*known, bytes, out);
  if (bad != std::string_view::npos) {
    return refuse_text(doing, bytes, bad, "this byte is no character of the encoding '" + printable(name) + "'");
  }
  return arena.copy(out);
}

}  // namespace busway
