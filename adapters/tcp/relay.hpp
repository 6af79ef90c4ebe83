#pragma once

#include <chrono>

#include "bus/socket.hpp"

namespace busway::tcp {

// Carries bytes both ways between two connections, as they are, until both senders have ended or one connection breaks. The end
// of one direction is passed on (FIN) while the other goes on; after a break both are reset, so that a cut stream never looks
// whole. Nothing is read from one side before the other has taken what was read; an idle stream holds no buffer. When no byte
// moves either way for `idle`, it is broken off. On the worker of both.
Task<> relay(Worker& worker, Socket caller, Socket service, std::chrono::milliseconds idle);

}  // namespace busway::tcp
