#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/host/utf8.hpp"

namespace busway::plugins {

// Numbers, texts and lists as bytes, from a child to its parent on one machine.
class PieceWriter {
 public:
  void number(std::uint32_t value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    bytes_.append(bytes, sizeof value);
  }
  void flag(bool value) { number(value ? 1 : 0); }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
  }
  template <class T, class Each>
  void list(std::vector<T>& items, Each each) {
    number(static_cast<std::uint32_t>(items.size()));
    for (T& item : items) each(item);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what may be anything: never beyond its bytes, no list longer than they can hold, no text that is not UTF-8. After the
// first thing that is wrong everything is empty.
class PieceReader {
 public:
  explicit PieceReader(std::string_view bytes) : left_(bytes) {}
  void number(std::uint32_t& value) {
    value = 0;
    if (left_.size() < sizeof value) return spoil();
    std::memcpy(&value, left_.data(), sizeof value);
    left_.remove_prefix(sizeof value);
  }
  void flag(bool& value) {
    std::uint32_t bit = 0;
    number(bit);
    value = bit == 1;
    if (bit > 1) spoil();
  }
  void text(std::string& value) {
    std::uint32_t size = 0;
    number(size);
    if (size > left_.size() || !is_utf8(left_.substr(0, size))) return spoil();
    value = left_.substr(0, size);
    left_.remove_prefix(size);
  }
  template <class T, class Each>
  void list(std::vector<T>& items, Each each) {
    std::uint32_t count = 0;
    number(count);
    if (count > left_.size()) return spoil();  // an item has a byte at least
    for (std::uint32_t i = 0; i < count && good_; ++i) each(items.emplace_back());
  }
  // All was right, and nothing is left.
  bool at_end() const { return good_ && left_.empty(); }

 private:
  void spoil() {
    good_ = false;
    left_ = {};
  }
  std::string_view left_;
  bool good_ = true;
};

}  // namespace busway::plugins
