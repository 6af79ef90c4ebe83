#pragma once

#include <memory>

#include "bus/registry.hpp"
#include "plugins/host/plugin.hpp"

namespace busway::plugins {

// Adds an adapter of a plugin to the registry, with the keys that the plugin declares for its listeners, its `from:` and its
// services, and those that the bus gives each: limits, and `when`.
void add_adapter(Registry& registry, const std::shared_ptr<const Plugin>& plugin, std::size_t index);

}  // namespace busway::plugins
