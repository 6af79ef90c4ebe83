#pragma once

#include <cstdint>
#include <span>

#include "bus/document.hpp"

namespace busway::jsonata {

// Answers `[key = probe]` over one array without looking at each item. It holds the key of every item, found by hash; whether a
// key equals the probe is decided as always, by same(). Lives in an arena; costs 28 to 36 bytes an item.
class EqualityIndex {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  // `keys` are those of the items, in order, nothing where an item has none. They must live as long.
  EqualityIndex(std::span<const Node> keys, Arena& arena);

  // The first item whose key is the probe, and the next one behind `at`: in the order of the array. None at the end.
  std::uint32_t first(const Node& probe) const;
  std::uint32_t next(std::uint32_t at, const Node& probe) const;

 private:
  std::uint32_t matching(std::uint32_t at, std::uint32_t hash, const Node& probe) const;

  std::span<const Node> keys_;
  std::uint32_t* heads_;
  std::uint32_t* next_;
  std::uint32_t* hashes_;
  std::uint32_t mask_;
};

// The arrays one predicate has been applied to, and the index of those that it was applied to more than once.
class EqualityIndexes {
 public:
  static constexpr std::size_t fewest_items = 8;  // below, looking at each is as cheap
  static constexpr std::size_t most_arrays = 4096;

  struct Entry {
    const Node* items = nullptr;
    std::size_t size = 0;
    const EqualityIndex* index = nullptr;
    Entry* next = nullptr;
    bool seen = false;
  };
  // The entry of an array, made when it is new; null when there are too many already.
  Entry* entry_of(std::span<const Node> items, Arena& arena);

 private:
  static constexpr std::size_t buckets = 64;
  Entry* entries_[buckets]{};
  Entry* last_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace busway::jsonata
