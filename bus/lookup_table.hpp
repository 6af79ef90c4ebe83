#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bus/document.hpp"

namespace busway {

// Rows under their keys, for look-ups while expressions run. Built by one thread, then immutable and safe from any; the rows
// borrow from the table's own text and arena, so a document that holds one must not outlive it.
class LookupTable {
 public:
  // `text`: the bytes that the rows are read from.
  explicit LookupTable(std::string text) : text_(std::move(text)) {}
  LookupTable(const LookupTable&) = delete;
  LookupTable& operator=(const LookupTable&) = delete;

  std::string_view text() const { return text_; }
  Arena& arena() { return arena_; }

  // What a value is as a key: a string as it is, a number by its text (the shortest one when it was computed). Empty for all
  // else. `buffer` holds at least 32 bytes.
  static std::string_view key_of(const Node& value, std::span<char> buffer);
  // False when there is a row of that key. `key` lives in the text or the arena.
  bool add(std::string_view key, const Node& row) { return rows_.emplace(key, row).second; }
  // The row; nothing when there is none. One look-up in a hash, no allocation.
  Node find(const Node& key) const;
  std::size_t size() const { return rows_.size(); }

 private:
  std::string text_;
  Arena arena_;
  std::unordered_map<std::string_view, Node> rows_;
};

}  // namespace busway
