#include "plugins/process/router_watch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace busway::plugins {

RouterWatch::RouterWatch(Worker& worker, std::function<void()> look, std::function<void()> left)
    : worker_(&worker), mailbox_(worker.mailbox()), look_(std::move(look)), left_(std::move(left)) {}

std::shared_ptr<RouterWatch> RouterWatch::begin(Worker& worker, int descriptor, std::function<void()> look,
                                                std::function<void()> left) {
  // One of its own: the router's number may be another file's before this ends.
  int own = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return nullptr;
  Descriptor door = Descriptor::try_open(worker, own);
  if (!door.open()) {
    ::close(own);
    return nullptr;
  }
  std::shared_ptr<RouterWatch> made(new RouterWatch(worker, std::move(look), std::move(left)));
  worker.spawn(run(made, std::move(door)));
  return made;
}

Task<> RouterWatch::run(std::shared_ptr<RouterWatch> self, Descriptor door) {
  // Also when the worker ends, and the coroutine is destroyed in its wait.
  struct Running {
    RouterWatch& watch;
    Descriptor& door;
    ~Running() {
      watch.door_ = nullptr;
      ::close(door.release());  // the router's own may be open still, and the poll set would go on about it
      watch.watching_.store(false, std::memory_order_release);
      watch.left_();
    }
  } running{*self, door};
  self->door_ = &door;
  while (co_await door.ready(Direction::read, TimePoint::max()) == Wake::ready) self->look_();
}

void RouterWatch::stop() {
  mailbox_->post([self = shared_from_this()] {
    if (self->door_ != nullptr) self->door_->cancel();
  });
}

void RouterWatch::look_again() {
  if (door_ == nullptr || std::exchange(asked_, true)) return;
  Worker::current()->at_end_of_turn([self = shared_from_this()] {
    self->asked_ = false;
    if (self->door_ != nullptr) self->look_();
  });
}

}  // namespace busway::plugins
