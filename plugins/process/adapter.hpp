#pragma once

#include <memory>

#include "plugins/host/plugin.hpp"
#include "plugins/process/manifest.hpp"
#include "plugins/process/supervisor.hpp"

namespace busway::plugins {

// The adapters of a process, as the host of shared libraries knows adapters: what stands behind the tables of the C interface is
// not a library's code but `process`, which `supervisor` keeps. So limits, formats, conditions, replies, tests and the drain are
// the same for both kinds. Components are in the order of manifest->declaration(). Without a supervisor they are only declared.
std::shared_ptr<const Plugin> plugin_in_process(const std::shared_ptr<const Manifest>& manifest,
                                                const std::shared_ptr<Supervisor>& supervisor, Process* process);

}  // namespace busway::plugins
