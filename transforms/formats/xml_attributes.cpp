// Attributes of a start tag: XML 1.0, 3.1 and 3.3.3. Every byte of a value is checked as it is passed.
#include <cstring>

#include "bus/byte_block.hpp"
#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_name.hpp"
#include "transforms/formats/xml_parser.hpp"

namespace busway {

bool XmlParser::attribute_value(XmlAttribute& out) {
  if (at_ == end_ || (*at_ != '"' && *at_ != '\'')) return refuse(at_, "expected a quoted value");
  const char quote = *at_++;
  char* to = at_;
  out.value_ = to;
  for (;;) {
    ByteBlock block = load_block(at_);
    unsigned stops = bits_of((block < 0x20) | (block == quote) | (block == '<') | (block == '&'));
    std::size_t plain = stops == 0 ? sizeof block : static_cast<std::size_t>(std::countr_zero(stops));
    if (to != at_) std::memmove(to, at_, plain);
    to += plain;
    at_ += plain;
    if (stops == 0) continue;
    if (at_ >= end_) return refuse(out.value_, "the attribute's value is not closed");
    char c = *at_;
    if (c == quote) break;
    if (c == '<') return refuse(at_, "'<' cannot stand in an attribute's value; write '&lt;'");
    if (c == '&') {
      if (!reference(to)) return false;
    } else if (is_space(c)) {
      if (c == '\r' && at_ + 1 < end_ && at_[1] == '\n') ++at_;
      *to++ = ' ';
      ++at_;
    } else {
      std::size_t size = utf8_sequence({at_, static_cast<std::size_t>(end_ - at_)});
      if (size == 0 || !is_xml_char(decode_utf8(at_, size))) return bad_character(at_);
      std::memmove(to, at_, size);
      to += size;
      at_ += size;
    }
  }
  ++at_;
  out.value_size_ = static_cast<std::uint32_t>(to - out.value_);
  return true;
}

bool XmlParser::attribute(XmlAttribute& out) {
  out.name_ = at_;
  Name read;
  if (!name(read, at_, "expected an attribute, '>' or '/>'")) return false;
  out.prefix_size_ = read.prefix_size;
  out.local_size_ = read.local_size;
  skip_space();
  if (at_ == end_ || *at_ != '=') return refuse(at_, "expected '=' behind the attribute's name");
  ++at_;
  skip_space();
  if (!attribute_value(out)) return false;
  for (const XmlAttribute& other : attributes_) {
    if (other.name() == out.name()) return refuse(out.name_, "the attribute '" + printable(out.name()) + "' stands twice");
  }
  return true;
}

}  // namespace busway
