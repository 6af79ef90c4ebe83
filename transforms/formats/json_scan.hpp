#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace busway {

// What one look over a JSON text finds out before it is parsed: that its strings are clean, and how many items each array and
// object holds, so that the document is laid out in one exact piece of memory. Kept per thread and reused.
class JsonScan {
 public:
  // Scans `text`. False when a string is not clean: error_offset() and error() say where and why. Mistakes of grammar are the
  // parser's to find; up to its first one the counts are exact.
  bool run(std::string_view text, std::size_t depth, bool surrogates);
  std::size_t error_offset() const { return error_offset_; }
  std::string_view error() const { return error_; }

  // True when a string has an escape, so that its text may hold what the bytes did not.
  bool has_escapes() const { return has_escapes_; }
  // Nodes of the whole document: two for each member of an object, one for each item of an array, one for the root.
  std::size_t nodes() const { return nodes_; }
  // The number of items or members of the next array or object, in the order they open.
  std::uint32_t next_count();

  // Gives large buffers back after a large message.
  void trim();

 private:
  struct Open {
    std::size_t index = 0;
    std::uint32_t commas = 0;
    bool object = false;
  };
  struct Large {
    std::size_t index = 0;
    std::uint32_t count = 0;
  };
  static constexpr std::uint8_t large = 255;

  bool refuse(std::size_t offset, std::string_view why);
  std::size_t skip_string(std::string_view text, std::size_t at, bool surrogates);
  void close(bool empty);

  std::vector<std::uint8_t> counts_;
  std::vector<Large> large_;
  std::vector<Open> open_;
  std::size_t next_ = 0;
  std::size_t next_large_ = 0;
  std::size_t nodes_ = 0;
  std::size_t error_offset_ = 0;
  std::string_view error_;
  bool has_escapes_ = false;
};

}  // namespace busway
