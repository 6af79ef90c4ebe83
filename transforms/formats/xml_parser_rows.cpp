// Elements that repeat what stood in their place in the row before: their names are compared as bytes, a block at a time, and
// their namespaces are those of their twins.
#include <algorithm>
#include <cstring>
#include <new>

#include "bus/byte_block.hpp"
#include "transforms/formats/xml_parser.hpp"

namespace busway {

namespace {

// Both lie in the parser's text, behind which a block of zeros can be read.
bool same_bytes(const char* left, const char* right, std::size_t size) {
  if (size > sizeof(ByteBlock)) return std::memcmp(left, right, size) == 0;
  unsigned differ = ~bits_of(load_block(left) == load_block(right));
  return (differ & ((1U << size) - 1)) == 0;
}

// The first byte from `at` on that is no ASCII text which stands for itself; the zeros behind the text are such.
inline char* plain_end(char* at) {
  for (;;) {
    ByteBlock block = load_block(at);
    unsigned stops = bits_of((block < 0x20) | (block == '<') | (block == '&') | (block == ']'));
    if (stops != 0) return at + std::countr_zero(stops);
    at += sizeof block;
  }
}

}  // namespace

// Whether the tag at at_ has the candidate's name and nothing behind it; then the element takes it over.
bool XmlParser::takes_twin(std::uint32_t candidate, XmlElement& element, std::size_t& size) const {
  if (candidate == 0) return false;
  const XmlElement& twin = elements_[candidate];
  size = twin.name().size();
  if (twin.declares_ || static_cast<std::size_t>(end_ - at_) <= size || at_[size] != '>' || !same_bytes(at_, twin.name_, size)) {
    return false;
  }
  element.name_ = twin.name_;
  element.prefix_size_ = twin.prefix_size_;
  element.local_size_ = twin.local_size_;
  element.uri_ = twin.uri_;
  return true;
}

// Children that are like their twins, with other text and nothing else in them: most of a table. What is anything more is left at
// at_ for the others.
void XmlParser::twins() {
  constexpr std::size_t short_name = sizeof(ByteBlock);
  constexpr std::size_t at_once = 256;  // then it may be time for a pause
  Open& parent = *top_;
  std::uint32_t twin = parent.twin;
  std::uint32_t elder = parent.last_child;
  auto index = static_cast<std::uint32_t>(element_count_);
  std::size_t room = std::min(element_room_, element_count_ + at_once);
  char* at = at_;
  for (; twin != 0 && index < room; ++index) {
    const XmlElement& like = elements_[twin];
    std::size_t size = like.name().size();
    if (size > short_name || like.has_children_ || like.attribute_count_ != 0) break;
    const ByteBlock name = load_block(like.name_);
    const unsigned letters = (1U << size) - 1;
    auto named = [&](const char* where) { return (~bits_of(load_block(where) == name) & letters) == 0; };
    if (*at != '<' || at[size + 1] != '>' || !named(at + 1)) break;
    char* text = at + size + 2;
    char* stop = plain_end(text);
    if (stop[0] != '<' || stop[1] != '/' || stop[size + 2] != '>' || !named(stop + 2)) break;
    XmlElement& element = *new (&elements_[index]) XmlElement(like);
    element.text_ = stop == text ? nullptr : text;
    element.text_size_ = static_cast<std::uint32_t>(stop - text);
    element.next_ = 0;
    if (elder == 0) {
      elements_[parent.index].has_children_ = true;
    } else {
      elements_[elder].next_ = index - elder;
    }
    elder = index;
    twin = like.next_ == 0 ? 0 : twin + like.next_;
    at = stop + size + 3;
    // White space beside elements does not count, unless it is part of a longer text.
    char* next = at;
    while (is_space(*next)) ++next;
    if (at_tag(next)) at = next;
  }
  parent.last_child = elder;
  parent.twin = twin;
  element_count_ = index;
  at_ = at;
}

// The element whose start tag is behind at_, when it is nothing but plain text: then it is read, and closed.
bool XmlParser::leaf(XmlElement& element, std::size_t size) {
  char* from = at_;
  if (!skip_plain() || !at_end_tag(element.name_, size)) {
    at_ = from;
    return false;
  }
  if (at_ != from) {
    element.text_ = from;
    element.text_size_ = static_cast<std::uint32_t>(at_ - from);
  }
  at_ += size + 3;
  return true;
}

// Whether `</NAME>` stands at at_.
bool XmlParser::at_end_tag(const char* name, std::size_t size) const {
  return static_cast<std::size_t>(end_ - at_) > size + 2 && at_[0] == '<' && at_[1] == '/' && at_[size + 2] == '>' &&
         same_bytes(at_ + 2, name, size);
}

}  // namespace busway
