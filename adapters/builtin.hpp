#pragma once

#include "bus/registry.hpp"

namespace busway {

// Every adapter of this folder. A new protocol is a new folder and a line here.
void add_builtin_adapters(Registry& registry);

}  // namespace busway
