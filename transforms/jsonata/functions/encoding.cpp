#include <array>
#include <string>

#include "bus/pause.hpp"
#include "transforms/jsonata/functions/functions.hpp"
#include "transforms/jsonata/list.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata::functions {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view never_escaped = "-_.!~*'()";
constexpr std::string_view reserved = ";/?:@&=+$,#";

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A text of which one three times as long at most is made, with room to grow, and copied into the arena.
bool may_rewrite(Evaluation& evaluation, const Node& text) {
  return text.is_string() && evaluation.spend_for(text.size(), 16) && evaluation.room(9 * std::size_t{text.size()});
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Node encode(Evaluation& evaluation, const Node& value, bool whole) {
  if (!may_rewrite(evaluation, value)) return {};
  std::string_view text = value.text();
  std::string out;
  PauseByBytes pause;
  for (std::size_t at = 0; at < text.size();) {
    pause.at(at);
    std::size_t start = at;
    char c = text[at];
    if (is_surrogate(next_code_point(text, at))) return evaluation.fail("D3140");
    if (is_alphanumeric(c) || never_escaped.find(c) != std::string_view::npos ||
        (whole && reserved.find(c) != std::string_view::npos)) {
      out += c;
      continue;
    }
    for (; start < at; ++start) {
      auto byte = static_cast<unsigned char>(text[start]);
      out += '%';
      out += "0123456789ABCDEF"[byte >> 4];
      out += "0123456789ABCDEF"[byte & 15];
    }
  }
  return evaluation.make_string(out);
}

// Whether the bytes are exactly one well-formed UTF-8 character.
bool is_character(std::string_view bytes) {
  std::size_t at = 0;
  char32_t code = next_code_point(bytes, at);
  if (at != bytes.size()) return false;
  if (bytes.size() == 1) return code < 0x80;
  char32_t least = bytes.size() == 2 ? 0x80 : bytes.size() == 3 ? 0x800 : 0x10000;
  return code >= least && code <= 0x10FFFF && !is_surrogate(code);
}

Node decode(Evaluation& evaluation, const Node& value, bool whole) {
  if (!may_rewrite(evaluation, value)) return {};
  std::string_view text = value.text();
  std::string out;
  PauseByBytes pause;
  for (std::size_t at = 0; at < text.size();) {
    pause.at(at);
    if (text[at] != '%') {
      out += text[at++];
      continue;
    }
    std::size_t start = at;
    std::string bytes;
    std::size_t wanted = 1;
    do {
      int high = at + 2 < text.size() && text[at] == '%' ? hex_value(text[at + 1]) : -1;
      int low = high >= 0 ? hex_value(text[at + 2]) : -1;
      if (low < 0) return evaluation.fail("D3140", text);
      auto byte = static_cast<unsigned char>(high * 16 + low);
      if (bytes.empty()) wanted = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
      bytes += static_cast<char>(byte);
      at += 3;
    } while (bytes.size() < wanted);
    if (!is_character(bytes)) return evaluation.fail("D3140", text);
    if (whole && bytes.size() == 1 && reserved.find(bytes[0]) != std::string_view::npos) {
      out += text.substr(start, 3);
    } else {
      out += bytes;
    }
  }
  return evaluation.make_string(out);
}

}  // namespace

Node base64_encode(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!may_rewrite(evaluation, arguments[0])) return {};
  std::string_view text = arguments[0].text();
  // Characters stand for bytes, as in JavaScript's btoa.
  std::string bytes;
  PauseByBytes pause;
  for (std::size_t at = 0; at < text.size();) {
    pause.at(at);
    char32_t code = next_code_point(text, at);
    if (code > 0xFF) return evaluation.fail("T0410", "$base64encode takes characters up to U+00FF only");
    bytes += static_cast<char>(static_cast<unsigned char>(code));
  }
  std::string out;
  PauseByBytes pause_again;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    pause_again.at(i);
    std::uint32_t group = 0;
    std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) group = (group << 8) | (j < have ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j) out += j <= have ? alphabet[(group >> (18 - 6 * j)) & 63U] : '=';
  }
  return evaluation.make_string(out);
}

Node base64_decode(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!may_rewrite(evaluation, arguments[0])) return {};
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  PauseByBytes pause;
  std::size_t at = 0;
  for (char c : arguments[0].text()) {
    pause.at(at++);
    if (c == '=') break;
    std::size_t digit = alphabet.find(c == '-' ? '+' : c == '_' ? '/' : c);
    if (digit == std::string_view::npos) continue;  // as Node's Buffer does
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    have += 6;
    if (have >= 8) {
      have -= 8;
      append_code_point(out, (bits >> have) & 0xFFU);
    }
  }
  return evaluation.make_string(out);
}

Node encode_url(Evaluation& evaluation, Arguments arguments, const Node&) {
  return encode(evaluation, arguments[0], true);
}
Node encode_url_component(Evaluation& evaluation, Arguments arguments, const Node&) {
  return encode(evaluation, arguments[0], false);
}
Node decode_url(Evaluation& evaluation, Arguments arguments, const Node&) {
  return decode(evaluation, arguments[0], true);
}
Node decode_url_component(Evaluation& evaluation, Arguments arguments, const Node&) {
  return decode(evaluation, arguments[0], false);
}

}  // namespace busway::jsonata::functions
