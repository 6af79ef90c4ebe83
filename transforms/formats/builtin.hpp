#pragma once

#include "bus/registry.hpp"

namespace busway {

// Every format of this folder.
void add_builtin_formats(Registry& registry);

}  // namespace busway
