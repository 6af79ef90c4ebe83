#pragma once

#include <optional>

#include "adapters/zmq/listener_fields.hpp"
#include "adapters/zmq/message_routes.hpp"
#include "adapters/zmq/target.hpp"

namespace busway::zmq {

// The short ways of messages: where a listener has one route, that is one plain call, and nobody on the way looks at what is
// sent, ZeroMQ's own frames are handed on, and no exchange is made of them. What fails, or is to be told of, goes the long way,
// which knows what to do. One worker's; `of()` gives nothing where a message must be looked at, and is asked after the last route
// is attached.

// From a PULL or SUB to a PUSH or PUB.
class Passage {
 public:
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

// From a REP or ROUTER to the service that answers, and back.
class RequestPassage {
 public:
  // `answers`: what the frames of an answer mean to who has asked.
  static std::optional<RequestPassage> of(const ListenerConfig& config, const MessageRoutes& routes, const Parts& answers);

  // Hands the request in frame `index` on, and tells to where; `call` hears what comes of it. Null, and nothing has happened,
  // when it goes the long way.
  const Endpoint* take(Worker& worker, Handed& call, const Frames& message, std::size_t index);
  // What is wrong with an answer, as its call says it.
  std::optional<Error> refused(const Frames& answer) const;
  // By when one that came at `began` must be answered.
  TimePoint deadline(TimePoint began) const { return began + route_->deadline(); }

 private:
  RequestPassage(const Route& route, const Service& service, ZmqTarget& target)
      : route_(&route), service_(&service), target_(&target) {}
  const Route* route_;
  const Service* service_;
  ZmqTarget* target_;
};

}  // namespace busway::zmq
