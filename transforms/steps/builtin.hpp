#pragma once

#include "bus/registry.hpp"

namespace busway {

StepType choice_step();
StepType filter_step();
StepType map_step();
StepType validate_step();

// Every step of this folder.
void add_builtin_transform_steps(Registry& registry);

}  // namespace busway
