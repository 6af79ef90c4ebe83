#include "transforms/formats/json_canonical.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "bus/json_text.hpp"
#include "bus/number_text.hpp"
#include "bus/pause.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

// RFC 8785, 3.2.3: by UTF-16 code units. In valid UTF-8 that is the order of the bytes, but that characters beyond U+FFFF, whose
// first unit is a surrogate, come before those from U+E000 on.
bool earlier(std::string_view left, std::string_view right) {
  auto [l, r] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (l == left.end() || r == right.end()) return l == left.end() && r != right.end();
  auto a = static_cast<unsigned char>(*l);
  auto b = static_cast<unsigned char>(*r);
  bool a_beyond = a >= 0xF0;
  bool b_beyond = b >= 0xF0;
  if (a_beyond != b_beyond) return a_beyond ? b >= 0xEE : a < 0xEE;
  return a < b;
}

bool changes(const Node& number, std::string_view written) {
  if (!number.has_number_text()) return false;
  std::string_view text = number.text();
  return text.find_first_of(".eE") == std::string_view::npos && compare_decimals(text, written) != 0;
}

class CanonicalWriter {
 public:
  explicit CanonicalWriter(std::string& out) : out_(out) {}
  bool write(const Node& document);

 private:
  struct Frame {
    const Node* container = nullptr;
    std::uint32_t next = 0;
    std::size_t members = 0;  // where those of an object begin in members_
  };
  bool open(const Node& container);
  bool scalar(const Node& value);
  const Node* next(Frame& frame);

  std::string& out_;
  std::vector<Frame> frames_;
  std::vector<const Member*> members_;  // of the objects that are open, each in order
};

bool CanonicalWriter::open(const Node& container) {
  frames_.push_back({.container = &container, .members = members_.size()});
  out_ += container.is_array() ? '[' : '{';
  if (container.is_array()) return true;
  for (const Member& member : container.members()) {
    pause_if_due();
    if (find_invalid_utf8(member.key.text()) != std::string_view::npos) return false;
    members_.push_back(&member);
  }
  auto from = members_.begin() + static_cast<std::ptrdiff_t>(frames_.back().members);
  std::sort(from, members_.end(), [](const Member* left, const Member* right) {
    pause_if_due();
    return earlier(left->key.text(), right->key.text());
  });
  return std::adjacent_find(from, members_.end(), [](const Member* left, const Member* right) {
           return left->key.text() == right->key.text();
         }) == members_.end();
}

bool CanonicalWriter::scalar(const Node& value) {
  if (refuse_for_canonical_json(value) != nullptr) return false;
  char buffer[32];
  switch (value.kind()) {
    case Node::Kind::string: append_json_string(value.text(), out_); return true;
    case Node::Kind::number: out_ += shortest_number(value.as_double(), buffer); return true;
    case Node::Kind::boolean: out_ += value.as_boolean() ? "true" : "false"; return true;
    default: out_ += "null"; return true;
  }
}

// The container's next value, with what stands before it; null when there is none left.
const Node* CanonicalWriter::next(Frame& frame) {
  if (frame.next == frame.container->size()) return nullptr;
  std::uint32_t at = frame.next++;
  if (at != 0) out_ += ',';
  if (frame.container->is_array()) return &frame.container->items()[at];
  const Member& member = *members_[frame.members + at];
  append_json_string(member.key.text(), out_);
  out_ += ':';
  return &member.value;
}

bool CanonicalWriter::write(const Node& document) {
  const Node* value = &document;
  for (;;) {
    pause_if_due();
    bool written = value->is_array() || value->is_object() ? open(*value) : scalar(*value);
    if (!written) return false;
    for (;;) {
      if (frames_.empty()) return true;
      Frame& frame = frames_.back();
      value = next(frame);
      if (value != nullptr) break;
      out_ += frame.container->is_array() ? ']' : '}';
      members_.resize(frame.members);
      frames_.pop_back();
    }
  }
}

}  // namespace

bool write_canonical_json(const Node& document, std::string& out) {
  return CanonicalWriter(out).write(document);
}

const char* refuse_for_canonical_json(const Node& value) {
  switch (value.kind()) {
    case Node::Kind::function: return "a function cannot be written as JSON";
    case Node::Kind::nothing: return "there is no value to write";
    case Node::Kind::string:
      return find_invalid_utf8(value.text()) == std::string_view::npos
                 ? nullptr
                 : "the text is not valid Unicode (half of a surrogate pair)";
    case Node::Kind::number: {
      char buffer[32];
      if (!std::isfinite(value.as_double())) return "JSON has no infinite numbers";
      return changes(value, shortest_number(value.as_double(), buffer))
                 ? "canonical JSON has no whole numbers this exact (above 2^53): write it as a text"
                 : nullptr;
    }
    default: return nullptr;
  }
}

}  // namespace busway
