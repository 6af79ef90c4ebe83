#pragma once

#include <initializer_list>
#include <string_view>

#include "transforms/formats/xml_schema_text.hpp"

// How declarations of a schema are looked at.
namespace busway::xml_schema {

inline std::string_view attribute(const XmlElement& element, std::string_view name) {
  const XmlAttribute* found = element.attribute("", name);
  return found == nullptr ? std::string_view() : found->value();
}

inline bool is_true(std::string_view value) {
  return value == "true" || value == "1";
}

// The first child in XSD's namespace with one of these names.
inline const XmlElement* child(const XmlElement& element, std::initializer_list<std::string_view> names) {
  for (const XmlElement* one = element.first_child(); one != nullptr; one = one->next()) {
    for (std::string_view name : names) {
      if (one->is(xml_schema_namespace, name)) return one;
    }
  }
  return nullptr;
}

}  // namespace busway::xml_schema
