#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "bus/arena.hpp"
#include "bus/error.hpp"

namespace busway {

// One attribute, decoded. Declarations of namespaces are attributes too, in xmlns_namespace (xml_name.hpp).
class XmlAttribute {
 public:
  std::string_view name() const {
    return {name_, static_cast<std::size_t>(prefix_size_ == 0 ? local_size_ : prefix_size_ + 1 + local_size_)};
  }
  std::string_view prefix() const { return {name_, prefix_size_}; }
  std::string_view local() const { return {name_ + (prefix_size_ == 0 ? 0 : prefix_size_ + 1), local_size_}; }
  std::string_view uri() const { return *uri_; }  // "" in no namespace
  std::string_view value() const { return {value_, value_size_}; }

 private:
  friend class XmlParser;
  const char* name_ = nullptr;
  const char* value_ = nullptr;
  const std::string_view* uri_ = nullptr;
  std::uint32_t value_size_ = 0;
  std::uint16_t prefix_size_ = 0;
  std::uint16_t local_size_ = 0;
};

// One element. Elements lie in document order in one array, so a first child is the next place and a sibling a step away.
class XmlElement {
 public:
  std::string_view name() const {
    return {name_, static_cast<std::size_t>(prefix_size_ == 0 ? local_size_ : prefix_size_ + 1 + local_size_)};
  }
  std::string_view prefix() const { return {name_, prefix_size_}; }
  std::string_view local() const { return {name_ + (prefix_size_ == 0 ? 0 : prefix_size_ + 1), local_size_}; }
  std::string_view uri() const { return *uri_; }  // "" in no namespace
  bool is(std::string_view uri_wanted, std::string_view local_wanted) const {
    return local() == local_wanted && uri() == uri_wanted;
  }

  // True when the other is known to have the same name in the same namespace, without a look at either: elements that come in the
  // order of their elder siblings share their names. False says nothing.
  bool named_as(const XmlElement& other) const { return name_ == other.name_; }
  // Its own text, references decoded. Beside child elements: the parts that are more than white space, joined.
  std::string_view text() const { return {text_, text_size_}; }
  std::span<const XmlAttribute> attributes() const { return {attributes_, attribute_count_}; }
  const XmlAttribute* attribute(std::string_view uri, std::string_view local) const;

  const XmlElement* first_child() const { return has_children_ ? this + 1 : nullptr; }
  const XmlElement* next() const { return next_ == 0 ? nullptr : this + next_; }
  // The first child of that name, or null.
  const XmlElement* child(std::string_view uri, std::string_view local) const;
  // True for xsi:nil="true" (or "1").
  bool is_nil() const;

 private:
  friend class XmlParser;
  const char* name_ = nullptr;
  const char* text_ = nullptr;
  const XmlAttribute* attributes_ = nullptr;
  const std::string_view* uri_ = nullptr;
  std::uint32_t text_size_ = 0;
  std::uint32_t next_ = 0;
  std::uint16_t prefix_size_ = 0;
  std::uint16_t local_size_ = 0;
  std::uint16_t attribute_count_ = 0;
  bool has_children_ = false;
  bool declares_ = false;  // it has declarations of namespaces
};
static_assert(sizeof(XmlElement) == 48);

struct XmlLimits {
  std::size_t depth = 128;
  std::size_t attributes = 256;  // of one element, and namespace bindings in scope
  bool namespaces = true;        // false: colons are letters (XML 1.0 alone)
  bool pieces = false;           // keep the texts between tags in XmlDocument::pieces
};

// A text between two tags of one element that has elements in it, decoded, white space and all.
struct XmlPiece {
  const char* text = nullptr;
  std::uint32_t size = 0;
  std::uint32_t parent = 0;  // the element it stands in, counted from the root in document order
  std::uint32_t before = 0;  // the element whose start tag is the next one behind it
};

// What may still be taken from the arena for one document: ten times its bytes and a fixed part.
struct XmlBudget {
  std::size_t left = 0;
  bool take(std::size_t bytes) {
    if (bytes > left) return false;
    left -= bytes;
    return true;
  }
};

struct XmlDocument {
  const XmlElement* root = nullptr;
  XmlBudget budget;                    // for what is made of the tree
  std::span<const XmlPiece> pieces{};  // in document order, when XmlLimits::pieces asks for them
};

// Reads one XML document: XML 1.0 fifth edition and Namespaces 1.0 without a DTD, which is refused. Every byte is checked. The
// tree lives in `arena` alone. Encoding: a byte order mark, else `charset` (of a Content-Type; may be empty), else the
// declaration, else UTF-8. UTF-8, UTF-16 with a mark, US-ASCII, ISO-8859-1, -2 and -15 and windows-1250 to -1252 are read. Any
// thread; does not recurse. Errors: kind `format`, with line, column and position.
Result<XmlDocument> parse_xml(std::string_view bytes, Arena& arena, const XmlLimits& limits = {}, std::string_view charset = {});

}  // namespace busway
