#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugins/host/plugins.hpp"
#include "plugins/process/manifest.hpp"
#include "plugins/process/supervisor.hpp"

namespace busway::plugins {

// Finds the plugins of the directories that are processes (NAME/plugin.yaml), and adds their steps and adapters to `registry`,
// beside what the libraries there have added: the same rules hold for both. With `supervisor` they work, each use of one is told
// to it, and nothing is started before start() or a message; without it they are only declared. What `pins` require is looked at
// here and before each start. One thread. Answers the manifests
// whose components the registry has.
std::vector<std::shared_ptr<const Manifest>> add_process_plugins(Registry& registry,
                                                                 const std::vector<PluginDirectory>& directories,
                                                                 const std::shared_ptr<Supervisor>& supervisor,
                                                                 const ReadYaml& read_yaml, const ReservedNames& reserved,
                                                                 Findings& findings, const Pins& pins = {});

// "busway plugin check" and "bench": manifests by name.
std::vector<std::shared_ptr<const Manifest>> add_manifest_files(Registry& registry, const std::vector<ManifestFile>& files,
                                                                const ReadYaml& read_yaml, const ReservedNames& reserved,
                                                                Findings& findings,
                                                                const std::shared_ptr<Supervisor>& supervisor = nullptr);

}  // namespace busway::plugins
