#pragma once

#include <cstddef>
#include <cstring>
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
  // Room for exactly so much, to be filled and told of by grew().
  std::span<char> room_for(std::size_t bytes) {
    make_room(bytes);
    return {data_ + size_, bytes};
  }
  void grew(std::size_t bytes) { size_ += bytes; }
  void shrink(std::size_t size) { size_ = size; }
  // At least `capacity` bytes in all.
  void reserve(std::size_t capacity);
  // Doubles when there is no room for `bytes`.
  void append(std::string_view bytes) {
    make_room(bytes.size());
    if (!bytes.empty()) std::memcpy(data_ + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void append(char byte) {
    make_room(1);
    data_[size_++] = byte;
  }
  // Drops the first `bytes`.
  void drop_front(std::size_t bytes);
  void release();

 private:
  void make_room(std::size_t bytes) {
    if (capacity_ - size_ < bytes) grow(bytes);
  }
  void grow(std::size_t bytes);

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// The exchange keeps `buffer` until its reset(): messages borrow from it.
void keep(Exchange& exchange, Buffer buffer);

}  // namespace busway::http
