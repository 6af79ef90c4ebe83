#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "bus/arena.hpp"
#include "bus/pause.hpp"

namespace busway {

struct Member;

// One value of the canonical tree that every format reads into and writes from, and that mappings compute with. 16 bytes,
// trivially copyable, immutable once built; it borrows its text and children from an Arena (or from a buffer that lives as long).
//
// - `nothing` is JSONata's missing value: never a member of a document, it marks "no body" and an expression without a result.
// - A number keeps the text it came in with until arithmetic touches it: number_text() of `1250.10` is `1250.10`. A computed
//   number holds a double and has no text.
// - `function` exists only inside an evaluation; no format can write it.
// - Keys of an object are unique and keep their order.
class Node {
 public:
  enum class Kind : std::uint8_t { nothing, null, boolean, number, string, array, object, function };

  constexpr Node() noexcept = default;
  static constexpr Node null() noexcept { return Node(Kind::null); }
  static constexpr Node boolean(bool value) noexcept {
    Node node(Kind::boolean);
    node.value_.boolean = value;
    return node;
  }
  static constexpr Node number(double value) noexcept {
    Node node(Kind::number);
    node.value_.number = value;
    return node;
  }
  // `text` is a number by JSON's grammar (RFC 8259, 6); the caller has checked it.
  static constexpr Node number_text(std::string_view text) noexcept {
    Node node(Kind::number);
    node.head_ |= has_text | size_bits(text.size());
    node.value_.text = text.data();
    return node;
  }
  // UTF-8 without a terminator; at most 4 GiB - 1.
  static constexpr Node string(std::string_view text) noexcept {
    Node node(Kind::string);
    node.head_ |= size_bits(text.size());
    node.value_.text = text.data();
    return node;
  }
  static constexpr Node array(std::span<const Node> items) noexcept {
    Node node(Kind::array);
    node.head_ |= size_bits(items.size());
    node.value_.items = items.data();
    return node;
  }
  static Node object(std::span<const Member> members) noexcept;
  // An evaluator's own closure; the evaluation's arena owns it.
  static constexpr Node function(const void* closure) noexcept {
    Node node(Kind::function);
    node.value_.closure = closure;
    return node;
  }

  constexpr Kind kind() const noexcept { return static_cast<Kind>(head_ & 0xFF); }
  constexpr bool is_nothing() const noexcept { return kind() == Kind::nothing; }
  constexpr bool is_null() const noexcept { return kind() == Kind::null; }
  constexpr bool is_boolean() const noexcept { return kind() == Kind::boolean; }
  constexpr bool is_number() const noexcept { return kind() == Kind::number; }
  constexpr bool is_string() const noexcept { return kind() == Kind::string; }
  constexpr bool is_array() const noexcept { return kind() == Kind::array; }
  constexpr bool is_object() const noexcept { return kind() == Kind::object; }
  constexpr bool is_function() const noexcept { return kind() == Kind::function; }

  // Each accessor is for its own kind only.
  constexpr bool as_boolean() const noexcept { return value_.boolean; }
  constexpr std::string_view text() const noexcept {
    return {value_.text, size()};
  }  // string, or a number with has_number_text()
  constexpr std::span<const Node> items() const noexcept { return {value_.items, size()}; }
  std::span<const Member> members() const noexcept;
  constexpr const void* closure() const noexcept { return value_.closure; }

  // A number still in the text it came in with.
  constexpr bool has_number_text() const noexcept {
    return (head_ & (0xFF | has_text)) == (static_cast<std::uint64_t>(Kind::number) | has_text);
  }
  // The number as a double, parsed from its text when it has one (correctly rounded; may be infinite for 1e999).
  double as_double() const noexcept;

  // Items of an array, members of an object, bytes of a string.
  constexpr std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(head_ >> 32); }

  // The member's value; nothing when there is no such member or this is no object. Linear in the members.
  Node member(std::string_view key) const noexcept;

  // Four bits for an evaluator's own marks (JSONata: sequence, keep-singleton, ...). Formats ignore them; they are copied along.
  constexpr std::uint8_t marks() const noexcept { return static_cast<std::uint8_t>(head_ >> 12 & 0x0F); }
  constexpr Node with_marks(std::uint8_t marks) const noexcept {
    Node node = *this;
    node.head_ = (head_ & ~0xF000ULL) | (static_cast<std::uint64_t>(marks & 0x0F) << 12);
    return node;
  }

 private:
  // One word holds the kind (bits 0 to 7), the flags (8 to 15) and the size (32 to 63): a copy is two moves.
  static constexpr std::uint64_t has_text = 1U << 8;
  static constexpr std::uint64_t size_bits(std::size_t size) noexcept { return static_cast<std::uint64_t>(size) << 32; }
  constexpr explicit Node(Kind kind) noexcept : head_(static_cast<std::uint64_t>(kind)) {}

  std::uint64_t head_ = 0;
  union Value {
    const char* text = nullptr;
    const Node* items;
    const Member* members;
    const void* closure;
    double number;
    bool boolean;
  } value_;
};
static_assert(sizeof(Node) == 16);

struct Member {
  Node key;  // a string
  Node value;
};

inline Node Node::object(std::span<const Member> members) noexcept {
  Node node(Kind::object);
  node.head_ |= size_bits(members.size());
  node.value_.members = members.data();
  return node;
}
inline std::span<const Member> Node::members() const noexcept {
  return {value_.members, size()};
}

std::string_view name_of(Node::Kind kind);  // "array", "number", ...

// A copy whose every byte lives in `arena`. Does not recurse deeper than the tree.
Node deep_copy(const Node& node, Arena& arena);

// Deep equality as language.md has it: numbers as exact decimals when both have their text, as doubles otherwise; object members
// in any order; kinds never mix.
bool equal(const Node& left, const Node& right);

// JSONata's $boolean: nothing, null, 0, "" and empty objects are false, an array is true when one of its items is, a function is
// false. What `when` and `filter` decide by.
bool truthy(const Node& node);

// Collects values into an array or object that ends up contiguous in the arena; grows in place when it can. Not for untrusted
// counts without a limit at the reader.
template <class T>
class Collector {
 public:
  explicit Collector(Arena& arena) noexcept : arena_(&arena) {}
  Collector(Collector&& other) noexcept
      : arena_(other.arena_),
        items_(std::exchange(other.items_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Collector& operator=(Collector&& other) noexcept {
    arena_ = other.arena_;
    items_ = std::exchange(other.items_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  // Room for so many in all, so that pushing them moves nothing. False, and all is as it was, when nobody waits for the values
  // any more (bus/pause.hpp).
  bool reserve(std::size_t count) { return count <= capacity_ || grow(count, true); }
  void push(const T& value) {
    if (size_ == capacity_) grow(capacity_ == 0 ? 8 : capacity_ * 2, false);
    items_[size_++] = value;
  }
  std::span<const T> items() const noexcept { return {items_, size_}; }
  std::span<T> mutable_items() noexcept { return {items_, size_}; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  // Keeps the first `size` of them.
  void shrink(std::size_t size) noexcept { size_ = size; }

 private:
  bool grow(std::size_t more, bool may_stop);
  Arena* arena_;
  T* items_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

template <class T>
bool Collector<T>::grow(std::size_t more, bool may_stop) {
  if (capacity_ != 0 && arena_->extend(items_, capacity_ * sizeof(T), more * sizeof(T))) {
    capacity_ = more;
    return true;
  }
  T* moved = arena_->array<T>(more);
  constexpr std::size_t at_once = 4096;
  std::size_t done = 0;
  for (; size_ - done > at_once; done += at_once) {
    for (std::size_t i = 0; i < at_once; ++i) moved[done + i] = items_[done + i];
    if (!pause_if_due(64) && may_stop) return false;
  }
  for (; done < size_; ++done) moved[done] = items_[done];
  items_ = moved;
  capacity_ = more;
  return true;
}

}  // namespace busway
