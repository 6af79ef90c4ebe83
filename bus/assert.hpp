#pragma once

namespace busway {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

// An invariant that only our own mistake could break. Input is never asserted. On in every build: the check is a branch.
#define BUSWAY_ASSERT(expression) \
  (static_cast<bool>(expression) ? void(0) : ::busway::assertion_failed(#expression, __FILE__, __LINE__))
