#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>

namespace busway::tcp {

// The bytes of a stream between the socket and the decoder, in a string that someone keeps. Grows with what has come, never with
// what a length only announces, and never beyond `most`.
class FrameBuffer {
 public:
  FrameBuffer(std::string& storage, std::size_t most) : storage_(&storage), most_(std::max(most, first)) {}

  // Where the next read goes; never empty as long as a decoder has looked at what came. Moves what bytes() gave out.
  std::span<char> room() {
    if (begin_ != 0) {
      std::memmove(storage_->data(), storage_->data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == storage_->size()) {
      // Not filled with zeros: what is read goes there.
      storage_->resize_and_overwrite(std::clamp(storage_->size() * 2, first, most_),
                                     [](char*, std::size_t size) { return size; });
    }
    return {storage_->data() + end_, storage_->size() - end_};
  }
  void filled(std::size_t count) { end_ += count; }
  std::span<char> bytes() { return {storage_->data() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // An empty buffer gives back what one large frame took.
  void trim() {
    constexpr std::size_t keep_at_most = 64 * 1024;
    if (empty() && storage_->capacity() > keep_at_most) *storage_ = std::string();
  }

 private:
  static constexpr std::size_t first = 4096;
  std::string* storage_;
  std::size_t most_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace busway::tcp
