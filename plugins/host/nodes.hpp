#pragma once

#include <bit>

#include "bus/document.hpp"
#include "plugins/sdk/c/busway_plugin.h"

namespace busway::plugins {

// A node of a document is two words to a plugin, and nothing else: what they mean may change with every busway.
static_assert(sizeof(Node) == sizeof(busway_node));

inline busway_node node_of(const Node& node) {
  return std::bit_cast<busway_node>(node);
}
inline Node node_of(busway_node node) {
  return std::bit_cast<Node>(node);
}

}  // namespace busway::plugins
