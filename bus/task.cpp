#include "bus/task.hpp"

#include <array>
#include <new>

namespace busway::detail {

namespace {

constexpr std::size_t grain = 128;
constexpr std::size_t classes = 32;  // frames up to 4 KiB
constexpr std::size_t kept = 256;    // blocks a class and thread

struct Block {
  Block* next;
};

// The sanitizer must see each frame come and go.
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

struct Pool {
  std::array<Block*, classes> free{};
  std::array<std::size_t, classes> count{};
  ~Pool() {
    for (Block*& list : free) {
      while (list != nullptr) {
        Block* next = list->next;
        ::operator delete(list);
        list = next;
      }
    }
    count.fill(kept);  // frames freed later on this thread go straight back
  }
};
thread_local Pool pool;

}  // namespace

void* allocate_frame(std::size_t size) {
  std::size_t index = (size + grain - 1) / grain - 1;
  if (!pooled || index >= classes) return ::operator new(size);
  if (Block* block = pool.free[index]; block != nullptr) {
    pool.free[index] = block->next;
    --pool.count[index];
    return block;
  }
  return ::operator new((index + 1) * grain);
}

void free_frame(void* frame, std::size_t size) noexcept {
  std::size_t index = (size + grain - 1) / grain - 1;
  if (!pooled || index >= classes || pool.count[index] >= kept) {
    ::operator delete(frame);
    return;
  }
  auto* block = static_cast<Block*>(frame);
  block->next = pool.free[index];
  pool.free[index] = block;
  ++pool.count[index];
}

}  // namespace busway::detail
