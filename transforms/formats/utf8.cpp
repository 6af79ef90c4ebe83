#include "transforms/formats/utf8.hpp"

#include <cstring>

#include "bus/pause.hpp"

namespace busway {

namespace {

bool continues(unsigned char byte) {
  return (byte & 0xC0) == 0x80;
}

}  // namespace

std::size_t utf8_sequence(std::string_view text, bool surrogates) {
  if (text.empty()) return 0;
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  if (lead < 0xE0) return text.size() >= 2 && continues(byte(1)) ? 2 : 0;
  if (lead < 0xF0) {
    if (text.size() < 3 || !continues(byte(1)) || !continues(byte(2))) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;
    if (lead == 0xED && byte(1) > 0x9F && !surrogates) return 0;
    return 3;
  }
  if (text.size() < 4 || !continues(byte(1)) || !continues(byte(2)) || !continues(byte(3))) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return 4;
}

std::size_t find_invalid_utf8(std::string_view text, bool surrogates) {
  std::size_t at = 0;
  while (at < text.size()) {
    while (at + 8 <= text.size()) {
      std::uint64_t word;
      std::memcpy(&word, text.data() + at, 8);
      if ((word & 0x8080808080808080ULL) != 0) break;
      at += 8;
    }
    if (at == text.size()) break;
    std::size_t size = utf8_sequence(text.substr(at), surrogates);
    if (size == 0) return at;
    at += size;
  }
  return std::string_view::npos;
}

void append_utf8(char32_t code_point, std::string& out) {
  auto put = [&](char32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

char32_t decode_utf8(const char* at, std::size_t size) {
  auto bits = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(at[i]) & 0x3F); };
  auto lead = static_cast<unsigned char>(at[0]);
  switch (size) {
    case 2: return (static_cast<char32_t>(lead & 0x1F) << 6) | bits(1);
    case 3: return (static_cast<char32_t>(lead & 0x0F) << 12) | (bits(1) << 6) | bits(2);
    case 4: return (static_cast<char32_t>(lead & 0x07) << 18) | (bits(1) << 12) | (bits(2) << 6) | bits(3);
    default: return lead;
  }
}

TextPlace place_of(std::string_view text, std::size_t offset) {
  TextPlace place;
  if (offset > text.size()) offset = text.size();
  PauseByBytes pause;
  for (std::size_t i = 0; i < offset; ++i) {
    pause.at(i);
    if (continues(static_cast<unsigned char>(text[i]))) continue;
    ++place.position;
    if (text[i] == '\n') {
      ++place.line;
      place.column = 1;
    } else {
      ++place.column;
    }
  }
  return place;
}

std::unexpected<Error> refuse_text(std::string_view doing, std::string_view text, std::size_t offset, std::string_view detail) {
  TextPlace place = place_of(text, offset);
  std::string message(doing);
  message += ": line " + std::to_string(place.line) + ", column " + std::to_string(place.column) + ": ";
  message += detail;
  return fail(ErrorKind::format, std::move(message), {}, place.position);
}

std::string printable(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  for (int count = 0; at < text.size(); ++count) {
    if (count == 40) return out + "...";
    std::size_t size = utf8_sequence(text.substr(at));
    if (size == 0 || static_cast<unsigned char>(text[at]) < 0x20 || text[at] == 0x7F) {
      out += "\xEF\xBF\xBD";
      at += size == 0 ? 1 : size;
      continue;
    }
    out.append(text.substr(at, size));
    at += size;
  }
  return out;
}

}  // namespace busway
