#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "bus/byte_block.hpp"

namespace busway {

// Appends to a string through a bare pointer: a writer asks for room once for a piece and puts it without a further look. The
// string has its text again when the sink ends, or after finish(). One writer at a time; until then nobody else touches the
// string.
class TextSink {
 public:
  explicit TextSink(std::string& out) : out_(out) { open(out.size(), out.capacity()); }
  TextSink(const TextSink&) = delete;
  TextSink& operator=(const TextSink&) = delete;
  ~TextSink() { out_.resize(size()); }

  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }
  // What was written from `from` on.
  std::string_view written(std::size_t from) const { return {begin_ + from, size() - from}; }
  // Takes back what was written behind `size`.
  void cut(std::size_t size) { at_ = begin_ + size; }

  // Room for `bytes` more, which put() needs.
  void reserve(std::size_t bytes) {
    if (bytes > static_cast<std::size_t>(end_ - at_)) grow(bytes);
  }
  void put(char c) { *at_++ = c; }
  void put(std::string_view text);
  // A plain text between two pieces that stand at `before` and `behind`, as put_again() and put_plain() do it, but with room of
  // its own.
  template <class Telling>
  bool put_between(std::size_t before, std::size_t before_size, std::string_view text, std::size_t behind,
                   std::size_t behind_size, Telling telling);
  // Puts again `size` bytes that stand at `from`; asks for a block of room more.
  void put_again(std::size_t from, std::size_t size);

  // With room of its own.
  void append(std::string_view text) {
    reserve(text.size());
    put(text);
  }

  // Puts `text` as far as it is plain: false when `telling` (a block of ones and zeros of a block) finds a byte, and then nothing
  // is put.
  template <class Telling>
  bool put_plain(std::string_view text, Telling telling);

 private:
  void open(std::size_t used, std::size_t room) {
    out_.resize_and_overwrite(room, [](char*, std::size_t size) { return size; });
    begin_ = out_.data();
    at_ = begin_ + used;
    end_ = begin_ + out_.size();
  }
  [[gnu::noinline, gnu::cold]] void grow(std::size_t bytes) {
    std::size_t used = size();
    std::size_t twice = out_.size() * 2;
    open(used, twice < used + bytes ? used + bytes : twice);
  }

  std::string& out_;
  char* begin_ = nullptr;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

namespace text_sink {

template <class Word>
Word load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
template <class Word>
void store(char* at, Word word) {
  std::memcpy(at, &word, sizeof word);
}
inline ByteBlock block_of(std::uint64_t first, std::uint64_t second) {
  using Words = std::uint64_t __attribute__((vector_size(16)));
  Words words = {first, second};
  return std::bit_cast<ByteBlock>(words);
}

// Copies a text that is plain, and tells whether it is. Texts are short: two loads that overlap cover one without a loop, and a
// block shows all of its bytes.
template <class Telling>
inline bool copy_plain(std::string_view text, char* to, Telling telling) {
  const char* from = text.data();
  std::size_t size = text.size();
  ByteBlock found;
  if (size >= 16) {
    ByteBlock last = load_block(from + size - 16);
    found = telling(last);
    for (std::size_t at = 0; at + 16 < size; at += 16) {
      ByteBlock block = load_block(from + at);
      store_block(to + at, block);
      found |= telling(block);
    }
    store_block(to + size - 16, last);
  } else if (size >= 8) {
    auto first = load<std::uint64_t>(from);
    auto last = load<std::uint64_t>(from + size - 8);
    store(to, first);
    store(to + size - 8, last);
    found = telling(block_of(first, last));
  } else if (size >= 4) {
    auto first = load<std::uint32_t>(from);
    auto last = load<std::uint32_t>(from + size - 4);
    store(to, first);
    store(to + size - 4, last);
    std::uint64_t both = (static_cast<std::uint64_t>(first) << 32) | last;
    found = telling(block_of(both, both));
  } else if (size != 0) {
    char first = from[0];
    char middle = from[size / 2];
    char last = from[size - 1];
    to[0] = first;
    to[size / 2] = middle;
    to[size - 1] = last;
    std::uint64_t all = (static_cast<std::uint64_t>(static_cast<unsigned char>(first)) << 8) |
                        (static_cast<std::uint64_t>(static_cast<unsigned char>(middle)) << 16) | static_cast<unsigned char>(last);
    all |= 0x6161616161000000ULL;  // letters where there is no text
    found = telling(block_of(all, all));
  } else {
    return true;
  }
  return bits_of(found) == 0;
}

// Whole blocks: what is read and written behind `size` does not count.
inline char* copy_blocks(const char* from, std::size_t size, char* to) {
  std::size_t at = 0;
  do {
    store_block(to + at, load_block(from + at));
    at += sizeof(ByteBlock);
  } while (at < size);
  return to + size;
}

}  // namespace text_sink

template <class Telling>
bool TextSink::put_plain(std::string_view text, Telling telling) {
  if (!text_sink::copy_plain(text, at_, telling)) return false;
  at_ += text.size();
  return true;
}

inline void TextSink::put_again(std::size_t from, std::size_t size) {
  at_ = text_sink::copy_blocks(begin_ + from, size, at_);
}

template <class Telling>
bool TextSink::put_between(std::size_t before, std::size_t before_size, std::string_view text, std::size_t behind,
                           std::size_t behind_size, Telling telling) {
  reserve(before_size + text.size() + behind_size + 2 * sizeof(ByteBlock));
  char* to = text_sink::copy_blocks(begin_ + before, before_size, at_);
  if (!text_sink::copy_plain(text, to, telling)) return false;
  at_ = text_sink::copy_blocks(begin_ + behind, behind_size, to + text.size());
  return true;
}

inline void TextSink::put(std::string_view text) {
  if (text.size() > 64) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return;
  }
  put_plain(text, [](ByteBlock) { return ByteBlock{}; });
}

}  // namespace busway
