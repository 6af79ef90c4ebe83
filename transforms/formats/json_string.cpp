// Strings of JSON (RFC 8259, 7): most end before anything but plain ASCII is seen; the others are decoded in place.
#include <cstring>

#include "bus/pause.hpp"
#include "transforms/formats/json_reader.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The value of the four hex digits of an escape `\uXXXX` at `at`, or -1. What is behind the text is no digit.
int unit_at(const char* at) {
  if (at[0] != '\\' || at[1] != 'u') return -1;
  int unit = 0;
  for (int i = 2; i < 6; ++i) {
    int digit = hex_value(at[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

// Puts the UTF-8 of a code point, also of half a surrogate pair (WTF-8): never more bytes than its escape took.
char* put_utf8(unsigned c, char* to) {
  auto put = [&](unsigned bits) { *to++ = static_cast<char>(static_cast<unsigned char>(bits)); };
  if (c < 0x80) {
    put(c);
    return to;
  }
  if (c < 0x800) {
    put(0xC0U | (c >> 6));
  } else {
    if (c < 0x10000) {
      put(0xE0U | (c >> 12));
    } else {
      put(0xF0U | (c >> 18));
      put(0x80U | ((c >> 12) & 0x3FU));
    }
    put(0x80U | ((c >> 6) & 0x3FU));
  }
  put(0x80U | (c & 0x3FU));
  return to;
}

}  // namespace

// From the first byte on that is not plain.
bool JsonReader::string_rest(char* from, Node& out) {
  char* to = at_;  // where decoded bytes go
  PauseByBytes pause;
  for (;;) {
    pause.at(static_cast<std::size_t>(at_ - from));
    auto c = static_cast<unsigned char>(*at_);
    if (c == '"') {
      ++at_;
      out = Node::string({from, static_cast<std::size_t>(to - from)});
      return true;
    }
    if (c == '\\') {
      if (!escape(to)) return false;
    } else if (c < 0x20) {
      if (at_ == end_) return refuse(at_, "the string is not closed");
      return refuse(at_, "a control character in a string must be written as an escape");
    } else {
      constexpr std::ptrdiff_t in_a_row = 4096;
      char* run = at_;
      while (static_cast<unsigned char>(*at_) >= 0x80 && at_ - run < in_a_row) {
        std::size_t size = utf8_sequence({at_, static_cast<std::size_t>(end_ - at_)});
        if (size == 0) return refuse(at_, "the text is not valid UTF-8");
        at_ += size;
      }
      if (to != run) std::memmove(to, run, static_cast<std::size_t>(at_ - run));
      to += at_ - run;
    }
    char* run = at_;
    at_ = plain_end(at_);
    if (to != run) std::memmove(to, run, static_cast<std::size_t>(at_ - run));
    to += at_ - run;
  }
}

bool JsonReader::escape(char*& to) {
  switch (at_[1]) {
    case '"':
    case '\\':
    case '/': *to++ = at_[1]; break;
    case 'b': *to++ = '\b'; break;
    case 'f': *to++ = '\f'; break;
    case 'n': *to++ = '\n'; break;
    case 'r': *to++ = '\r'; break;
    case 't': *to++ = '\t'; break;
    case 'u': {
      int unit = unit_at(at_);
      if (unit < 0) return refuse(at_, "expected four hex digits behind \\u");
      if (unit >= 0xD800 && unit <= 0xDFFF) return surrogate(unit, to);
      to = put_utf8(static_cast<unsigned>(unit), to);
      at_ += 6;
      return true;
    }
    default:
      if (at_ + 1 == end_) return refuse(end_, "the string is not closed");
      return refuse(at_, "there is no such escape");
  }
  at_ += 2;
  return true;
}

bool JsonReader::surrogate(int unit, char*& to) {
  int second = unit < 0xDC00 ? unit_at(at_ + 6) : -1;
  if (second >= 0xDC00 && second <= 0xDFFF) {
    to = put_utf8(0x10000U + ((static_cast<unsigned>(unit) - 0xD800U) << 10) + (static_cast<unsigned>(second) - 0xDC00U), to);
    at_ += 12;
    return true;
  }
  if (!options_.lone_surrogates) return refuse(at_, "half of a surrogate pair: this escape is no character by itself");
  to = put_utf8(static_cast<unsigned>(unit), to);
  at_ += 6;
  return true;
}

}  // namespace busway
