#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bus/document.hpp"
#include "transforms/formats/xml_paths.hpp"
#include "transforms/formats/xml_tree.hpp"

namespace busway {

// How XML and documents stand for each other, beyond the plain rules (docs/formats.md).
struct XmlRules {
  std::vector<std::pair<std::string, std::string>> namespaces;  // prefix of members -> namespace
  std::string default_namespace;                                // of members without a prefix; empty: whatever they have
  XmlPaths paths;                                               // what is told of single elements
  std::string attribute_prefix = "@";    // before the names of members that are attributes; empty: nothing tells them
  bool keep_attributes = true;           // when reading
  bool refuse_other_namespaces = false;  // than those above, when reading; else they are read by their local names
  bool mixed = false;                    // `paths` has mixed elements
  bool cdata = false;                    // `paths` has elements whose text is written as CDATA sections

  // Whether documents are written by more than the plain rules.
  bool writes_more() const { return mixed || cdata || attribute_prefix != "@"; }
};

// The value that stands for an element: text, null, or an object of its attributes, children and text. `paths` is the element's
// own place in XmlRules::paths, or null. Errors: kind `format`: two namespaces under one name, or more memory than the budget.
Result<Node> element_value(const XmlElement& element, const XmlRules& rules, const XmlPaths* paths, XmlBudget& budget,
                           Arena& arena);

// { ROOT: value }. The document of rules with mixed elements has its pieces.
Result<Node> xml_document(XmlDocument& document, const XmlRules& rules, Arena& arena);

struct XmlWriting {
  std::string prefix;         // put before element names that have none ("n" for `n:PlaceOrder`)
  bool declare_xsi = true;    // false: an element around it has declared the prefix xsi
  bool declare_rules = true;  // false: an element around it has declared the rules' namespaces
  std::string declarations;   // further attributes of the outermost element, written: ` xmlns:n="urn:x"`
};

// Appends the element `name` with `value`, by the same rules; an array becomes repeated elements. What XML cannot hold is an
// error of kind `format` that names the member.
Result<void> write_element(std::string_view name, const Node& value, const XmlRules& rules, const XmlWriting& how,
                           std::string& out);

// Text with what XML needs escaped, and so that line ends survive. Characters that XML cannot hold are the caller's to refuse.
void append_xml_text(std::string_view text, std::string& out);
void append_xml_attribute(std::string_view text, std::string& out);  // without the quotes

// A text, number or boolean as an element's text or an attribute's value. False with the reason in `reason` when XML has no form
// for it; then `out` is as it was.
bool append_xml_scalar(const Node& value, bool attribute, std::string& out, std::string& reason);

}  // namespace busway
