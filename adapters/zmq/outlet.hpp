#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/zmq/connections.hpp"
#include "adapters/zmq/socket.hpp"
#include "adapters/zmq/watch.hpp"

namespace busway::zmq {

// What becomes of a message for which there is no room: the queues of those who should take it are full, or nobody is there.
enum class WhenFull : std::uint8_t {
  block,        // it waits, until its time is up
  refuse,       // it is not sent, and its sender told so
  drop_counted  // it is dropped and counted, and its sender goes on
};

struct OutletOptions {
  std::string service;
  SocketOptions socket;
  WhenFull when_full = WhenFull::block;
  std::string listen;   // or
  std::string connect;  // one of them
  std::int64_t max_connections = 1000;
  std::int64_t max_subscriptions = 1000;  // of one subscriber
};

// A socket that messages go out of and nothing comes back: PUSH, or XPUB. What it has taken lies in the library's queues: it is
// sent, but nobody hears whether it has arrived.
//
// PUB drops without a word what a slow subscriber has no room for. XPUB with ZMQ_XPUB_NODROP says so instead: then the message
// goes to nobody, and `when_full` decides. One worker's from its first message on; outlives it.
class Outlet {
 public:
  // Errors: kind `config`.
  static Result<std::unique_ptr<Outlet>> make(OutletOptions options);
  ~Outlet();
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  // Where it listens: "tcp://127.0.0.1:7005"; empty when it connects.
  const std::string& bound() const { return bound_; }
  Worker* worker() const { return worker_; }
  // Sends what was received elsewhere, if there is room now; false when not, and it is as it was. The caller asks for another
  // look (look_again) once it has no more.
  bool pass(Frames& message) { return socket_.pass_on(message) == Socket::Sent::yes; }
  void look_again() { watch_->look_again(); }
  bool blocks() const { return options_.when_full == WhenFull::block; }
  // `reader` looks, once, when there may be room again. A socket of publishers does not tell.
  void wake_when_room(Watch& reader);
  // Makes it that worker's; once.
  void start(Worker& worker);
  // Errors: kind `not_sent`, code "full" or "timeout".
  Task<Result<void>> put(std::span<const std::string_view> frames, TimePoint deadline);
  // Sends it, or drops and counts it.
  void offer(std::span<const std::string_view> frames);
  // Messages dropped so far.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  explicit Outlet(OutletOptions options, Socket socket);
  void take_subscriptions();
  void count_dropped();

  OutletOptions options_;
  Socket socket_;
  std::string bound_;
  int descriptor_ = -1;  // until the worker takes it
  std::optional<Connections> connections_;
  Worker* worker_ = nullptr;
  std::unique_ptr<Watch> watch_;
  Frames came_;
  std::vector<Watch*> wait_for_room_;
  std::atomic<std::uint64_t> dropped_{0};
  std::uint64_t told_ = 0;  // of them, in the log
  TimePoint told_at_{};
};

}  // namespace busway::zmq
