#pragma once

#include "bus/registry.hpp"

namespace busway::routes {

StepType call_step();
StepType log_step();
StepType remove_header_step();
StepType reply_step();
StepType set_header_step();
StepType set_variable_step();

// Every step of this folder.
void add_builtin_route_steps(Registry& registry);

}  // namespace busway::routes
