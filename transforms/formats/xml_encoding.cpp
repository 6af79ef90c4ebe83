#include "transforms/formats/xml_encoding.hpp"

#include <string>

#include "transforms/formats/charset.hpp"
#include "transforms/formats/utf16.hpp"
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

// A document in UTF-16 without a mark begins with `<` and a zero byte beside it (appendix F): no other set that is read here has
// one.
ByteOrder guessed_order(std::string_view bytes) {
  if (bytes.size() < 2) return ByteOrder::none;
  if (bytes[0] == '<' && bytes[1] == '\0') return ByteOrder::little;
  return bytes[0] == '\0' && bytes[1] == '<' ? ByteOrder::big : ByteOrder::none;
}

// `named`: by the Content-Type, which is above what the document says of itself.
Result<std::string_view> from_utf16(std::string_view bytes, Charset charset, bool named, Arena& arena) {
  auto text = utf16_to_utf8(charset, bytes, arena, doing);
  if (!text || named) return text;
  std::string_view declared = declared_encoding(*text);
  if (declared.empty()) return text;
  bool little = charset == Charset::utf_16le || marked_order(bytes) == ByteOrder::little;
  auto known = charset_named(declared);
  if (known == Charset::utf_16 || known == (little ? Charset::utf_16le : Charset::utf_16be)) return text;
  return fail(ErrorKind::format, "reading XML: the text is UTF-16, but declares itself '" + printable(declared) + "'");
}

}  // namespace

bool says_encoding(std::string_view bytes) {
  return marked_order(bytes) != ByteOrder::none || bytes.starts_with("\xEF\xBB\xBF") || guessed_order(bytes) != ByteOrder::none ||
         !declared_encoding(bytes).empty();
}

Result<std::string_view> xml_as_utf8(std::string_view bytes, std::string_view charset, Arena& arena) {
  if (marked_order(bytes) != ByteOrder::none) return from_utf16(bytes, Charset::utf_16, false, arena);
  bool marked = bytes.starts_with("\xEF\xBB\xBF");
  if (marked) bytes.remove_prefix(3);
  if (!marked && same(charset, "utf-8")) return bytes;  // whatever is declared
  if (ByteOrder guessed = guessed_order(bytes); !marked && guessed != ByteOrder::none) {
    auto named = charset_named(charset);
    Charset order = guessed == ByteOrder::big ? Charset::utf_16be : Charset::utf_16le;
    if (charset.empty() || (named && (*named == Charset::utf_16 || *named == order)))
      return from_utf16(bytes, order, !charset.empty(), arena);
    if (named && is_wide(*named)) {
      return fail(ErrorKind::format,
                  "reading XML: the text is to be " + std::string(name_of(*named)) + ", but its bytes are in the other order");
    }
  }
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
  if (is_wide(*known)) {
    if (!charset.empty()) return from_utf16(bytes, *known, true, arena);
    // The declaration could be read as it stands, a byte a character.
    return fail(ErrorKind::format, "reading XML: the text declares itself '" + printable(name) + "', but is not UTF-16");
  }
  std::string out;
  std::size_t bad = decode_charset(*known, bytes, out);
  if (bad != std::string_view::npos) {
    return refuse_text(doing, bytes, bad, "this byte is no character of the encoding '" + printable(name) + "'");
  }
  return arena.copy(out);
}

}  // namespace busway
