#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bus/message_contract.hpp"
#include "transforms/formats/xml_tree.hpp"

namespace busway {

inline constexpr std::string_view xml_schema_namespace = "http://www.w3.org/2001/XMLSchema";

// What a simple type that is built into XSD takes (XSD 1.0 part 2, 3); nullopt when there is none of that name.
std::optional<ContractText> xml_schema_text(std::string_view name);
// A text of which nothing is known.
ContractText unknown_xml_schema_text();
// The type it is derived from ("integer" of "long"); empty at the top.
std::string_view xml_schema_parent(std::string_view name);
// What a restriction's facets leave of a simple type (4.3).
void restrict_xml_schema_text(ContractText& text, const XmlElement& restriction);

}  // namespace busway
