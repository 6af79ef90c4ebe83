#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/http/client.hpp"

namespace busway::http {

// A connection of the pool. While it rests it looks at itself every second, and closes when its time is up or the service has
// closed it.
struct Client::Pooled final : Timer {
  Pooled(Client& client, Pool& in, Socket open)
      : Timer([](Timer& timer) { static_cast<Pooled&>(timer).expired(); }), owner(client), pool(in), socket(std::move(open)) {}
  void rest();
  void expired();
  Client& owner;
  Pool& pool;
  Socket socket;
  bool reused = false;
  TimePoint rests_until;
};

struct Client::Pool {
  Lane* lane = nullptr;
  HostPort to;
  bool secure = false;
  std::string host;  // as Host names it
  std::vector<std::unique_ptr<Pooled>> idle;
};

struct Client::Waiter {
  Waiter(Client& client, Lane& in);
  ~Waiter();
  Client& owner;
  Lane& lane;
  Gate gate;
  Waiter* previous = nullptr;
  Waiter* next = nullptr;
};

struct Client::Lane {
  // Set by the worker itself, null once it is gone; others read it that want something of the worker. Shared with a task of the
  // worker, so that either may end first.
  std::shared_ptr<std::atomic<Worker*>> worker = std::make_shared<std::atomic<Worker*>>(nullptr);
  std::atomic<std::int64_t> resting{0};  // idle connections; written by this worker alone
  std::atomic<std::int64_t> waiters{0};
  std::vector<std::unique_ptr<Pool>> pools;
  Waiter* first = nullptr;
  Waiter* last = nullptr;
  int waking = 0;  // how deep one waiter wakes the next
};

// A connection in use, counted. Given back whole by release(), or closed.
class Client::Lease {
 public:
  explicit Lease(std::unique_ptr<Pooled> connection) : connection_(std::move(connection)) {}
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease() {
    if (connection_ != nullptr) {
      Client& owner = connection_->owner;
      owner.discard(std::move(connection_));
    }
  }
  Socket& socket() const { return connection_->socket; }
  bool reused() const { return connection_->reused; }
  const std::string& host() const { return connection_->pool.host; }
  void release() {
    Client& owner = connection_->owner;
    owner.release(std::move(connection_));
  }

 private:
  std::unique_ptr<Pooled> connection_;
};

}  // namespace busway::http
