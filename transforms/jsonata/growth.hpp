#pragma once

#include <cstddef>
#include <cstring>

#include "bus/arena.hpp"

namespace busway::jsonata {

// Makes building a long string or array piece by piece linear: what was put together last has room behind it, and the next
// piece goes there. Whoever holds the shorter value keeps seeing just that, since bytes are only ever written behind it.
class Growth {
 public:
  explicit Growth(Arena& arena) : arena_(arena) {}

  // A block that starts with the `size` bytes at `left` and has room for `more` behind them. `copied`: the bytes had to move.
  void* extend(const void* left, std::size_t size, std::size_t more, std::size_t align, bool& copied) {
    copied = false;
    for (Block& block : blocks_) {
      if (block.start != left || block.used != size || block.capacity < size + more || size == 0) continue;
      block.used += more;
      return block.start;
    }
    copied = true;
    // Short values are cheap to copy and need no room.
    std::size_t capacity = size < worth_room ? size + more : (size + more) * 2;
    void* made = arena_.allocate(capacity, align);
    if (size != 0) std::memcpy(made, left, size);
    if (capacity > size + more) {
      blocks_[next_] = {made, size + more, capacity};
      next_ = (next_ + 1) % count;
    }
    return made;
  }

 private:
  static constexpr std::size_t worth_room = 512;
  static constexpr std::size_t count = 4;
  struct Block {
    void* start = nullptr;
    std::size_t used = 0;
    std::size_t capacity = 0;
  };
  Arena& arena_;
  Block blocks_[count]{};
  std::size_t next_ = 0;
};

}  // namespace busway::jsonata
