#include "plugins/host/loop.hpp"

#include <poll.h>

#include <algorithm>
#include <string>

#include "bus/socket.hpp"
#include "plugins/host/host_table.hpp"
#include "plugins/host/sized.hpp"

namespace busway::plugins {

std::chrono::milliseconds span_of(std::int64_t milliseconds) {
  constexpr std::int64_t year = 366LL * 24 * 3600 * 1000;
  return std::chrono::milliseconds(std::clamp<std::int64_t>(milliseconds, 0, year));
}

}  // namespace busway::plugins

using busway::Descriptor;
using busway::Direction;
using busway::Gate;
using busway::Task;
using busway::TimePoint;
using busway::Wake;
using busway::Worker;
using busway::plugins::NextTurn;

namespace {

// What a watch and the two coroutines that wait for it share.
struct Watched {
  Watched(Worker& on, Descriptor watched, std::uint32_t wanted, void (*call)(void*, std::uint32_t), void* with)
      : worker(on), descriptor(std::move(watched)), events(wanted), ready(call), user(with), changed{Gate(on), Gate(on)} {}

  Worker& worker;
  Descriptor descriptor;
  std::uint32_t events;
  void (*ready)(void* user, std::uint32_t events);
  void* user;
  Gate changed[2];  // opened when `events` has changed
  bool ended = false;
};

// The poll set tells of changes; a plugin is told of states.
bool is_ready(int fd, std::uint32_t event) {
  pollfd asked{.fd = fd, .events = static_cast<short>(event == BUSWAY_READABLE ? POLLIN : POLLOUT), .revents = 0};
  return ::poll(&asked, 1, 0) > 0;
}

Task<> follow(std::shared_ptr<Watched> watched, std::uint32_t event) {
  Direction direction = event == BUSWAY_READABLE ? Direction::read : Direction::write;
  bool others_first = true;
  while (!watched->ended) {
    if ((watched->events & event) == 0) {
      co_await watched->changed[event == BUSWAY_READABLE ? 0 : 1].wait(TimePoint::max());
      others_first = true;  // whoever changed it is still at work
    } else if (!is_ready(watched->descriptor.fd(), event)) {
      if (co_await watched->descriptor.ready(direction, TimePoint::max()) == Wake::cancelled) co_return;
      others_first = false;
    } else if (others_first) {
      co_await NextTurn(watched->worker);
      others_first = false;
    } else {
      watched->ready(watched->user, event);
      others_first = true;
    }
  }
}

Task<> run_connect(Worker& worker, std::string to, std::chrono::milliseconds time,
                   void (*done)(void* user, int fd, busway_text problem), void* user) {
  co_await NextTurn(worker);
  auto at = busway::read_host_port(to);
  if (!at || at->port == 0) {
    std::string problem = at ? "connecting to " + to + ": a port is missing" : at.error().text;
    done(user, -1, busway::plugins::text_of(problem));
    co_return;
  }
  auto socket = co_await busway::connect(worker, *at, worker.now() + time);
  if (socket) {
    done(user, socket->release(), {nullptr, 0});
  } else {
    done(user, -1, busway::plugins::text_of(socket.error().text));
  }
}

}  // namespace

struct busway_watch final {
  busway_loop& loop;
  std::shared_ptr<Watched> watched;

  ~busway_watch() {
    watched->ended = true;
    watched->descriptor.release();
    for (Gate& gate : watched->changed) gate.open(Wake::cancelled);
  }
};

struct busway_timer final : busway::Timer {
  busway_timer(busway_loop& of, void (*call)(void* user), void* with)
      : Timer([](Timer& timer) {
          auto& self = static_cast<busway_timer&>(timer);
          self.expired(self.user);
        }),
        loop(of),
        expired(call),
        user(with) {}

  busway_loop& loop;
  void (*expired)(void* user);
  void* user;
};

busway_loop::~busway_loop() {
  for (busway_watch* watch : watches) delete watch;
  for (busway_timer* timer : timers) delete timer;
}

namespace busway::plugins {

namespace {

busway_watch* watch(busway_loop* loop, int fd, std::uint32_t events, void (*ready)(void* user, std::uint32_t events),
                    void* user) {
  Descriptor descriptor = Descriptor::try_open(loop->worker, fd);
  if (!descriptor.open() || ready == nullptr) {
    descriptor.release();
    return nullptr;
  }
  auto watched = std::make_shared<Watched>(loop->worker, std::move(descriptor), events, ready, user);
  loop->worker.spawn(follow(watched, BUSWAY_READABLE));
  loop->worker.spawn(follow(watched, BUSWAY_WRITABLE));
  return *loop->watches.insert(new busway_watch{*loop, std::move(watched)}).first;
}

void change_watch(busway_watch* watch, std::uint32_t events) {
  std::shared_ptr<Watched> watched = watch->watched;
  watched->events = events;
  for (Gate& gate : watched->changed) gate.open();
}

void end_watch(busway_watch* watch) {
  watch->loop.watches.erase(watch);
  delete watch;
}

busway_timer* make_timer(busway_loop* loop, void (*expired)(void* user), void* user) {
  return *loop->timers.insert(new busway_timer(*loop, expired, user)).first;
}

void end_timer(busway_timer* timer) {
  timer->loop.timers.erase(timer);
  delete timer;
}

void connect(busway_loop* loop, busway_text host_port, std::int64_t timeout_ms,
             void (*done)(void* user, int fd, busway_text problem), void* user) {
  loop->worker.spawn(run_connect(loop->worker, std::string(view(host_port)), span_of(timeout_ms), done, user));
}

}  // namespace

const busway_loop_functions loop_functions = {
    .struct_size = sizeof(busway_loop_functions),
    .reserved = 0,
    .index = [](busway_loop* loop) { return static_cast<std::uint32_t>(loop->index); },
    .place = [](busway_loop* loop) { return &loop->place; },
    .now_ms = [](busway_loop* loop) -> std::int64_t {
      return std::chrono::duration_cast<std::chrono::milliseconds>(loop->worker.now().time_since_epoch()).count();
    },
    .watch = watch,
    .change_watch = change_watch,
    .end_watch = end_watch,
    .timer = make_timer,
    .set_timer = [](busway_timer* timer,
                    std::int64_t after) { timer->loop.worker.arm(*timer, timer->loop.worker.now() + span_of(after)); },
    .stop_timer = [](busway_timer* timer) { timer->disarm(); },
    .end_timer = end_timer,
    .post = [](busway_loop* loop, void (*run)(void* user), void* user) { loop->mailbox->post([run, user] { run(user); }); },
    .connect = connect,
};

}  // namespace busway::plugins
