#include "adapters/http/client_pool.hpp"

#include <algorithm>

namespace busway::http {

constexpr std::chrono::milliseconds look_every{1000};

void Client::Pooled::rest() {
  Worker& worker = *pool.lane->worker->load(std::memory_order_relaxed);
  worker.arm(*this, std::min(rests_until, worker.now() + look_every));
}

void Client::Pooled::expired() {
  if (!socket.stale() && pool.lane->worker->load(std::memory_order_relaxed)->now() < rests_until) return rest();
  auto at = std::find_if(pool.idle.begin(), pool.idle.end(), [this](const auto& other) { return other.get() == this; });
  if (at == pool.idle.end()) return;
  std::unique_ptr<Pooled> self = std::move(*at);
  pool.idle.erase(at);
  pool.lane->resting.fetch_sub(1);
  owner.discard(std::move(self));
}

Client::Waiter::Waiter(Client& client, Lane& in) : owner(client), lane(in), gate(*in.worker->load(std::memory_order_relaxed)) {
  previous = lane.last;
  (previous != nullptr ? previous->next : lane.first) = this;
  lane.last = this;
  lane.waiters.fetch_add(1);
  owner.waiting_.fetch_add(1);
}

Client::Waiter::~Waiter() {
  (previous != nullptr ? previous->next : lane.first) = next;
  (next != nullptr ? next->previous : lane.last) = previous;
  lane.waiters.fetch_sub(1);
  owner.waiting_.fetch_sub(1);
}

namespace {

using WorkerPlace = std::shared_ptr<std::atomic<Worker*>>;

// Ends with the worker: from then on nobody may post to it.
Task<> mark_end(WorkerPlace place) {
  struct End {
    explicit End(std::atomic<Worker*>& of) : at(of) {}
    ~End() { at.store(nullptr); }
    std::atomic<Worker*>& at;
  } end(*place);
  Gate never(*place->load(std::memory_order_relaxed));
  co_await never.wait(TimePoint::max());
}

}  // namespace

Client::Client(ClientOptions options) : options_(std::move(options)) {}
Client::~Client() = default;

Result<void> Client::open(int workers, bool secure) {
  if (secure) {
    auto tls = make_tls_client(options_.tls);
    if (!tls) return std::unexpected(tls.error());
    tls_ = std::move(*tls);
  }
  for (int i = 0; i < workers; ++i) lanes_.push_back(std::make_unique<Lane>());
  return {};
}

Client::Lane& Client::lane_of(Worker& worker) {
  Lane& lane = *lanes_[static_cast<std::size_t>(worker.index())];
  if (lane.worker->load(std::memory_order_relaxed) == nullptr) {
    lane.worker->store(&worker);
    worker.spawn(mark_end(lane.worker));
  }
  return lane;
}

Client::Pool& Client::pool_of(Lane& lane, const Endpoint& endpoint) {
  for (auto& pool : lane.pools) {
    if (pool->to.port == endpoint.host_port.port && pool->secure == endpoint.secure && pool->to.host == endpoint.host_port.host)
      return *pool;
  }
  auto pool = std::make_unique<Pool>();
  pool->lane = &lane;
  pool->to = endpoint.host_port;
  pool->secure = endpoint.secure;
  pool->host = endpoint.host_port.host;
  if (pool->host.find(':') != std::string::npos) pool->host = "[" + pool->host + "]";
  if (endpoint.host_port.port != (endpoint.secure ? 443 : 80)) pool->host += ":" + std::to_string(endpoint.host_port.port);
  lane.pools.push_back(std::move(pool));
  return *lane.pools.back();
}

void Client::close(Worker& worker) {
  Lane& lane = *lanes_[static_cast<std::size_t>(worker.index())];
  while (shed(lane)) {
  }
}

// ---- the bound ----

bool Client::open_slot() {
  std::int64_t open = open_.load(std::memory_order_relaxed);
  while (open < options_.connections) {
    if (open_.compare_exchange_weak(open, open + 1)) return true;
  }
  return false;
}

void Client::free_slot(Lane& lane) {
  open_.fetch_sub(1);
  if (waiting_.load() > 0) wake_someone(lane);
}

bool Client::wake_first(Lane& lane) {
  constexpr int deepest = 8;
  Worker* worker = lane.worker->load(std::memory_order_relaxed);
  if (lane.first == nullptr || worker == nullptr) return false;
  if (lane.waking == deepest) {
    // Each of a long queue may fail at once and wake the next: not all on one stack.
    worker->post([at = &lane] { wake_first(*at); });
    return true;
  }
  ++lane.waking;
  bool woken = lane.first->gate.open();
  --lane.waking;
  return woken;
}

void Client::wake_someone(Lane& lane) {
  if (wake_first(lane)) return;
  for (auto& other : lanes_) {
    Worker* worker = other->worker->load();
    if (other.get() == &lane || worker == nullptr || other->waiters.load() == 0) continue;
    Lane* at = other.get();
    worker->post([at] { wake_first(*at); });
    return;
  }
}

// Closes the connection that has rested longest; false when none rests.
bool Client::shed(Lane& lane) {
  for (auto& pool : lane.pools) {
    if (pool->idle.empty()) continue;
    std::unique_ptr<Pooled> oldest = std::move(pool->idle.front());
    pool->idle.erase(pool->idle.begin());
    lane.resting.fetch_sub(1);
    discard(std::move(oldest));
    return true;
  }
  return false;
}

void Client::ask_others(Lane& lane) {
  for (auto& other : lanes_) {
    Worker* worker = other->worker->load();
    if (other.get() == &lane || worker == nullptr || other->resting.load() == 0) continue;
    Lane* at = other.get();
    worker->post([this, at] { shed(*at); });
    return;
  }
}

void Client::discard(std::unique_ptr<Pooled> connection) {
  Lane& lane = *connection->pool.lane;
  connection.reset();
  free_slot(lane);
}

void Client::release(std::unique_ptr<Pooled> connection) {
  Pool& pool = connection->pool;
  Lane& lane = *pool.lane;
  Worker& worker = *lane.worker->load(std::memory_order_relaxed);
  connection->reused = true;
  connection->rests_until = worker.now() + options_.idle;
  connection->rest();
  pool.idle.push_back(std::move(connection));
  lane.resting.store(lane.resting.load(std::memory_order_relaxed) + 1);
  // Only at the bound can anyone wait.
  if (open_.load() < options_.connections || waiting_.load() == 0) return;
  if (!wake_first(lane)) shed(lane);
}

std::unique_ptr<Client::Pooled> Client::take_idle(Lane& lane, Pool& pool) {
  while (!pool.idle.empty()) {
    std::unique_ptr<Pooled> connection = std::move(pool.idle.back());
    pool.idle.pop_back();
    lane.resting.store(lane.resting.load(std::memory_order_relaxed) - 1);
    connection->disarm();
    if (!connection->socket.stale()) return connection;
    connection.reset();
    open_.fetch_sub(1);
  }
  return nullptr;
}

Task<Result<Client::Lease>> Client::acquire(Lane& lane, const Endpoint& endpoint, TimePoint deadline) {
  Worker& worker = *lane.worker->load(std::memory_order_relaxed);
  Pool& pool = pool_of(lane, endpoint);
  while (true) {
    if (auto connection = take_idle(lane, pool)) co_return Lease(std::move(connection));
    if (open_slot()) break;
    if (shed(lane)) continue;
    if (static_cast<std::size_t>(lane.waiters.load(std::memory_order_relaxed)) >= options_.waiting)
      co_return fail(ErrorKind::not_sent, "waiting for a connection: too many requests wait already", "overload");
    Waiter waiter(*this, lane);
    // A slot that came free before we stood in the queue woke nobody.
    if (open_slot()) break;
    ask_others(lane);
    Wake how = co_await waiter.gate.wait(deadline);
    if (how != Wake::ready) co_return fail(ErrorKind::not_sent, "waiting for a connection: none came free in time", "timeout");
  }
  struct Slot {
    explicit Slot(Client& client, Lane& of) : owner(client), lane(of) {}
    ~Slot() {
      if (held) owner.free_slot(lane);
    }
    Client& owner;
    Lane& lane;
    bool held = true;
  } slot(*this, lane);
  auto socket = co_await connect_to(worker, endpoint, deadline);
  if (!socket) co_return std::unexpected(socket.error());
  slot.held = false;
  co_return Lease(std::make_unique<Pooled>(*this, pool, std::move(*socket)));
}

Task<Result<Socket>> Client::connect_to(Worker& worker, const Endpoint& endpoint, TimePoint deadline) {
  auto socket = co_await connect(worker, endpoint.host_port, deadline);
  if (!socket || !endpoint.secure) co_return std::move(socket);
  const std::string& name = options_.server_name.empty() ? endpoint.host_port.host : options_.server_name;
  auto shaken = co_await socket->connect_tls(*tls_, name, deadline);
  if (!shaken) {
    socket->reset();
    co_return std::unexpected(shaken.error());
  }
  co_return std::move(socket);
}

}  // namespace busway::http
