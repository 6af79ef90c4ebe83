#include "transforms/formats/json_scan.hpp"

#include <algorithm>
#include <array>

#include "bus/byte_block.hpp"
#include "bus/pause.hpp"

namespace busway {

namespace {

constexpr std::size_t kept_bytes = 64 * 1024;

enum Class : std::uint8_t { other, space, quote, open_array, open_object, shut, comma };
constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> table{};
  table[' '] = table['\t'] = table['\n'] = table['\r'] = space;
  table['"'] = quote;
  table['['] = open_array;
  table['{'] = open_object;
  table[']'] = table['}'] = shut;
  table[','] = comma;
  return table;
}
constexpr auto classes = make_classes();

// `at` is behind the opening quote. Answers the place behind the closing one, or `end`.
const char* behind_string(const char* at, const char* end) {
  while (at < end) {
    ByteBlock block = load_block(at);
    unsigned stops = bits_of((block == '"') | (block == '\\'));
    if (stops == 0) {
      at += sizeof block;
      continue;
    }
    at += std::countr_zero(stops);
    if (*at == '"') return at + 1;
    at += 2;
  }
  return end;
}

}  // namespace

void JsonScan::close(bool empty) {
  const Open& top = open_.back();
  std::uint32_t count = empty ? 0 : top.commas + 1;
  if (count < large) {
    counts_[top.index] = static_cast<std::uint8_t>(count);
  } else {
    counts_[top.index] = large;
    large_.push_back({top.index, count});
  }
  nodes_ += top.object ? 2 * static_cast<std::size_t>(count) : count;
  open_.pop_back();
}

void JsonScan::run(std::string_view text, std::size_t depth) {
  counts_.clear();
  large_.clear();
  open_.clear();
  next_ = next_large_ = 0;
  nodes_ = 1;
  // Every array and object takes two bytes of the text: never more counts than this, so no growth copies them.
  counts_.reserve(text.size() / 2 + 1);
  constexpr std::ptrdiff_t in_a_row = 4096;
  bool fresh = false;  // nothing but white space since the last opening bracket
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    const char* stop = at + std::min(in_a_row, end - at);
    while (at < stop) {
      auto c = static_cast<unsigned char>(*at++);
      switch (classes[c]) {
        case space: break;
        case quote:
          fresh = false;
          at = behind_string(at, end);
          break;
        case open_array:
        case open_object:
          // Past the limit the reader refuses: what lies behind it need not be known.
          if (open_.size() == depth || counts_.size() == counts_.capacity()) goto done;
          open_.push_back({.index = counts_.size(), .commas = 0, .object = c == '{'});
          counts_.push_back(0);
          fresh = true;
          break;
        case shut:
          if (open_.empty()) goto done;
          close(fresh);
          fresh = false;
          break;
        case comma:
          if (!open_.empty()) ++open_.back().commas;
          fresh = false;
          break;
        default: fresh = false; break;
      }
    }
    pause_if_due(64);
  }
done:
  while (!open_.empty()) close(false);
  if (large_.size() > 1)
    std::sort(large_.begin(), large_.end(), [](const Large& a, const Large& b) { return a.index < b.index; });
}

std::uint32_t JsonScan::next_count() {
  if (next_ == counts_.size()) return 0;
  std::uint8_t count = counts_[next_++];
  return count == large ? large_[next_large_++].count : count;
}

void JsonScan::trim() {
  if (counts_.capacity() > kept_bytes) counts_ = {};
  if (large_.capacity() * sizeof(Large) > kept_bytes) large_ = {};
}

}  // namespace busway
