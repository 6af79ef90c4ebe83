#pragma once

#include <string_view>

#include "adapters/http/trip.hpp"
#include "bus/worker.hpp"

namespace busway::http {

// A request that has been answered, for the access log.
struct Access {
  const Trip& trip;
  std::string_view peer;
  std::string_view refused;  // why no route saw it; empty when one did
  int status = 0;
  std::size_t sent = 0;  // bytes of the reply, head included
  bool whole = true;     // false: the connection broke within the reply
  bool secure = false;
  TimePoint began;  // its head was whole
};

// Writes one JSON line to the log, with no bound on lines a second. The query is left out: it is where tokens travel.
void log_access(Access access, std::string_view id);

}  // namespace busway::http
