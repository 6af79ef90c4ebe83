#pragma once

#include <cstddef>
#include <cstdint>

namespace busway {

namespace detail {
// What the running computation may still do before it looks at the clock. Null outside of computations.
struct Slice {
  std::int32_t left = 0;
};
extern constinit thread_local Slice* slice;
bool end_of_work();
}  // namespace detail

// Stands in the outer loops of everything whose time grows with a message: readers, writers, evaluation. Within a computation
// that runs in slices (Worker::in_slices) and whose slice is over, it lets the worker serve others and returns when it is this
// one's turn again; anywhere else it is a branch. `work` is what has been done since the last time, in some 50 ns; the clock is
// read every 64 of them.
//
// False: nobody waits for the result any more, its time is up or the worker ends. Who can should give up; who cannot goes on.
//
// Whoever calls it holds no lock, handles no exception and uses no thread-local scratch but a Spare (bus/spare.hpp): others run
// meanwhile.
inline bool pause_if_due(std::int32_t work = 1) {
  detail::Slice* running = detail::slice;
  if (running == nullptr || (running->left -= work) > 0) [[likely]]
    return true;
  return detail::end_of_work();
}

// For loops over bytes, where asking each time would cost more than the work: at() asks every 4 KiB.
class PauseByBytes {
 public:
  void at(std::size_t offset) {
    if (offset < next_) [[likely]]
      return;
    next_ = offset + 4096;
    pause_if_due(64);
  }

 private:
  std::size_t next_ = 4096;
};

}  // namespace busway
