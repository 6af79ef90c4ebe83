#include "transforms/formats/xml_members.hpp"

#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_name.hpp"

namespace busway {

bool XmlMembers::refuse(std::string text) {
  error_ = {.kind = ErrorKind::format, .text = "reading XML: " + text};
  return false;
}

bool XmlMembers::name_of(std::string_view local, std::string_view uri, bool attribute, std::string_view& name) {
  std::string_view prefix;
  if (uri == xml_namespace) {
    prefix = "xml";
  } else if (!uri.empty() && (attribute || uri != rules_.default_namespace)) {
    for (const auto& [known, bound] : rules_.namespaces) {
      if (bound == uri) prefix = known;
    }
    if (prefix.empty() && rules_.refuse_other_namespaces) {
      return refuse("'" + printable(local) + "' is in the namespace '" + printable(uri) +
                    "', which is neither `namespace` nor among `namespaces`");
    }
  }
  if (prefix.empty() && !attribute) {
    name = local;
    return true;
  }
  std::string built;
  if (attribute) built = rules_.attribute_prefix;
  if (!prefix.empty()) built.append(prefix).append(":");
  built.append(local);
  if (!take(built.size())) return false;
  name = arena_.copy(built);
  return true;
}

bool XmlMembers::is_member(const XmlAttribute& attribute) const {
  return attribute.uri() != xmlns_namespace && attribute.uri() != xsi_namespace;
}

std::size_t XmlMembers::count(const XmlElement& element) const {
  std::size_t count = 0;
  if (!rules_.keep_attributes) return count;
  for (const XmlAttribute& attribute : element.attributes()) {
    if (is_member(attribute)) ++count;
  }
  return count;
}

bool XmlMembers::add_attributes(const XmlElement& element, Member* members, std::size_t& filled) {
  if (!rules_.keep_attributes) return true;
  for (const XmlAttribute& attribute : element.attributes()) {
    if (!is_member(attribute)) continue;
    std::string_view name;
    if (!name_of(attribute.local(), attribute.uri(), true, name)) return false;
    for (std::size_t i = 0; i < filled; ++i) {
      if (members[i].key.text() == name) {
        return refuse("'" + printable(element.local()) + "' has two attributes '" + printable(attribute.local()) +
                      "' of different namespaces; give them prefixes with `namespaces:`");
      }
    }
    members[filled++] = {Node::string(name), Node::string(attribute.value())};
  }
  return true;
}

}  // namespace busway
