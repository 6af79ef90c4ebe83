#include "bus/document.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>

#include "bus/number_text.hpp"
#include "bus/pause.hpp"

namespace busway {

std::string_view name_of(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::nothing: return "nothing";
    case Node::Kind::null: return "null";
    case Node::Kind::boolean: return "boolean";
    case Node::Kind::number: return "number";
    case Node::Kind::string: return "string";
    case Node::Kind::array: return "array";
    case Node::Kind::object: return "object";
    case Node::Kind::function: return "function";
  }
  return "nothing";
}

namespace {

// The usual number: up to 15 digits, with a point or without. Digits and power of ten are exact as doubles, so their quotient is
// rounded once, correctly (Clinger). False when it is another one.
bool read_short(std::string_view text, double& value) {
  static constexpr double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  if (text.empty() || text.size() > 16) return false;
  const char* at = text.data();
  const char* end = at + text.size();
  bool negative = *at == '-';
  if (negative) ++at;
  std::uint64_t digits = 0;
  const char* first = at;
  for (; at != end && *at >= '0' && *at <= '9'; ++at) digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
  if (at == first || at - first > 15) return false;
  value = static_cast<double>(digits);
  if (at != end) {
    if (*at++ != '.') return false;
    const char* fraction = at;
    for (; at != end && *at >= '0' && *at <= '9'; ++at) digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
    if (at != end || at - first > 16) return false;
    value = static_cast<double>(digits) / powers[at - fraction];
  }
  if (negative) value = -value;
  return true;
}

}  // namespace

double Node::as_double() const noexcept {
  if (!has_number_text()) return value_.number;
  double value = 0;
  std::string_view digits = text();
  if (read_short(digits, value)) return value;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) {
    // from_chars leaves the value alone; strtod tells overflow from underflow.
    return std::strtod(std::string(digits).c_str(), nullptr);
  }
  return value;
}

Node Node::member(std::string_view key) const noexcept {
  if (!is_object()) return {};
  for (const Member& member : members()) {
    // Names of one size mostly differ in their first letter.
    if (member.key.size() != key.size()) continue;
    if (key.empty() || (member.key.text().data()[0] == key.front() && member.key.text() == key)) return member.value;
  }
  return {};
}

Node deep_copy(const Node& node, Arena& arena) {
  pause_if_due();
  switch (node.kind()) {
    case Node::Kind::string: return Node::string(arena.copy(node.text())).with_marks(node.marks());
    case Node::Kind::number:
      return node.has_number_text() ? Node::number_text(arena.copy(node.text())).with_marks(node.marks()) : node;
    case Node::Kind::array: {
      auto* items = arena.array<Node>(node.size());
      std::size_t at = 0;
      for (const Node& item : node.items()) items[at++] = deep_copy(item, arena);
      return Node::array({items, at}).with_marks(node.marks());
    }
    case Node::Kind::object: {
      auto* members = arena.array<Member>(node.size());
      std::size_t at = 0;
      for (const Member& member : node.members()) members[at++] = {deep_copy(member.key, arena), deep_copy(member.value, arena)};
      return Node::object({members, at}).with_marks(node.marks());
    }
    default: return node;
  }
}

bool equal(const Node& left, const Node& right) {
  if (left.kind() != right.kind()) return false;
  pause_if_due();
  switch (left.kind()) {
    case Node::Kind::nothing:
    case Node::Kind::null: return true;
    case Node::Kind::boolean: return left.as_boolean() == right.as_boolean();
    case Node::Kind::number:
      if (left.has_number_text() && right.has_number_text()) return compare_decimals(left.text(), right.text()) == 0;
      return left.as_double() == right.as_double();
    case Node::Kind::string: return left.text() == right.text();
    case Node::Kind::function: return left.closure() == right.closure();
    case Node::Kind::array:
      return left.size() == right.size() && std::equal(left.items().begin(), left.items().end(), right.items().begin(), equal);
    case Node::Kind::object: {
      if (left.size() != right.size()) return false;
      std::size_t at = 0;
      for (const Member& member : left.members()) {
        // The same place first: two objects of one origin compare in linear time.
        const Member& twin = right.members()[at++];
        Node other = twin.key.text() == member.key.text() ? twin.value : right.member(member.key.text());
        if (other.is_nothing() || !equal(member.value, other)) return false;
      }
      return true;
    }
  }
  return false;
}

bool truthy(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::boolean: return node.as_boolean();
    case Node::Kind::number: return node.as_double() != 0;
    case Node::Kind::string:
    case Node::Kind::object: return node.size() != 0;
    case Node::Kind::array: return std::any_of(node.items().begin(), node.items().end(), truthy);
    default: return false;
  }
}

}  // namespace busway
