#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace busway {

// What one look over a long JSON text finds out before it is read: how many items each array and object holds, so that the
// document is laid out in one exact piece of memory. Kept per thread and reused.
class JsonScan {
 public:
  // Counts in `text`, behind which sixteen zeros stand. Mistakes are the reader's to find; up to the first one the counts are
  // exact.
  void run(std::string_view text, std::size_t depth);

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

  void close(bool empty);

  std::vector<std::uint8_t> counts_;
  std::vector<Large> large_;
  std::vector<Open> open_;
  std::size_t next_ = 0;
  std::size_t next_large_ = 0;
  std::size_t nodes_ = 0;
};

}  // namespace busway
