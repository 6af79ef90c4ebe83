#pragma once

#include <memory>

#include "bus/step.hpp"
#include "plugins/process/supervisor.hpp"

namespace busway::plugins {

// A step whose work a plugin's process does: use number `use` of step `index` of `process`, which `supervisor` keeps. Without a
// supervisor the plugin is only declared: the step is there to be checked, and fails when it is run.
std::unique_ptr<Step> make_process_step(std::shared_ptr<Supervisor> supervisor, const ProcessStep& declared, Process* process,
                                        std::uint64_t use);

}  // namespace busway::plugins
