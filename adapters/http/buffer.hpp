#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace busway {
class Exchange;
}

namespace busway::http {

// Growing bytes for reading and writing, not zeroed. Blocks of the usual size come from a free list of the thread, so a busy
// connection allocates nothing and an idle one holds nothing. Growing moves the bytes: views into them end there.
class Buffer {
 public:
  static constexpr std::size_t usual = 16 * 1024;

  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer() { release(); }

  char* data() { return data_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }
  std::span<char> room() { return {data_ + size_, capacity_ - size_}; }
  // Room to read a head into, growing as it must; never the whole of it, so that a body behind the head has some left.
  std::span<char> head_room();
  void grew(std::size_t bytes) { size_ += bytes; }
  void shrink(std::size_t size) { size_ = size; }
  // At least `capacity` bytes in all.
  void reserve(std::size_t capacity);
  // Doubles when there is no room for `bytes`.
  void append(std::string_view bytes);
  void append(char byte) { append(std::string_view(&byte, 1)); }
  // Drops the first `bytes`.
  void drop_front(std::size_t bytes);
  void release();

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// The exchange keeps `buffer` until its reset(): messages borrow from it.
void keep(Exchange& exchange, Buffer buffer);

}  // namespace busway::http
