#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/finding.hpp"
#include "bus/registry.hpp"
#include "plugins/host/plugin.hpp"

namespace busway::plugins {

// A directory whose libraries are plugins.
struct PluginDirectory {
  std::string path;
  std::string prefix;  // what findings call a library in it: this and its name
  // How bad a plugin is that cannot be used. A bundle's own is an error; one of the installation, which no bundle need know of,
  // is left out with a warning.
  Finding::Severity severity = Finding::Severity::error;
};

// Words that a plugin cannot take, as they mean something else where its name would stand.
struct ReservedNames {
  std::vector<std::string> steps;     // in a list of steps
  std::vector<std::string> adapters;  // in a listener, a `from:`, a service or a test's `send:`
  // What the word is there, as the end of a sentence; empty when a step, or an adapter, may have that name.
  std::string meaning(bool step, std::string_view name) const;
};

// Finds the plugins of the directories, in their order, and adds what they declare to `registry`: formats, steps and adapters as
// others know them, whose keys are read and tried as those of built-in ones are. A plugin that cannot be used, or that takes the
// name or the content type of something that is there already, is a finding and adds nothing. One thread, the process's only one.
// One of `pins` that is another file is an error, wherever it lies, and nothing of it is run. What it answers are the plugins
// whose components the registry has; it keeps them itself.
std::vector<std::shared_ptr<const Plugin>> add_plugins(Registry& registry, const std::vector<PluginDirectory>& directories,
                                                       Purpose purpose, const ReservedNames& reserved, Findings& findings,
                                                       const Pins& pins = {});

// "busway plugin check": each file as it would be found, and what is wrong with it beside what is in `registry`.
std::vector<std::shared_ptr<const Plugin>> add_plugin_files(Registry& registry, const std::vector<LibraryFile>& files,
                                                            Finding::Severity severity, Purpose purpose,
                                                            const ReservedNames& reserved, Findings& findings);

}  // namespace busway::plugins
