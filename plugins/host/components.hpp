#pragma once

#include <memory>

#include "bus/registry.hpp"
#include "plugins/host/plugin.hpp"

namespace busway::plugins {

// Adds component `index` of the plugin to the registry, as a declaration like any built-in one. What its settings are refused for
// becomes a finding: BW7010, or what Plugin::try_settings() says.
void add_component(Registry& registry, const std::shared_ptr<const Plugin>& plugin, std::size_t index);

}  // namespace busway::plugins
