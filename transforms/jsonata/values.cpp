#include "transforms/jsonata/values.hpp"

#include <cmath>
#include <cstring>

#include "bus/number_text.hpp"
#include "bus/pause.hpp"
#include "transforms/jsonata/builtins.hpp"

namespace busway::jsonata {

namespace {

constexpr std::uint32_t few_keys = 12;

std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 32;
  value *= 0x9E3779B97F4A7C15ULL;
  return value ^ (value >> 29);
}

}  // namespace

int arity_of(const Node& function) {
  const Closure& closure = closure_of(function);
  switch (closure.kind) {
    case Closure::Kind::lambda: return static_cast<int>(closure.op->parameters.size);
    case Closure::Kind::builtin: return closure.builtin->arity;
    case Closure::Kind::partial: {
      int open = 0;
      for (bool one : closure.open) open += one ? 1 : 0;
      return open;
    }
    case Closure::Kind::regex: return 2;
    case Closure::Kind::next_match: return 0;
    case Closure::Kind::transform:
    case Closure::Kind::chain: return 1;
  }
  return 1;
}

Truth truth_of(const Node& node, bool all, Walk& walk) {
  auto truth = [](bool value) { return value ? Truth::yes : Truth::no; };
  const Node* at = &node;
  for (int level = 0; at->is_array() && at->size() == 1 && level < most_value_levels; ++level) at = &at->items()[0];
  switch (at->kind()) {
    case Node::Kind::nothing:
    case Node::Kind::null:
    case Node::Kind::function: return Truth::no;
    case Node::Kind::boolean: return truth(at->as_boolean());
    case Node::Kind::number: {
      double value = at->as_double();
      return std::isinf(value) ? Truth::infinite : truth(value != 0 && !std::isnan(value));
    }
    case Node::Kind::string:
    case Node::Kind::object: return truth(at->size() > 0);
    case Node::Kind::array: break;
  }
  if (at->size() <= 1) return Truth::no;
  // An array within is true by the same rule, so its depth is the value's own.
  struct Items {
    bool all;
    Walk& walk;
    Truth any(const Node& array, int level) const {
      Truth found = Truth::no;
      if (level > most_value_levels) return found;
      for (const Node& item : array.items()) {
        if (!walk.step()) return found;
        Truth one = item.is_array() ? any(item, level + 1) : truth_of(item, all, walk);
        if (one == Truth::infinite || (one == Truth::yes && !all)) return one;
        if (one == Truth::yes) found = one;
      }
      return found;
    }
  };
  return Items{all, walk}.any(*at, 0);
}

int compare_numbers(const Node& left, const Node& right) {
  double a = left.as_double();
  double b = right.as_double();
  if (a < b) return -1;
  if (a > b) return 1;
  if (left.has_number_text() && right.has_number_text() && left.text() != right.text()) {
    return compare_decimals(left.text(), right.text());
  }
  return 0;
}

bool same(const Node& left, const Node& right, Walk& walk, int level) {
  if (left.kind() != right.kind() || level > most_value_levels) return false;
  switch (left.kind()) {
    case Node::Kind::nothing:
    case Node::Kind::null: return true;
    case Node::Kind::boolean: return left.as_boolean() == right.as_boolean();
    case Node::Kind::number: return compare_numbers(left, right) == 0 && left.as_double() == right.as_double();
    case Node::Kind::string: return left.text() == right.text();
    case Node::Kind::function: return left.closure() == right.closure();
    case Node::Kind::array: {
      if (left.size() != right.size()) return false;
      for (std::size_t i = 0; i < left.size(); ++i) {
        if (!walk.step() || !same(left.items()[i], right.items()[i], walk, level + 1)) return false;
      }
      return true;
    }
    case Node::Kind::object: break;
  }
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!walk.step()) return false;
    const Member& member = left.members()[i];
    // The same place first: two objects of one origin compare in linear time.
    const Member& twin = right.members()[i];
    Node other = twin.key.text() == member.key.text() ? twin.value : right.member(member.key.text());
    if (other.is_nothing() || !same(member.value, other, walk, level + 1)) return false;
  }
  return true;
}

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325ULL ^ text.size();
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    hash = mix(hash ^ word);
    text.remove_prefix(8);
  }
  std::uint64_t rest = 0;
  if (!text.empty()) std::memcpy(&rest, text.data(), text.size());
  return mix(hash ^ rest);
}

std::uint64_t hash_of(const Node& node, Walk& walk, int level) {
  auto kind = static_cast<std::uint64_t>(node.kind());
  if (level > most_value_levels || !walk.step()) return 0;
  switch (node.kind()) {
    case Node::Kind::nothing:
    case Node::Kind::null: return kind;
    case Node::Kind::boolean: return mix(kind * 2 + (node.as_boolean() ? 1 : 0));
    case Node::Kind::number: {
      double value = node.as_double();
      if (value == 0) value = 0;  // -0 equals 0
      std::uint64_t bits = 0;
      std::memcpy(&bits, &value, sizeof bits);
      return mix(bits ^ (bits >> 31));
    }
    case Node::Kind::string: return hash_of(node.text());
    case Node::Kind::function: return mix(reinterpret_cast<std::uintptr_t>(node.closure()));
    case Node::Kind::array: {
      std::uint64_t hash = kind;
      for (const Node& item : node.items()) hash = mix(hash ^ hash_of(item, walk, level + 1)) + 1;
      return hash;
    }
    case Node::Kind::object: {
      std::uint64_t sum = node.size();  // members count in any order
      for (const Member& member : node.members())
        sum += mix(hash_of(member.key.text()) + hash_of(member.value, walk, level + 1) * 3);
      return sum;
    }
  }
  return 0;
}

namespace {

class Ruler {
 public:
  explicit Ruler(std::size_t most) : left_(most) {}
  Measure measure(const Node& value, int level) {
    if (level > most_value_levels) return Measure::too_deep;
    pause_if_due();
    if (value.is_array()) {
      if (!take(value.items().size_bytes())) return Measure::too_large;
      for (const Node& item : value.items()) {
        if (Measure found = part(item, level); found != Measure::fits) return found;
      }
    } else {
      if (!take(value.members().size_bytes())) return Measure::too_large;
      for (const Member& member : value.members()) {
        if (!take(member.key.size())) return Measure::too_large;
        if (Measure found = part(member.value, level); found != Measure::fits) return found;
      }
    }
    return Measure::fits;
  }

 private:
  bool take(std::size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }
  Measure part(const Node& value, int level) {
    if (value.is_array() || value.is_object()) return measure(value, level + 1);
    return !value.is_string() || take(value.size()) ? Measure::fits : Measure::too_large;
  }
  std::size_t left_;
};

}  // namespace

Measure measure(const Node& value, std::size_t most) {
  return Ruler(most).measure(value, 0);
}

bool holds_non_finite(const Node& node) {
  pause_if_due();
  if (node.is_number()) return !node.has_number_text() && !std::isfinite(node.as_double());
  if (node.is_array()) {
    for (const Node& item : node.items()) {
      if (holds_non_finite(item)) return true;
    }
  } else if (node.is_object()) {
    for (const Member& member : node.members()) {
      if (holds_non_finite(member.value)) return true;
    }
  }
  return false;
}

std::uint32_t KeyIndex::find(std::string_view key) const {
  if (slots_ == nullptr) {
    for (std::uint32_t i = 0; i < keys_.size; ++i) {
      if (keys_[i] == key) return i;
    }
    return none;
  }
  for (auto at = static_cast<std::uint32_t>(hash_of(key)) & mask_;; at = (at + 1) & mask_) {
    if (slots_[at] == none) return none;
    if (keys_[slots_[at]] == key) return slots_[at];
  }
}

std::uint32_t KeyIndex::add(std::string_view key) {
  auto number = static_cast<std::uint32_t>(keys_.size);
  keys_.push(key, arena_);
  if (keys_.size <= few_keys) return number;
  if (slots_ == nullptr || keys_.size * 2 > mask_) {
    grow();
  } else {
    auto at = static_cast<std::uint32_t>(hash_of(key)) & mask_;
    while (slots_[at] != none) at = (at + 1) & mask_;
    slots_[at] = number;
  }
  return number;
}

void KeyIndex::grow() {
  std::uint32_t size = 64;
  while (size < keys_.size * 4) size *= 2;
  slots_ = arena_.array<std::uint32_t>(size);
  mask_ = size - 1;
  std::memset(slots_, 0xFF, size * sizeof(std::uint32_t));
  for (std::uint32_t i = 0; i < keys_.size; ++i) {
    auto at = static_cast<std::uint32_t>(hash_of(keys_[i])) & mask_;
    while (slots_[at] != none) at = (at + 1) & mask_;
    slots_[at] = i;
  }
}

}  // namespace busway::jsonata
