#pragma once

#include "bus/registry.hpp"

namespace busway {

// ZeroMQ sockets of applications that have them already, both ways.
AdapterType zmq_adapter();

}  // namespace busway
