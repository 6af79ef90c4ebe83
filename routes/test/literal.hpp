#pragma once

#include <optional>
#include <string>

#include "bus/config_node.hpp"
#include "bus/document.hpp"
#include "bus/finding.hpp"

namespace busway::routes {

// A YAML number as JSON writes it, digits kept: `+07` is 7, `.5` is 0.5, `0x1F` is 31. Nullopt for what JSON has no number for
// (`.inf`, `.nan`, a hexadecimal number beyond 64 bits).
std::optional<std::string> json_number(std::string_view yaml);

// Literal YAML as the document it stands for; typed by YAML 1.2's core schema. Lives in `arena`. Nullopt after a finding.
std::optional<Node> literal_document(const ConfigNode& literal, Arena& arena, Findings& findings);

}  // namespace busway::routes
