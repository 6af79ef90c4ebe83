#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/config_node.hpp"
#include "bus/finding.hpp"

namespace busway::routes {

// What one file may cost, however it is written: aliases count by what they expand to.
struct YamlLimits {
  std::size_t depth = 64;
  std::size_t nodes = 100'000;
  std::size_t text = 8 * 1024 * 1024;
};

// Reads YAML through the library's events into our own tree: 1-based line and column in code points, YAML 1.2 core scalars,
// numbers with their text. Duplicate keys, merge keys, alias cycles and tags are findings, as is what is no YAML at all. `file`
// is the name that positions carry. Survives any bytes. An empty file is one document, null at 1:1. Nothing when the file could
// not be read to its end; a duplicate key alone is a finding and dropped.
std::optional<std::vector<ConfigNode>> read_yaml_documents(std::string_view bytes, std::shared_ptr<const std::string> file,
                                                           Findings& findings, const YamlLimits& limits = {});

// The same for a file that holds one document; a second one is a finding.
std::optional<ConfigNode> read_yaml(std::string_view bytes, std::shared_ptr<const std::string> file, Findings& findings,
                                    const YamlLimits& limits = {});

// The type a plain scalar has by YAML 1.2's core schema (10.3.2).
ConfigNode::Kind plain_scalar_kind(std::string_view text);

}  // namespace busway::routes
