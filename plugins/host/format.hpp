#pragma once

#include <memory>

#include "bus/format.hpp"
#include "plugins/host/plugin.hpp"

namespace busway::plugins {

// A format of a plugin. Without an instance (the plugin is only declared) it is there to be checked, and reads and writes
// nothing.
std::unique_ptr<const Format> make_format(const ComponentDeclaration& declared, std::shared_ptr<const Plugin> plugin,
                                          std::optional<Instance> instance);

}  // namespace busway::plugins
