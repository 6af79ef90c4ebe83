#include "bus/cli/event_stream.hpp"

#include "bus/log.hpp"
#include "routes/secrets.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::cli {

std::optional<zmq::EventsConfig> read_events(const routes::LoadedBundle& bundle, const Registry& registry, routes::LoadMode mode,
                                             Findings& findings) {
  if (!bundle.events) return std::nullopt;
  using Reading = routes::SecretReferences::Reading;
  routes::SecretReferences secrets(mode == routes::LoadMode::run ? Reading::resolved : Reading::opaque);
  CheckContext check{findings, registry, *bundle.files, secrets, jsonata::language()};
  return zmq::read_events(*bundle.events, check);
}

Result<void> PublishedEvents::open(const std::optional<zmq::EventsConfig>& config, int workers) {
  if (!config) return {};
  auto stream = zmq::EventStream::open(*config, workers);
  if (!stream) return std::unexpected(std::move(stream.error()));
  stream_ = std::move(*stream);
  tell_message_events_to(stream_.get());
  log().info("Events are published.", {{"address", stream_->address()}});
  return {};
}

PublishedEvents::~PublishedEvents() {
  tell_message_events_to(nullptr);
}

}  // namespace busway::cli
