#include "bus/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace busway {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "busway: internal error: %s does not hold (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace busway
