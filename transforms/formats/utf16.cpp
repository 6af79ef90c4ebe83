#include "transforms/formats/utf16.hpp"

#include "bus/pause.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

ByteOrder marked_order(std::string_view bytes) {
  if (bytes.starts_with("\xFE\xFF")) return ByteOrder::big;
  return bytes.starts_with("\xFF\xFE") ? ByteOrder::little : ByteOrder::none;
}

Result<std::string_view> utf16_to_utf8(Charset charset, std::string_view bytes, Arena& arena, std::string_view doing) {
  ByteOrder marked = marked_order(bytes);
  ByteOrder order = charset == Charset::utf_16le ? ByteOrder::little : ByteOrder::big;
  if (marked != ByteOrder::none) {
    if (charset != Charset::utf_16 && marked != order) {
      return fail(ErrorKind::format, std::string(doing) + ": the text is to be " + std::string(name_of(charset)) +
                                         ", but its byte order mark is of the other order");
    }
    order = marked;
    bytes.remove_prefix(2);
  }
  if (bytes.size() % 2 != 0) return fail(ErrorKind::format, std::string(doing) + ": the UTF-16 text ends inside a character");
  bool big = order == ByteOrder::big;
  auto unit = [&](std::size_t at) {
    auto high = static_cast<unsigned char>(bytes[big ? at : at + 1]);
    auto low = static_cast<unsigned char>(bytes[big ? at + 1 : at]);
    return static_cast<char32_t>((high << 8) | low);
  };
  std::string out;
  out.reserve(bytes.size());
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
  return arena.copy(out);
}

std::size_t append_utf16(Charset charset, std::string_view text, std::string& out) {
  bool big = charset != Charset::utf_16le;
  auto put = [&](char32_t unit) {
    auto high = static_cast<char>(static_cast<unsigned char>(unit >> 8));
    auto low = static_cast<char>(static_cast<unsigned char>(unit & 0xFF));
    out += big ? high : low;
    out += big ? low : high;
  };
  if (charset == Charset::utf_16 && !text.empty()) put(0xFEFF);
  PauseByBytes pause;
  for (std::size_t at = 0; at < text.size();) {
    pause.at(at);
    std::size_t size = utf8_sequence(text.substr(at));
    if (size == 0) return at;
    char32_t c = decode_utf8(text.data() + at, size);
    if (c < 0x10000) {
      put(c);
    } else {
      put(0xD800 + ((c - 0x10000) >> 10));
      put(0xDC00 + ((c - 0x10000) & 0x3FF));
    }
    at += size;
  }
  return std::string_view::npos;
}

}  // namespace busway
