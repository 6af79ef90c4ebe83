#pragma once

#include "bus/registry.hpp"

namespace busway::cli {

// All that is built into this binary. Made at first use; any thread.
const Registry& builtin_registry();

}  // namespace busway::cli
