#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "transforms/formats/json.hpp"

namespace busway {

namespace {

// Bytes that cannot stand in a JSON string as they are; 0xED may begin a lone surrogate.
constexpr std::array<bool, 256> make_special() {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = true;
  table['"'] = table['\\'] = table[0xED] = true;
  return table;
}
constexpr auto special = make_special();
constexpr char hex_digits[] = "0123456789abcdef";

void write_escape(unsigned char c, std::string& out) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default:
      out += "\\u00";
      out += hex_digits[c >> 4];
      out += hex_digits[c & 15];
  }
}

void write_string(std::string_view text, std::string& out) {
  out += '"';
  std::size_t from = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto c = static_cast<unsigned char>(text[at]);
    if (!special[c]) continue;
    if (c == 0xED) {
      if (at + 2 >= text.size() || static_cast<unsigned char>(text[at + 1]) < 0xA0) continue;
      out.append(text, from, at - from);
      unsigned unit = 0xD000U | ((static_cast<unsigned char>(text[at + 1]) & 0x3FU) << 6) |
                      (static_cast<unsigned char>(text[at + 2]) & 0x3FU);
      out += "\\u";
      for (int shift = 12; shift >= 0; shift -= 4) out += hex_digits[(unit >> shift) & 15];
      at += 2;
    } else {
      out.append(text, from, at - from);
      write_escape(c, out);
    }
    from = at + 1;
  }
  out.append(text, from, text.size() - from);
  out += '"';
}

void write_number(const Node& number, JsonDigits digits, std::string& out) {
  if (number.has_number_text()) {
    out += number.text();
    return;
  }
  char buffer[40];
  double value = number.as_double();
  if (std::abs(value) < 1e15 && value == std::trunc(value)) {
    auto written = std::to_chars(buffer, buffer + sizeof buffer, static_cast<std::int64_t>(value));
    out.append(buffer, written.ptr);
    return;
  }
  if (digits == JsonDigits::exact && std::isfinite(value)) {
    auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
    out.append(buffer, written.ptr);
    return;
  }
  out += number_to_text(number, buffer);
}

struct Frame {
  const Node* container;
  std::uint32_t next;
};

}  // namespace

void write_json(const Node& document, std::string& out, JsonDigits digits) {
  thread_local std::vector<Frame> frames;
  frames.clear();
  const Node* node = &document;
  for (;;) {
    switch (node->kind()) {
      case Node::Kind::nothing:
      case Node::Kind::null: out += "null"; break;
      case Node::Kind::boolean: out += node->as_boolean() ? "true" : "false"; break;
      case Node::Kind::number: write_number(*node, digits, out); break;
      case Node::Kind::string: write_string(node->text(), out); break;
      case Node::Kind::function: out += "\"\""; break;
      case Node::Kind::array:
        out += '[';
        frames.push_back({node, 0});
        break;
      case Node::Kind::object:
        out += '{';
        frames.push_back({node, 0});
        break;
    }
    // Close what is full, then step to the next item.
    while (!frames.empty() && frames.back().next == frames.back().container->size()) {
      out += frames.back().container->is_array() ? ']' : '}';
      frames.pop_back();
    }
    if (frames.empty()) return;
    Frame& frame = frames.back();
    if (frame.next != 0) out += ',';
    if (frame.container->is_array()) {
      node = &frame.container->items()[frame.next];
    } else {
      const Member& member = frame.container->members()[frame.next];
      write_string(member.key.text(), out);
      out += ':';
      node = &member.value;
    }
    ++frame.next;
  }
}

}  // namespace busway
