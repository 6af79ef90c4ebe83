#include "transforms/formats/json_scan.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "bus/pause.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

constexpr std::size_t kept_bytes = 64 * 1024;
constexpr std::uint64_t ones = 0x0101010101010101ULL;
constexpr std::uint64_t highs = 0x8080808080808080ULL;

// High bit set in each byte of `word` that equals `byte` (and perhaps in bytes above the first such one).
std::uint64_t matches(std::uint64_t word, unsigned char byte) {
  std::uint64_t difference = word ^ (ones * byte);
  return (difference - ones) & ~difference;
}

// True when none of eight bytes ends a string, escapes, controls or leaves ASCII.
bool plain(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, 8);
  return (((word - ones * 0x20) | matches(word, '"') | matches(word, '\\') | word) & highs) == 0;
}

// The value of four hex digits, or -1.
int hex4(std::string_view digits) {
  if (digits.size() < 4) return -1;
  int value = 0;
  for (char c : digits.substr(0, 4)) {
    int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

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

}  // namespace

bool JsonScan::refuse(std::size_t offset, std::string_view why) {
  error_offset_ = offset;
  error_ = why;
  return false;
}

// `at` is behind the opening quote. Answers the place behind the closing one, the text's size when there is none, npos after
// refuse().
std::size_t JsonScan::skip_string(std::string_view text, std::size_t at, bool surrogates) {
  while (at < text.size()) {
    if (at + 8 <= text.size() && plain(text.data() + at)) {
      at += 8;
      continue;
    }
    auto c = static_cast<unsigned char>(text[at]);
    if (c == '"') return at + 1;
    if (c == '\\') {
      has_escapes_ = true;
      if (!surrogates && at + 1 < text.size() && text[at + 1] == 'u') {
        int unit = hex4(text.substr(at + 2));
        if (unit >= 0xD800 && unit <= 0xDFFF) {
          bool paired = unit < 0xDC00 && text.substr(at + 6, 2) == "\\u";
          int second = paired ? hex4(text.substr(at + 8)) : -1;
          if (second < 0xDC00 || second > 0xDFFF) {
            refuse(at, "half of a surrogate pair: this escape is no character by itself");
            return std::string_view::npos;
          }
          at += 6;
        }
      }
      at += 2;
      continue;
    }
    if (c < 0x20) {
      refuse(at, "a control character in a string must be written as an escape");
      return std::string_view::npos;
    }
    if (c < 0x80) {
      ++at;
      continue;
    }
    std::size_t size = utf8_sequence(text.substr(at), surrogates);
    if (size == 0) {
      refuse(at, "the text is not valid UTF-8");
      return std::string_view::npos;
    }
    at += size;
  }
  return text.size();
}

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

bool JsonScan::run(std::string_view text, std::size_t depth, bool surrogates) {
  counts_.clear();
  large_.clear();
  open_.clear();
  next_ = next_large_ = 0;
  nodes_ = 1;
  has_escapes_ = false;
  // Every array and object takes two bytes of the text: never more counts than this, so no growth copies them.
  counts_.reserve(text.size() / 2 + 1);
  PauseByBytes pause;
  bool fresh = false;  // nothing but white space since the last opening bracket
  std::size_t at = 0;
  while (at < text.size()) {
    auto c = static_cast<unsigned char>(text[at]);
    switch (classes[c]) {
      case space: ++at; break;
      case quote:
        fresh = false;
        at = skip_string(text, at + 1, surrogates);
        if (at == std::string_view::npos) return false;
        break;
      case open_array:
      case open_object:
        // Past the limit the parser refuses: what lies behind it need not be known.
        if (open_.size() == depth || counts_.size() == counts_.capacity()) goto done;
        open_.push_back({.index = counts_.size(), .commas = 0, .object = c == '{'});
        counts_.push_back(0);
        fresh = true;
        ++at;
        break;
      case shut:
        if (open_.empty()) goto done;
        close(fresh);
        fresh = false;
        ++at;
        break;
      case comma:
        if (!open_.empty()) ++open_.back().commas;
        pause.at(at);
        fresh = false;
        ++at;
        break;
      default:
        fresh = false;
        ++at;
        break;
    }
  }
done:
  while (!open_.empty()) close(false);
  if (large_.size() > 1)
    std::sort(large_.begin(), large_.end(), [](const Large& a, const Large& b) { return a.index < b.index; });
  return true;
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
