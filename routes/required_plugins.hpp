#pragma once

#include <map>
#include <string>

#include "bus/check_context.hpp"
#include "bus/finding.hpp"

namespace busway::routes {

// What a bundle requires of a plugin, under `plugins:` of a route file.
struct RequiredPlugin {
  std::string sha256;  // as written; what cannot be a hash is equal to none
  Position at;
};

// What the route files of the bundle at `path` require, by name. Read before any plugin is loaded; what is wrong in the files is
// for whoever loads the bundle to report, with check_required_plugin() for what stands here.
std::map<std::string, RequiredPlugin> required_plugins(const std::string& path);

// One entry of `plugins:`, with a finding for what is wrong in it.
void check_required_plugin(const ConfigNode& node, CheckContext& check);

}  // namespace busway::routes
