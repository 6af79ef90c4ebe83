#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bus/document.hpp"

namespace busway {

namespace detail {
bool same_ignoring_case(const char* left, const char* right, std::size_t size);
}
// Of ASCII letters.
inline bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return left.size() == right.size() && detail::same_ignoring_case(left.data(), right.data(), left.size());
}

// One header field. `set`: put there by the route (`set_header`), so it travels with a replaced body too.
struct Header {
  std::string_view name;  // as received or written; compared without regard to case
  std::string_view value;
  bool set = false;
  // What the adapter that read the field notes on it for when it writes it again; only that adapter reads the note. 0: none, as
  // for every field that did not come over its wire. It says something of these very bytes, so whoever changes the value drops
  // it.
  std::uint8_t note = 0;
};

// The header fields of a message in order, repeats kept. Names and values borrow from the exchange's arena or buffers. Control
// data is never here: no header can steer the bus.
class Headers {
 public:
  explicit Headers(Arena& arena) : entries_(arena) {}

  std::span<const Header> all() const { return entries_.items(); }
  bool empty() const { return entries_.empty(); }
  // The first of that name, or null.
  const Header* find(std::string_view name) const;
  std::string_view value(std::string_view name) const;  // of the first; empty when there is none
  void add(std::string_view name, std::string_view value, bool set = false) { entries_.push({name, value, set}); }
  void add(const Header& header) { entries_.push(header); }
  // Room for so many in all.
  void reserve(std::size_t count) { entries_.reserve(count); }
  // Replaces all of that name by one marked `set`.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  // What a replaced body leaves: the fields the route has set.
  void keep_only_set();
  Headers copy(Arena& arena) const;
  void clear() { entries_.shrink(0); }

  // As `$headers`: names in lower case, repeats joined by ", ", set-cookie always an array.
  Node as_document(Arena& arena) const;

 private:
  Collector<Header> entries_;
};

}  // namespace busway
