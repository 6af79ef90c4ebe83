#include "adapters/zmq/watch.hpp"

namespace busway::zmq {

Watch::Watch(Worker& worker, int descriptor, std::function<void()> look)
    : worker_(worker), descriptor_(worker, descriptor), look_(std::move(look)) {}

void Watch::start() {
  worker_.spawn(run());
  look_again();
}

Task<> Watch::run() {
  while (!stopped_) {
    Wake how = co_await descriptor_.ready(Direction::read, TimePoint::max());
    if (how != Wake::ready || stopped_) co_return;
    look_();
  }
}

void Watch::look_again() {
  if (asked_ || stopped_) return;
  asked_ = true;
  worker_.post([this] {
    asked_ = false;
    if (!stopped_) look_();
  });
}

void Watch::stop() {
  if (stopped_) return;
  stopped_ = true;
  descriptor_.cancel();
}

}  // namespace busway::zmq
