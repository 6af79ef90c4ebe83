#pragma once

#include <span>

#include "transforms/formats/xml_members.hpp"

namespace busway {

// Reads elements whose texts and elements keep their order: `{ "#mixed": ["Call ", { "b": "now" }, "!"] }`. That is the shape of
// an element of a path told to be mixed, always, and of every element below it that has elements in it; the others there are
// what they are anywhere. White space is text like any other. One document each.
class XmlMixedReader {
 public:
  // `root` and `pieces` are the document's.
  XmlMixedReader(const XmlElement* root, std::span<const XmlPiece> pieces, XmlMembers& members, Arena& arena)
      : root_(root), pieces_(pieces), members_(members), arena_(arena) {}

  // False after XmlMembers::refuse().
  bool value(const XmlElement& element, Node& out);

 private:
  // Recursion is bounded by the parser's depth limit.
  bool inner(const XmlElement& element, bool always, Node& out);
  bool content(const XmlElement& element, Node& out);
  std::uint32_t index_of(const XmlElement& element) const { return static_cast<std::uint32_t>(&element - root_); }

  const XmlElement* root_;
  std::span<const XmlPiece> pieces_;
  XmlMembers& members_;
  Arena& arena_;
  std::size_t next_ = 0;  // piece
};

}  // namespace busway
