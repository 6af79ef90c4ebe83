#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/tcp/frame_buffer.hpp"
#include "adapters/tcp/framing.hpp"
#include "bus/socket.hpp"

namespace busway::tcp {

// What all pools of one service share; outlives them.
struct PoolOptions {
  Framer framer;
  std::vector<HostPort> endpoints;
  bool one_way = false;
  std::chrono::milliseconds idle{60'000};
  std::shared_ptr<const TlsContext> tls;
  std::string server_name;  // empty: the endpoint's host
};

// A new connection to an endpoint, TLS included. Errors: kind `not_sent`.
Task<Result<Socket>> connect_to(Worker& worker, const PoolOptions& options, const HostPort& endpoint, TimePoint deadline);

// One request and its answer. `wire` is a whole frame; `storage` takes the answer's bytes. Both outlive the trade.
struct Trade {
  std::size_t endpoint = 0;
  std::string_view wire;
  std::string* storage = nullptr;
  TimePoint deadline = TimePoint::max();
};

// One worker's connections to a service, with one outstanding request each. At most `connections` are open, lent or idle,
// whatever the endpoint; when all are lent, up to `waiting` calls wait in order for the next. Idle connections that the peer has
// ended, or that nobody took for `idle`, are closed. Worker thread only.
class Pool final : private Timer {
 public:
  Pool(Worker& worker, const PoolOptions& options, std::size_t connections, std::size_t waiting)
      : Timer([](Timer& timer) { static_cast<Pool&>(timer).sweep(); }),
        worker_(worker),
        options_(options),
        connections_(connections),
        most_waiting_(waiting) {}
  ~Pool();
  Worker& worker() { return worker_; }

  // The answer's payload, in `trade.storage`; empty for one-way services. Errors as language.md, "Outcome of a call":
  // `not_sent` before the first byte is out, `unknown` after it, `garbage` for a frame that cannot be read.
  Task<Result<std::string_view>> trade(Trade trade);
  // Idle connections close; those in use do when they come back.
  void close();

 private:
  struct Idle {
    Socket socket;
    std::size_t endpoint = 0;
    TimePoint since{};
  };
  struct Waiter;
  class Slot;
  struct Lent {
    Socket socket;
    bool fresh = true;
  };

  bool enter_at_once();
  Task<Result<void>> enter_in_turn(TimePoint deadline);
  void leave();
  void wake_granted();
  bool take_idle(std::size_t endpoint, Lent& lent);
  Task<Result<std::string_view>> read_answer(Socket& socket, const Trade& trade, bool& reusable);
  void give_back(Socket socket, std::size_t endpoint);
  void sweep();

  Worker& worker_;
  const PoolOptions& options_;
  std::size_t connections_;
  std::size_t most_waiting_;
  std::size_t lent_ = 0;    // slots in use, being connected included
  std::vector<Idle> idle_;  // the longest idle first
  std::deque<Waiter*> waiting_;
  std::deque<Waiter*> granted_;  // hold a slot and are about to wake
  bool closed_ = false;
};

}  // namespace busway::tcp
