#pragma once

#include <vector>

#include "bus/target.hpp"
#include "plugins/host/loop.hpp"

// What one call sends, while the plugin looks at it; on the stack of that call. Worker thread only.
struct busway_request final {
  busway::Exchange& exchange;
  const busway::Outbound& outbound;
  const busway::Endpoint& endpoint;
  std::size_t endpoint_index;
  busway_loop* loop;  // null in a simulation
  busway::TimePoint deadline;
  busway::Node document{};  // of adapters of documents
  std::vector<busway::Header> headers{};

  // Where the caller's message is passed on as it came, his fields travel, too.
  void gather_headers();
};
