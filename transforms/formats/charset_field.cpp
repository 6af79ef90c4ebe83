#include "transforms/formats/charset_field.hpp"

#include "transforms/formats/utf16.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

Result<std::string_view> text_from(Charset charset, std::string_view bytes, Arena& arena, std::string_view doing) {
  if (charset == Charset::utf_8) {
    if (std::size_t bad = find_in_pieces(bytes, [](std::string_view piece) { return find_invalid_utf8(piece); });
        bad != std::string_view::npos)
      return refuse_text(doing, bytes, bad, "the text is not valid UTF-8");
    return bytes;
  }
  if (is_wide(charset)) return utf16_to_utf8(charset, bytes, arena, doing);
  std::string text;
  if (std::size_t bad = decode_charset(charset, bytes, text); bad != std::string_view::npos)
    return refuse_text(doing, text, text.size(), "the byte is no character of " + std::string(name_of(charset)));
  return arena.copy(text);
}

Result<void> append_in(Charset charset, std::string_view text, std::string& out, std::string_view doing) {
  if (std::size_t bad = encode_charset(charset, text, out); bad != std::string_view::npos)
    return refuse_text(
        doing, text, bad,
        is_wide(charset) ? "the text is not valid Unicode" : std::string(name_of(charset)) + " does not have this character");
  return {};
}

std::string labelled(std::string_view content_type, Charset charset) {
  std::string label(content_type);
  if (charset != Charset::ascii && !is_ebcdic(charset)) label += "; charset=" + std::string(name_of(charset));
  return label;
}

}  // namespace busway
