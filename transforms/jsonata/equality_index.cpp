#include "transforms/jsonata/equality_index.hpp"

#include <algorithm>
#include <new>

#include "transforms/jsonata/values.hpp"

namespace busway::jsonata {

namespace {

std::uint32_t folded_hash(const Node& node) {
  std::uint64_t hash = hash_of(node);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

EqualityIndex::EqualityIndex(std::span<const Node> keys, Arena& arena)
    : keys_(keys), next_(arena.array<std::uint32_t>(keys.size())), hashes_(arena.array<std::uint32_t>(keys.size())) {
  std::uint32_t size = 16;
  while (size < keys.size() * 2) size *= 2;
  mask_ = size - 1;
  heads_ = arena.array<std::uint32_t>(size);
  std::fill(heads_, heads_ + size, none);
  // From the back, each in front of what has its bucket already: a bucket is in the order of the array.
  for (auto at = static_cast<std::uint32_t>(keys.size()); at-- > 0;) {
    if (keys.data()[at].is_nothing()) continue;
    hashes_[at] = folded_hash(keys.data()[at]);
    std::uint32_t& head = heads_[hashes_[at] & mask_];
    next_[at] = head;
    head = at;
  }
}

std::uint32_t EqualityIndex::matching(std::uint32_t at, std::uint32_t hash, const Node& probe) const {
  while (at != none && (hashes_[at] != hash || !same(keys_.data()[at], probe))) at = next_[at];
  return at;
}

std::uint32_t EqualityIndex::first(const Node& probe) const {
  std::uint32_t hash = folded_hash(probe);
  return matching(heads_[hash & mask_], hash, probe);
}

std::uint32_t EqualityIndex::next(std::uint32_t at, const Node& probe) const {
  return matching(next_[at], hashes_[at], probe);
}

EqualityIndexes::Entry* EqualityIndexes::entry_of(std::span<const Node> items, Arena& arena) {
  if (last_ != nullptr && last_->items == items.data() && last_->size == items.size()) return last_;
  auto place = (reinterpret_cast<std::uintptr_t>(items.data()) * 0x9E3779B97F4A7C15ULL >> 40) % buckets;
  for (Entry* entry = entries_[place]; entry != nullptr; entry = entry->next) {
    if (entry->items != items.data() || entry->size != items.size()) continue;
    last_ = entry;
    return entry;
  }
  if (count_ == most_arrays) return nullptr;
  ++count_;
  last_ = new (arena.allocate(sizeof(Entry), alignof(Entry)))
      Entry{.items = items.data(), .size = items.size(), .index = nullptr, .next = entries_[place]};
  entries_[place] = last_;
  return last_;
}

}  // namespace busway::jsonata
