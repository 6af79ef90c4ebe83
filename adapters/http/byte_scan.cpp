#include "adapters/http/byte_scan.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace busway::http {

namespace {

bool in_value(char c) {
  auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
}

// Counts lines up to an empty one; remembers how it stopped.
class LineEnds {
 public:
  LineEnds(std::string_view text, std::size_t most_lines) : text_(text), left_(most_lines) {}

  // A LF is at `at`. True when the search is over.
  bool meet(std::size_t at) {
    if (at == 0 || text_[at - 1] != '\r' || left_-- == 0) return true;
    bool empty_line = at >= 3 && text_[at - 2] == '\n';
    if (empty_line) end_ = at + 1;
    return empty_line;
  }
  std::size_t end() const { return end_; }

 private:
  std::string_view text_;
  std::size_t left_;
  std::size_t end_ = 0;
};

#if defined(__SSE2__)

constexpr std::size_t block = 16;

__m128i load(const char* at) {
  __m128i bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

// A bit for each byte.
unsigned bits_of(__m128i marks) {
  return static_cast<unsigned>(_mm_movemask_epi8(marks));
}

// Bytes that may not stand in a value, tabs among them.
unsigned controls(const char* at) {
  __m128i bytes = load(at);
  __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  return bits_of(_mm_or_si128(low, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F))));
}

unsigned feeds(const char* at) {
  return bits_of(_mm_cmpeq_epi8(load(at), _mm_set1_epi8('\n')));
}

unsigned colons_and_returns(const char* at) {
  __m128i bytes = load(at);
  return bits_of(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(':')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r'))));
}

#else

constexpr std::size_t block = 8;

unsigned marked(const char* at, bool (*mark)(char)) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < block; ++i) bits |= mark(at[i]) ? 1U << i : 0U;
  return bits;
}

unsigned controls(const char* at) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t tops = 0x8080808080808080U;
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  std::uint64_t deletes = word ^ (0x7F * ones);
  std::uint64_t odd = ((word - 0x20 * ones) & ~word) | ((deletes - ones) & ~deletes);
  if ((odd & tops) == 0) return 0;
  return marked(at, [](char c) { return c == '\t' || !in_value(c); });
}

unsigned feeds(const char* at) {
  return marked(at, [](char c) { return c == '\n'; });
}

unsigned colons_and_returns(const char* at) {
  return marked(at, [](char c) { return c == ':' || c == '\r'; });
}

#endif

}  // namespace

std::size_t value_length(std::string_view text) {
  std::size_t at = 0;
  for (; at + block <= text.size(); at += block) {
    for (unsigned found = controls(text.data() + at); found != 0; found &= found - 1) {
      std::size_t place = at + static_cast<std::size_t>(std::countr_zero(found));
      if (text[place] != '\t') return place;
    }
  }
  while (at < text.size() && in_value(text[at])) ++at;
  return at;
}

std::size_t short_name_length(std::string_view text) {
  for (std::size_t at = 0; at < 16 && at + block <= text.size(); at += block) {
    unsigned found = colons_and_returns(text.data() + at);
    if (found == 0) continue;
    std::size_t length = at + static_cast<std::size_t>(std::countr_zero(found));
    return text[length] == ':' ? length : 0;
  }
  return 0;
}

std::size_t plain_head_end(std::string_view text, std::size_t most_lines) {
  LineEnds ends(text, most_lines);
  std::size_t at = 0;
  for (; at + block <= text.size(); at += block) {
    for (unsigned found = feeds(text.data() + at); found != 0; found &= found - 1) {
      if (ends.meet(at + static_cast<std::size_t>(std::countr_zero(found)))) return ends.end();
    }
  }
  for (; at < text.size(); ++at) {
    if (text[at] == '\n' && ends.meet(at)) return ends.end();
  }
  return 0;
}

}  // namespace busway::http
