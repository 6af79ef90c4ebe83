#pragma once

#include <cstddef>

namespace busway::cli {

// Gives back to the system what a peak (a crowd of connections, large messages) has left in the allocator's hands: freed blocks
// lie between those in use, and glibc keeps the pages of both. One thread.
class PeakMemory {
 public:
  // Bounds what the allocator keeps by itself. Before any other thread is started.
  PeakMemory();
  // To be called about once a second: lets go of free pages when the process has grown by some MiB since the last time and
  // grows no longer. Workers that allocate meanwhile wait for some 0.1 ms.
  void look();

 private:
  std::size_t least_ = 0;  // bytes of anonymous memory that were left the last time
  std::size_t last_ = 0;
};

}  // namespace busway::cli
