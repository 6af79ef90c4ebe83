#pragma once

#include <memory>

#include "bus/step.hpp"
#include "plugins/host/plugin.hpp"

namespace busway::plugins {

// A step of a plugin. Without an instance (the plugin is only declared) it is there to be checked, and fails when it is run.
std::unique_ptr<Step> make_step(const ComponentDeclaration& declared, std::shared_ptr<const Plugin> plugin,
                                std::optional<Instance> instance);

}  // namespace busway::plugins
