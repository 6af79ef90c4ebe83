#include "bus/json_text.hpp"

#include <array>
#include <cmath>
#include <vector>

#include "bus/number_text.hpp"
#include "bus/pause.hpp"
#include "bus/spare.hpp"
#include "bus/text_sink.hpp"

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
constexpr std::size_t longest_escape = 6;

ByteBlock telling(ByteBlock block) {
  return (block < 0x20) | (block == '"') | (block == '\\');
}

void put_escape(unsigned char c, TextSink& out) {
  switch (c) {
    case '"': out.put("\\\""); return;
    case '\\': out.put("\\\\"); return;
    case '\b': out.put("\\b"); return;
    case '\f': out.put("\\f"); return;
    case '\n': out.put("\\n"); return;
    case '\r': out.put("\\r"); return;
    case '\t': out.put("\\t"); return;
    default:
      out.put("\\u00");
      out.put(hex_digits[c >> 4]);
      out.put(hex_digits[c & 15]);
  }
}

// A string that has more than plain ASCII: runs between what needs an escape.
[[gnu::noinline]] void put_escaped(std::string_view text, TextSink& out) {
  std::size_t from = 0;
  auto put_run = [&](std::size_t to) {
    out.reserve(to - from + longest_escape);
    out.put(text.substr(from, to - from));
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto c = static_cast<unsigned char>(text[at]);
    if (!special[c]) continue;
    if (c == 0xED) {
      if (at + 2 >= text.size() || static_cast<unsigned char>(text[at + 1]) < 0xA0) continue;
      put_run(at);
      unsigned unit = 0xD000U | ((static_cast<unsigned char>(text[at + 1]) & 0x3FU) << 6) |
                      (static_cast<unsigned char>(text[at + 2]) & 0x3FU);
      out.put("\\u");
      for (int shift = 12; shift >= 0; shift -= 4) out.put(hex_digits[(unit >> shift) & 15]);
      at += 2;
    } else {
      put_run(at);
      put_escape(c, out);
    }
    from = at + 1;
  }
  put_run(text.size());
}

// Walks a document and writes it. What JSON cannot hold ends the walk of a strict writer, and has a stand-in for the others.
class JsonWriter {
 public:
  JsonWriter(std::string& out, JsonStyle style, bool (*is_text)(std::string_view))
      : out_(out), style_(style), is_text_(is_text) {}
  bool write(const Node& document);
  bool string(std::string_view text);

 private:
  struct Frame {
    const Node* container = nullptr;
    std::uint32_t next = 0;
    bool empty = true;  // nothing is written of it yet
  };
  // The next value of the container that is to be written, its comma and key before it; null when it is full.
  const Node* next_value(Frame& frame, std::size_t level);
  bool scalar(const Node& node);
  bool number(const Node& node);
  void new_line(std::size_t level);
  bool goes_on(std::int32_t work) { return pause_if_due(work) || !style_.may_stop; }

  TextSink out_;
  JsonStyle style_;
  bool (*is_text_)(std::string_view);  // null: not strict
  bool refused_ = false;
};

bool JsonWriter::string(std::string_view text) {
  out_.reserve(text.size() + 4);
  out_.put('"');
  if (!out_.put_plain(text, telling)) {
    if (is_text_ != nullptr && !is_text_(text)) return false;
    put_escaped(text, out_);
    out_.reserve(4);
  }
  out_.put('"');
  return true;
}

bool JsonWriter::number(const Node& node) {
  constexpr std::size_t longest = 32;
  if (node.has_number_text() && style_.digits != JsonDigits::reprinted) {
    out_.append(node.text());
    return true;
  }
  double value = node.as_double();
  if (is_text_ != nullptr && !std::isfinite(value)) return false;
  char buffer[longest];
  out_.append(style_.digits == JsonDigits::exact ? shortest_number(value, buffer) : printed_number(value, buffer));
  return true;
}

bool JsonWriter::scalar(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::string: return string(node.text());
    case Node::Kind::number: return number(node);
    case Node::Kind::boolean: out_.append(node.as_boolean() ? "true" : "false"); return true;
    case Node::Kind::null: out_.append("null"); return true;
    case Node::Kind::nothing:
      if (is_text_ != nullptr) return false;
      out_.append("null");
      return true;
    default:
      if (is_text_ != nullptr) return false;
      out_.append("\"\"");
      return true;
  }
}

void JsonWriter::new_line(std::size_t level) {
  std::size_t blanks = static_cast<std::size_t>(style_.indent) * level;
  out_.reserve(blanks + 1);
  out_.put('\n');
  for (; blanks != 0; --blanks) out_.put(' ');
}

const Node* JsonWriter::next_value(Frame& frame, std::size_t level) {
  const Node& container = *frame.container;
  while (frame.next != container.size()) {
    std::uint32_t at = frame.next++;
    if (at % 64 == 63 && !goes_on(8)) {
      refused_ = true;
      return nullptr;
    }
    const Member* member = container.is_object() ? &container.members()[at] : nullptr;
    if (member != nullptr && member->value.is_nothing() && is_text_ == nullptr) continue;
    out_.reserve(4);
    if (!frame.empty) out_.put(',');
    frame.empty = false;
    if (style_.indent != 0) new_line(level);
    if (member == nullptr) return &container.items()[at];
    if (!string(member->key.text())) {
      refused_ = true;
      return nullptr;
    }
    out_.put(':');  // in the room that string() leaves
    if (style_.indent != 0) out_.put(' ');
    return &member->value;
  }
  return nullptr;
}

bool JsonWriter::write(const Node& document) {
  Spare<std::vector<Frame>> spare;
  std::vector<Frame>& frames = *spare;
  frames.clear();
  const Node* node = &document;
  while (true) {
    if (node->is_array() || node->is_object()) {
      out_.reserve(1);
      out_.put(node->is_array() ? '[' : '{');
      if (!goes_on(1)) return false;
      frames.push_back({.container = node});
    } else if (!scalar(*node)) {
      return false;
    }
    // Close what is full, then step to the next value.
    do {
      if (frames.empty()) return true;
      node = next_value(frames.back(), frames.size());
      if (node != nullptr) break;
      if (refused_) return false;
      Frame full = frames.back();
      frames.pop_back();
      if (style_.indent != 0 && !full.empty) new_line(frames.size());
      out_.reserve(1);
      out_.put(full.container->is_array() ? ']' : '}');
    } while (true);
  }
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  JsonWriter(out, {}, nullptr).string(text);
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

bool write_json(const Node& document, std::string& out, JsonStyle style) {
  return JsonWriter(out, style, nullptr).write(document);
}

bool write_strict_json(const Node& document, std::string& out, bool (*is_text)(std::string_view)) {
  return JsonWriter(out, {}, is_text).write(document);
}

std::string to_json(const Node& document) {
  std::string out;
  write_json(document, out);
  return out;
}

}  // namespace busway
