#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bus/document.hpp"

namespace busway::schema {

// Equality of whole values as JSON Schema means it: numbers by their exact value, members in any order. Hashes are keyed with a
// secret of the process, so that nobody can choose values that collide. Any thread.
std::uint64_t mix(std::uint64_t left, std::uint64_t right);
std::uint64_t deep_hash(const Node& value);
// At most m log m in the members of an object.
bool deep_equal(const Node& left, const Node& right);

// The first two items of an array that are equal, in n log n.
std::optional<std::pair<std::size_t, std::size_t>> find_equal_items(std::span<const Node> items);

// The values of an `enum` or `const`; the nodes are borrowed.
class ValueSet {
 public:
  void add(const Node& value);
  bool contains(const Node& value) const;
  const std::vector<Node>& values() const { return values_; }

 private:
  std::vector<Node> values_;
  std::unordered_multimap<std::uint64_t, std::size_t> by_hash_;
};

}  // namespace busway::schema
