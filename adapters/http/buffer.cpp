#include "adapters/http/buffer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "bus/assert.hpp"
#include "bus/exchange.hpp"
#include "bus/task.hpp"

namespace busway::http {

namespace {

// A thread keeps at most this many blocks of the usual size for reuse (4 MiB).
constexpr std::size_t most_spare = 256;

struct Spare {
  struct Block {
    Block* next;
  };
  Block* first = nullptr;
  std::size_t count = 0;
  bool ended = false;
  ~Spare() {
    ended = true;
    while (first != nullptr) {
      Block* next = first->next;
      std::free(first);
      first = next;
    }
  }
};
thread_local Spare spare;

char* take_usual() {
  if (Spare::Block* block = spare.first) {
    spare.first = block->next;
    --spare.count;
    return reinterpret_cast<char*>(block);
  }
  return static_cast<char*>(std::malloc(Buffer::usual));
}

void give(char* block, std::size_t capacity) {
  if (capacity != Buffer::usual || spare.ended || spare.count >= most_spare) {
    std::free(block);
    return;
  }
  spare.first = new (block) Spare::Block{spare.first};
  ++spare.count;
}

// Control block and buffer together come from the thread's free lists of coroutine frames.
template <class T>
struct FrameAllocator {
  using value_type = T;
  FrameAllocator() = default;
  template <class U>
  explicit FrameAllocator(const FrameAllocator<U>&) {}
  T* allocate(std::size_t count) { return static_cast<T*>(detail::FrameLists::allocate(count * sizeof(T))); }
  void deallocate(T* block, std::size_t count) { detail::FrameLists::free(block, count * sizeof(T)); }
  bool operator==(const FrameAllocator&) const { return true; }
};

}  // namespace

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this != &other) {
    release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

void Buffer::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  if (capacity <= usual) {
    data_ = take_usual();
    capacity_ = data_ == nullptr ? 0 : usual;
  } else if (capacity_ > usual) {
    // realloc moves pages, not bytes, once a block is large.
    if (void* moved = std::realloc(data_, capacity)) {
      data_ = static_cast<char*>(moved);
      capacity_ = capacity;
    }
  } else {
    auto* moved = static_cast<char*>(std::malloc(capacity));
    if (moved != nullptr) {
      if (size_ != 0) std::memcpy(moved, data_, size_);
      if (data_ != nullptr) give(data_, capacity_);
      data_ = moved;
      capacity_ = capacity;
    }
  }
  BUSWAY_ASSERT(capacity_ >= capacity);  // without memory there is no way on
}

std::span<char> Buffer::head_room() {
  constexpr std::size_t left_for_body = 2 * 1024;
  if (capacity_ < size_ + left_for_body + 1) reserve(capacity_ == 0 ? usual : std::max(capacity_ * 2, size_ + 2 * left_for_body));
  return room().first(capacity_ - size_ - left_for_body);
}

void Buffer::grow(std::size_t bytes) {
  reserve(std::max(capacity_ * 2, size_ + bytes));
}

void Buffer::drop_front(std::size_t bytes) {
  if (bytes == 0) return;
  std::memmove(data_, data_ + bytes, size_ - bytes);
  size_ -= bytes;
}

void Buffer::release() {
  if (data_ != nullptr) give(data_, capacity_);
  data_ = nullptr;
  size_ = capacity_ = 0;
}

void keep(Exchange& exchange, Buffer buffer) {
  exchange.keep(std::allocate_shared<Buffer>(FrameAllocator<Buffer>(), std::move(buffer)));
}

}  // namespace busway::http
