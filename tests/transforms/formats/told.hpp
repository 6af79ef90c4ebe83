#pragma once

#include <pugixml.hpp>
#include <string>

#include "transforms/formats/xml_tree.hpp"

namespace busway {

// How pugixml reads what told() compares.
inline constexpr unsigned told_options =
    pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol | pugi::parse_wconv_attribute | pugi::parse_ws_pcdata;

// What both trees say, in one form: names, attributes and the text of leaves.
inline std::string told(const XmlElement& element) {
  std::string out = "<" + std::string(element.name());
  for (const XmlAttribute& attribute : element.attributes())
    out += " " + std::string(attribute.name()) + "=" + std::string(attribute.value());
  out += ">";
  if (element.first_child() == nullptr) out += element.text();
  for (const XmlElement* child = element.first_child(); child != nullptr; child = child->next()) out += told(*child);
  return out + "</>";
}
inline std::string told(const pugi::xml_node& node) {
  std::string out = "<" + std::string(node.name());
  for (const pugi::xml_attribute& attribute : node.attributes())
    out += " " + std::string(attribute.name()) + "=" + attribute.value();
  out += ">";
  std::string text;
  std::string children;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_element) children += told(child);
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  }
  return out + (children.empty() ? text : children) + "</>";
}

}  // namespace busway
