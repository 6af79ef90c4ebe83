#pragma once

#include <cstdint>

#include "adapters/zmq/socket.hpp"
#include "bus/error.hpp"
#include "bus/worker.hpp"

namespace busway::zmq {

class Link;

// A call that Link::hand_on() has taken, for whoever does not wait within it: its end is one of two calls, on the link's worker.
// It is then not the link's any more, and may be handed on again. Until that it stays where it is, or until the worker has ended.
class Handed : private Timer {
 public:
  // `answer`: as of Link::trade(). It may be taken from. Whether it was handed on, and whatever is next, too.
  virtual bool answered(Frames& answer) = 0;
  // As trade() fails.
  virtual void failed(Error error) = 0;

 protected:
  Handed() : Timer(late) {}
  ~Handed() = default;

 private:
  friend class Link;
  static void late(Timer& timer);
  Link* link_ = nullptr;
  std::uint32_t place_ = 0;
};

}  // namespace busway::zmq
