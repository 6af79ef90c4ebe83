#pragma once

#include "transforms/formats/xml_document.hpp"

namespace busway {

// What elements and attributes are called in a document, and the attributes of one element as its members: what the readers of
// both shapes share. One document each. Methods that can refuse answer false after refuse().
class XmlMembers {
 public:
  XmlMembers(const XmlRules& rules, XmlBudget& budget, Arena& arena) : rules_(rules), budget_(budget), arena_(arena) {}

  bool refuse(std::string text);
  bool take(std::size_t bytes) {
    return budget_.take(bytes) || refuse("the document needs more than ten times its size in memory");
  }
  bool name_of(std::string_view local, std::string_view uri, bool attribute, std::string_view& name);
  // How many attributes of the element are members.
  std::size_t count(const XmlElement& element) const;
  bool add_attributes(const XmlElement& element, Member* members, std::size_t& filled);
  Error error() { return std::move(error_); }

 private:
  bool is_member(const XmlAttribute& attribute) const;

  const XmlRules& rules_;
  XmlBudget& budget_;
  Arena& arena_;
  Error error_;
};

}  // namespace busway
