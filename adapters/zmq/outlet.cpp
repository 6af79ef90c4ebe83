#include "adapters/zmq/outlet.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "bus/log.hpp"

namespace busway::zmq {

namespace {

constexpr std::chrono::milliseconds full_again{8};  // not every socket tells when there is room
constexpr std::chrono::seconds tell_every{1};
constexpr int subscriptions_in_a_row = 256;
constexpr std::uint64_t most_unread = 1024UL * 1024;  // of subscribers

}  // namespace

Result<std::unique_ptr<Outlet>> Outlet::make(OutletOptions options) {
  auto socket = Socket::make(options.socket);
  if (!socket) return std::unexpected(std::move(socket.error()));
  std::unique_ptr<Outlet> made(new Outlet(std::move(options), std::move(*socket)));
  if (made->options_.listen.empty()) {
    auto connected = made->socket_.connect(made->options_.connect);
    if (!connected) return std::unexpected(std::move(connected.error()));
  } else {
    made->connections_.emplace(made->options_.service, made->options_.max_connections, most_unread);
    if (auto watched = made->connections_->open(made->socket_); !watched) return std::unexpected(std::move(watched.error()));
    if (auto bound = made->socket_.bind(made->options_.listen); !bound) return std::unexpected(std::move(bound.error()));
    made->bound_ = made->socket_.last_endpoint();
  }
  made->descriptor_ = made->socket_.watched_descriptor();
  if (made->descriptor_ < 0) return fail(ErrorKind::config, "making a ZeroMQ socket: no descriptors are left");
  return made;
}

Outlet::Outlet(OutletOptions options, Socket socket) : options_(std::move(options)), socket_(std::move(socket)) {}

Outlet::~Outlet() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (dropped() != told_)
    log().warn("Messages were dropped: there was no room for them.", {{"service", options_.service}, {"dropped", dropped()}});
  if (connections_) connections_->close();
}

void Outlet::start(Worker& worker) {
  if (worker_ != nullptr) return;
  worker_ = &worker;
  told_at_ = worker.now() - tell_every;
  if (connections_) connections_->serve(worker, bound_);
  watch_ = std::make_unique<Watch>(worker, std::exchange(descriptor_, -1), [this] {
    if (!wait_for_room_.empty() && socket_.has_room()) {
      for (Watch* reader : std::exchange(wait_for_room_, {})) reader->look_again();
    }
    take_subscriptions();
  });
  watch_->start();
}

// Nobody sends to a PUSH; an XPUB hears what its subscribers want, and the library keeps the account of it.
void Outlet::take_subscriptions() {
  if (options_.socket.wire != Wire::pub) return;
  for (int taken = 0; taken < subscriptions_in_a_row; ++taken) {
    Socket::Got got = socket_.receive(came_);
    if (got == Socket::Got::none) return;
    int descriptor = came_.descriptor();
    if (connections_) connections_->received(descriptor);
    if (!connections_ || came_.size() == 0 || came_[0].empty()) continue;
    if (came_[0][0] == 0) {
      connections_->unsubscribed(descriptor);
    } else if (!connections_->subscribed(descriptor, options_.max_subscriptions)) {
      log().warn("A subscriber that asks for too many topics was cut off.",
                 {{"service", options_.service}, {"peer", came_.peer()}, {"max_subscriptions", options_.max_subscriptions}});
      connections_->cut(descriptor);
    }
  }
  watch_->look_again();
}

void Outlet::wake_when_room(Watch& reader) {
  if (std::find(wait_for_room_.begin(), wait_for_room_.end(), &reader) == wait_for_room_.end()) wait_for_room_.push_back(&reader);
}

void Outlet::count_dropped() {
  std::uint64_t total = dropped_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (worker_->now() - told_at_ < tell_every) return;
  told_at_ = worker_->now();
  told_ = total;
  log().warn("Messages were dropped: there was no room for them.", {{"service", options_.service}, {"dropped", total}});
}

void Outlet::offer(std::span<const std::string_view> frames) {
  if (socket_.send(frames) != Socket::Sent::yes) count_dropped();
  watch_->look_again();
}

Task<Result<void>> Outlet::put(std::span<const std::string_view> frames, TimePoint deadline) {
  while (true) {
    Socket::Sent sent = socket_.send(frames);
    watch_->look_again();
    if (sent == Socket::Sent::yes) co_return Result<void>{};
    if (options_.when_full == WhenFull::drop_counted) {
      count_dropped();
      co_return Result<void>{};
    }
    if (options_.when_full == WhenFull::refuse)
      co_return fail(ErrorKind::not_sent, "sending: there is no room, or nobody takes messages", "full");
    if (worker_->now() >= deadline)
      co_return fail(ErrorKind::not_sent, "sending: no room in time, or nobody takes messages", "timeout");
    co_await worker_->sleep_until(std::min(deadline, worker_->now() + full_again));
  }
}

}  // namespace busway::zmq
