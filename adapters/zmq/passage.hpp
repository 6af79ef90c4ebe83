#pragma once

#include <optional>

#include "adapters/zmq/listener_fields.hpp"
#include "adapters/zmq/message_routes.hpp"
#include "adapters/zmq/target.hpp"

namespace busway::zmq {

// The short way of a message, from a PULL or SUB to a PUSH or PUB: where the listener has one route, that is one plain call, and
// nobody on the way looks at what is sent, ZeroMQ's own frames are handed on, and no exchange is made of them. What fails, or is
// to be told of, goes the long way, which knows what to do. One worker's.
class Passage {
 public:
  // Nothing where a message must be looked at. After the last route is attached.
  static std::optional<Passage> of(const ListenerConfig& config, const MessageRoutes& routes);

  // `full`: there may be room soon, and `reader` looks when there is. Unless it is passed the message stays as it was.
  enum class Way : std::uint8_t { passed, full, long_way };
  Way take(Worker& worker, Frames& message, Watch& reader);
  // After the last of some.
  void flush();

 private:
  Passage(const Service& service, ZmqTarget& target) : service_(&service), target_(&target) {}
  const Service* service_;
  ZmqTarget* target_;
  Outlet* last_ = nullptr;  // that was sent to
};

}  // namespace busway::zmq
