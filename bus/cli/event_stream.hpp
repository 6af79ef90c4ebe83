#pragma once

#include <memory>
#include <optional>

#include "adapters/zmq/event_stream.hpp"
#include "routes/compile.hpp"

namespace busway::cli {

// `events:` of a loaded bundle; nothing when it has none, or after findings.
std::optional<zmq::EventsConfig> read_events(const routes::LoadedBundle& bundle, const Registry& registry, routes::LoadMode mode,
                                             Findings& findings);

// The process's event stream, for as long as this lives: longer than any worker, and shorter than the bundle.
class PublishedEvents {
 public:
  // Without a config it publishes nothing.
  Result<void> open(const std::optional<zmq::EventsConfig>& config, int workers);
  PublishedEvents() = default;
  PublishedEvents(const PublishedEvents&) = delete;
  PublishedEvents& operator=(const PublishedEvents&) = delete;
  ~PublishedEvents();

 private:
  std::unique_ptr<zmq::EventStream> stream_;
};

}  // namespace busway::cli
