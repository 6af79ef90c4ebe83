#pragma once

#include "bus/registry.hpp"

namespace busway {

// Messages in frames on plain TCP or TLS connections, both ways.
AdapterType tcp_adapter();

}  // namespace busway
