#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>

namespace busway {

// Memory of one message: grows by chunks, is given back all at once, runs no destructors. reset() keeps a first chunk of the
// usual size, so the steady state of a connection allocates nothing from the heap. One thread at a time.
class Arena {
 public:
  static constexpr std::size_t default_chunk = 8 * 1024;

  explicit Arena(std::size_t first_chunk = default_chunk) noexcept : first_chunk_(first_chunk) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  // `align` is a power of two. Never null; the size of what outside bytes may ask for is limited where they enter.
  void* allocate(std::size_t size, std::size_t align) {
    auto at = (cursor_ + (align - 1)) & ~(align - 1);
    if (at + size > end_ || at < cursor_) return allocate_slow(size, align);
    cursor_ = at + size;
    return reinterpret_cast<void*>(at);
  }

  // `count` uninitialised objects of a type that needs no destructor.
  template <class T>
  T* array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
  }

  std::string_view copy(std::string_view text);

  // Grows the last allocation in place when there is room behind it; false when it must move.
  bool extend(void* block, std::size_t old_size, std::size_t new_size) {
    auto at = reinterpret_cast<std::uintptr_t>(block);
    if (at + old_size != cursor_ || at + new_size > end_) return false;
    cursor_ = at + new_size;
    return true;
  }

  // Forgets everything handed out. The first chunk stays unless it was made for something large.
  void reset() noexcept;

  // Bytes taken from the heap by all chunks together.
  std::size_t reserved() const noexcept { return reserved_; }

 private:
  struct Chunk {
    Chunk* next;
    std::size_t size;
  };
  void* allocate_slow(std::size_t size, std::size_t align);

  std::uintptr_t cursor_ = 0;
  std::uintptr_t end_ = 0;
  Chunk* chunks_ = nullptr;  // newest first; the last one is the first chunk
  std::size_t first_chunk_;
  std::size_t reserved_ = 0;
};

}  // namespace busway
