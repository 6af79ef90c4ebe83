#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "bus/document.hpp"
#include "bus/pause.hpp"
#include "transforms/jsonata/ir.hpp"

namespace busway::jsonata {

// Marks on arrays (Node::marks). A sequence is what a path collects: it gives way to its item when it has one, and to nothing
// when it has none. A tuple stream is a sequence of Tuple; the wrapper is the one item around an array that is the whole input.
namespace mark {
constexpr std::uint8_t sequence = 1;
constexpr std::uint8_t keep_singleton = 2;
constexpr std::uint8_t constructed = 4;  // by an array constructor that stays whole in a path
constexpr std::uint8_t tuples = 8;
constexpr std::uint8_t wrapper = 12;
}  // namespace mark

inline bool is_sequence(const Node& node) {
  return node.is_array() && (node.marks() & mark::sequence) != 0;
}
inline bool is_tuples(const Node& node) {
  return node.is_array() && (node.marks() & mark::wrapper) == mark::tuples;
}
inline bool is_wrapper(const Node& node) {
  return node.is_array() && (node.marks() & mark::wrapper) == mark::wrapper;
}
inline bool is_constructed(const Node& node) {
  return node.is_array() && (node.marks() & mark::wrapper) == mark::constructed;
}
inline Node with_mark(const Node& node, std::uint8_t mark) {
  return node.with_marks(static_cast<std::uint8_t>(node.marks() | mark));
}
inline Node make_sequence(std::span<const Node> items) {
  return Node::array(items).with_marks(mark::sequence);
}

// Variables of one scope. A binding's value may change while its scope lives; a shared list belongs to a tuple.
struct Binding {
  VariableId id = no_variable;
  Node value{};
  Binding* next = nullptr;
};
struct Frame {
  Frame* parent = nullptr;
  Binding* bindings = nullptr;
  bool shared = false;
};

// One item of a path that carries variables: `@$x`, `#$i` and what a `%` stands for.
struct Tuple {
  Node value{};
  Binding* bindings = nullptr;
};
inline const Tuple& tuple_of(const Node& node) {
  return *static_cast<const Tuple*>(node.closure());
}

// A function as a value.
struct Closure {
  enum class Kind : std::uint8_t { lambda, builtin, partial, regex, next_match, transform, chain };
  Kind kind = Kind::lambda;
  const Op* op = nullptr;  // lambda, regex, transform
  Frame* frame = nullptr;  // lambda, transform
  Node input{};            // lambda: its context; next_match: the text
  const Builtin* builtin = nullptr;
  Node target{};                  // partial, chain: the function behind
  Node then{};                    // chain: the second function
  std::span<const Node> given{};  // partial: arguments, placeholders marked
  std::span<const bool> open{};   // partial: which arguments are still to come
  std::size_t from = 0;           // next_match: where to go on, in bytes
  std::size_t from_points = 0;    // ... in code points
  const void* regex = nullptr;    // next_match: the pattern's closure
};
inline const Closure& closure_of(const Node& node) {
  return *static_cast<const Closure*>(node.closure());
}
int arity_of(const Node& function);

// The very same value: what one of them shows, the other shows, without looking.
inline bool is_identical(const Node& left, const Node& right) {
  if (left.kind() != right.kind() || left.marks() != right.marks() || left.size() != right.size()) return false;
  switch (left.kind()) {
    case Node::Kind::nothing:
    case Node::Kind::null: return true;
    case Node::Kind::boolean: return left.as_boolean() == right.as_boolean();
    case Node::Kind::number:
      if (left.has_number_text() != right.has_number_text()) return false;
      if (left.has_number_text()) return left.text().data() == right.text().data();
      return std::bit_cast<std::uint64_t>(left.as_double()) == std::bit_cast<std::uint64_t>(right.as_double());
    case Node::Kind::string: return left.text().data() == right.text().data();
    case Node::Kind::array: return left.items().data() == right.items().data();
    case Node::Kind::object: return left.members().data() == right.members().data();
    case Node::Kind::function: return left.closure() == right.closure();
  }
  return false;
}

// Keys are short and mostly equal when they are as long: cheaper than a call.
inline bool same_key(const char* left, const char* right, std::size_t size) {
  auto word = [](const char* at) {
    std::uint64_t value = 0;
    std::memcpy(&value, at, 8);
    return value;
  };
  auto half = [](const char* at) {
    std::uint32_t value = 0;
    std::memcpy(&value, at, 4);
    return value;
  };
  if (size > 16) return std::memcmp(left, right, size) == 0;
  if (size >= 8) return word(left) == word(right) && word(left + size - 8) == word(right + size - 8);
  if (size >= 4) return half(left) == half(right) && half(left + size - 4) == half(right + size - 4);
  return size == 0 || (left[0] == right[0] && left[size / 2] == right[size / 2] && left[size - 1] == right[size - 1]);
}

// The member of an object, null when there is none. `hint` is a guess where it lies, kept from the last time: objects of one
// origin have one order.
inline const Node* find_member(const Node& object, std::string_view key, std::uint32_t& hint) {
  const Member* members = object.members().data();
  std::uint32_t count = object.size();
  auto matches = [&](const Member& member) {
    return member.key.size() == key.size() && same_key(member.key.text().data(), key.data(), key.size());
  };
  std::uint32_t guess = hint;
  if (guess < count && matches(members[guess])) return &members[guess].value;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!matches(members[i])) continue;
    hint = i;
    return &members[i].value;
  }
  return nullptr;
}

// How deep values may nest in what walks them.
constexpr int most_value_levels = 1000;

// What a walk through a value may look at. Values share their parts, so what takes little memory may be endless to walk; a walk
// that has seen its `most` ends, with any answer, as the evaluation has failed by then.
struct Walk {
  std::uint64_t most = UINT64_MAX;
  std::uint64_t seen = 0;
  bool late = false;  // it ended because the time was up
  // False when the walk must end. Waits where others have their turn.
  bool step() {
    if (late || ++seen >= most) return false;
    late = !pause_if_due();
    return !late;
  }
};

// JSONata's idea of true; `nothing` is false. An infinite number, also as an item, is neither: whoever needs an answer must
// refuse it. Of several items the first true one decides, unless `all` asks for a look at each.
enum class Truth : std::uint8_t { no, yes, infinite };
Truth truth_of(const Node& node, bool all, Walk& walk);

// <0, 0, >0; exact when both still have their text.
int compare_numbers(const Node& left, const Node& right);

// Deep equality as language.md has it; beyond `most_value_levels` nothing is equal.
bool same(const Node& left, const Node& right, Walk& walk, int level = 0);
inline bool same(const Node& left, const Node& right) {
  Walk walk;
  return same(left, right, walk);
}

// Equal values have equal hashes.
std::uint64_t hash_of(const Node& node, Walk& walk, int level = 0);
inline std::uint64_t hash_of(const Node& node) {
  Walk walk;
  return hash_of(node, walk);
}
std::uint64_t hash_of(std::string_view text);

// Whether a value is a document of at most `most` bytes: what each value in it takes and its text, shared parts as often as they
// are seen. Looks no further than that, so it takes time in proportion to `most` at worst.
enum class Measure : std::uint8_t { fits, too_large, too_deep };
Measure measure(const Node& value, std::size_t most);

// True when an infinite number or a not-a-number is in the value.
bool holds_non_finite(const Node& node);

// Finds members by key: linear for a few, by hash for many. Lives in an arena.
class KeyIndex {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;
  explicit KeyIndex(Arena& arena) : arena_(arena) {}
  // The number of the key, in order of insertion; none when it is new.
  std::uint32_t find(std::string_view key) const;
  // The key must be new. Numbers count from 0.
  std::uint32_t add(std::string_view key);
  std::uint32_t size() const { return static_cast<std::uint32_t>(keys_.size); }

 private:
  void grow();
  Arena& arena_;
  Items<std::string_view> keys_{};
  std::uint32_t* slots_ = nullptr;
  std::uint32_t mask_ = 0;
};

}  // namespace busway::jsonata
