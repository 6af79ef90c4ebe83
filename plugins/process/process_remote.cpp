// What is different where the bus starts no process: somebody else does, and the plugin comes and goes.
#include <utility>

#include "bus/log.hpp"
#include "plugins/process/process.hpp"

namespace busway::plugins {

using namespace std::chrono_literals;

Result<void> Process::open_door(TimePoint now) {
  if (door_ == nullptr) door_ = std::make_unique<RemoteDoor>(*manifest_.remote, manifest_.name);
  bool again = !door_->address().empty();
  auto cookie = door_->cookie();
  if (!cookie) return std::unexpected(std::move(cookie.error()));
  auto router = door_->open(wire::most_payload);
  if (!router && again) {  // the library takes a moment to let go of the port
    next_start_ = now + 50ms;
    return {};
  }
  if (!router) return std::unexpected(std::move(router.error()));
  ++launches_;
  if (!again)
    log().info("A remote plugin is waited for.", {{"plugin", manifest_.name},
                                                  {"address", door_->address()},
                                                  {"secured_by", manifest_.remote->curve ? "curve" : "cookie"}});
  launch_.reset(new Launch{.program = std::nullopt,
                           .router = std::move(*router),
                           .session = Session(terms_of(manifest_, std::move(*cookie)), *json_, *this, now),
                           .started = now});
  return {};
}

// After a while of absence nobody waits for it any more but the bus.
void Process::look_for_it(TimePoint now) {
  if (!wanted_ || stopping_ || ready()) {
    absent_since_ = now;
    return;
  }
  if (now - absent_since_ < manifest_.start_within || failures_ >= failures_until_down) return;
  failures_ = failures_until_down;
  if (last_end_.empty()) last_end_ = "has not come within " + std::to_string(manifest_.start_within.count()) + "ms";
  log().warn("A remote plugin is not there; its messages fail until it is.", {{"plugin", manifest_.name}, {"reason", last_end_}});
  give_up_waiting();
}

// When the bus stops: whether all has been said. What the plugin has in hand gets its time, as that of a process does.
bool Process::parted() const {
  if (!manifest_.remote || !stopping_ || !launch_) return false;
  const Session& session = launch_->session;
  return !session.greeted() || (session.in_flight() == 0 && !session.has_backlog());
}

std::string Process::why_down() const {
  return manifest_.remote ? "the remote plugin " + last_end_ : "it is down; its last process " + last_end_;
}

}  // namespace busway::plugins
