#include "bus/json_text.hpp"

#include <array>
#include <utility>
#include <vector>

#include "bus/number_text.hpp"
#include "bus/pause.hpp"
#include "bus/spare.hpp"

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

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
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

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

namespace {

void write_number(const Node& number, JsonDigits digits, std::string& out) {
  char buffer[32];
  if (number.has_number_text() && digits != JsonDigits::reprinted) {
    out += number.text();
  } else {
    double value = number.as_double();
    out += digits == JsonDigits::exact ? shortest_number(value, buffer) : printed_number(value, buffer);
  }
}

struct Frame {
  const Node* container;
  std::uint32_t next = 0;
  bool empty = true;  // nothing is written of it yet
};

// The next value of the container that is to be written, its comma and key before it; null when it is full.
const Node* next_value(Frame& frame, std::size_t level, int indent, std::string& out) {
  const Node& container = *frame.container;
  while (frame.next != container.size()) {
    std::uint32_t at = frame.next++;
    if (at % 64 == 63) pause_if_due(8);
    const Member* member = container.is_object() ? &container.members()[at] : nullptr;
    if (member != nullptr && member->value.is_nothing()) continue;
    if (!std::exchange(frame.empty, false)) out += ',';
    if (indent != 0) out.append(1, '\n').append(static_cast<std::size_t>(indent) * level, ' ');
    if (member == nullptr) return &container.items()[at];
    append_json_string(member->key.text(), out);
    out += indent == 0 ? ":" : ": ";
    return &member->value;
  }
  return nullptr;
}

}  // namespace

void write_json(const Node& document, std::string& out, JsonStyle style) {
  Spare<std::vector<Frame>> spare;
  std::vector<Frame>& frames = *spare;
  frames.clear();
  const Node* node = &document;
  while (true) {
    switch (node->kind()) {
      case Node::Kind::nothing:
      case Node::Kind::null: out += "null"; break;
      case Node::Kind::boolean: out += node->as_boolean() ? "true" : "false"; break;
      case Node::Kind::number: write_number(*node, style.digits, out); break;
      case Node::Kind::string: append_json_string(node->text(), out); break;
      case Node::Kind::function: out += "\"\""; break;
      case Node::Kind::array:
        out += '[';
        pause_if_due();
        frames.push_back({node});
        break;
      case Node::Kind::object:
        out += '{';
        pause_if_due();
        frames.push_back({node});
        break;
    }
    // Close what is full, then step to the next value.
    do {
      if (frames.empty()) return;
      node = next_value(frames.back(), frames.size(), style.indent, out);
      if (node != nullptr) break;
      Frame full = frames.back();
      frames.pop_back();
      if (style.indent != 0 && !full.empty)
        out.append(1, '\n').append(static_cast<std::size_t>(style.indent) * frames.size(), ' ');
      out += full.container->is_array() ? ']' : '}';
    } while (true);
  }
}

std::string to_json(const Node& document) {
  std::string out;
  write_json(document, out);
  return out;
}

}  // namespace busway
