#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "bus/finding.hpp"
#include "bus/registry.hpp"
#include "plugins/host/plugins.hpp"
#include "plugins/process/processes.hpp"

namespace busway::cli {

// Which plugins a verb is to know of.
struct PluginChoice {
  bool none = false;   // --no-plugins
  std::string bundle;  // a bundle's directory or route file; empty for none
};

// Adds --no-plugins, and with `bundle_option` also --bundle, to a verb that has no bundle of its own.
void add_plugin_options(CLI::App& verb, PluginChoice& choice, bool bundle_option);

// All that is built into this binary, and what the plugins declare: those in `plugins/` of the bundle, then those of the
// installation ($BUSWAY_PLUGINS, or lib/busway/plugins beside the program's own directory). While the process has one thread.
struct KnownComponents {
  std::shared_ptr<const Registry> registry;
  std::vector<std::shared_ptr<const plugins::Plugin>> plugins;  // shared libraries
  std::vector<std::shared_ptr<const plugins::Manifest>> processes{};
  std::shared_ptr<plugins::Supervisor> supervisor{};  // of the processes, where they are used; nothing runs before it is asked
};
KnownComponents known_components(const PluginChoice& choice, plugins::Purpose purpose, Findings& findings);

// Once the bundle has been loaded: what is unknown in it may be of a plugin that was left out, and then its finding says so.
void tell_of_left_out(const PluginChoice& choice, Findings& findings);

// Where plugins are looked for: `plugins/` of the bundle, when one is named and there, and the installation's directory.
std::vector<plugins::PluginDirectory> plugin_directories(const std::string& bundle);

// How manifests are read.
plugins::ReadYaml manifest_reader();

// What a plugin's steps and adapters cannot be called.
plugins::ReservedNames reserved_names();

}  // namespace busway::cli
