#include "bus/task.hpp"

#include <new>

namespace busway::detail {

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool pooled = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool pooled = false;
#else
constexpr bool pooled = true;
#endif
#else
constexpr bool pooled = true;
#endif

constexpr std::size_t kept_in_the_steady_state = 256;

// Frames freed on this thread from now on go straight back.
thread_local constinit bool ended = false;

}  // namespace

thread_local constinit FrameLists FrameLists::lists;

struct FrameLists::AtThreadEnd {
  AtThreadEnd() { lists.kept_ = kept_in_the_steady_state; }
  ~AtThreadEnd() {
    ended = true;
    for (Block*& list : lists.free_) {
      while (list != nullptr) {
        Block* next = list->next;
        ::operator delete(list);
        list = next;
      }
    }
    lists.kept_ = 0;
  }
};

void* FrameLists::allocate_anew(std::size_t size) {
  std::size_t index = (size - 1) / grain;
  return ::operator new(pooled && index < classes ? (index + 1) * grain : size);
}

void FrameLists::free_specially(void* frame, std::size_t index) noexcept {
  bool first_here = lists.kept_ == 0 && !ended;
  ::operator delete(frame);
  if (!pooled || index >= classes || !first_here) return;
  static thread_local AtThreadEnd at_end;
}

}  // namespace busway::detail
