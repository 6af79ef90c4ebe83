#include "adapters/tcp/pool.hpp"

#include <algorithm>

namespace busway::tcp {

namespace {

constexpr std::chrono::milliseconds sweep_every{1000};

// No byte of a request has reached the peer, whatever went wrong.
std::unexpected<Error> as_not_sent(Error error) {
  error.kind = ErrorKind::not_sent;
  return std::unexpected(std::move(error));
}

}  // namespace

// ---- slots ----

struct Pool::Waiter {
  explicit Waiter(Pool& owner) : pool(owner), gate(owner.worker_) { pool.waiting_.push_back(this); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    std::erase(pool.waiting_, this);
    std::erase(pool.granted_, this);
    if (granted) pool.leave();
  }
  Pool& pool;
  Gate gate;
  bool granted = false;
};

// Holds one of the pool's slots, also while its owner is destroyed with the worker.
class Pool::Slot {
 public:
  explicit Slot(Pool& pool) : pool_(pool) {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  ~Slot() { pool_.leave(); }

 private:
  Pool& pool_;
};

bool Pool::enter_at_once() {
  if (lent_ >= connections_) return false;
  ++lent_;
  return true;
}

Task<Result<void>> Pool::enter_in_turn(TimePoint deadline) {
  if (waiting_.size() >= most_waiting_) {
    co_return fail(ErrorKind::not_sent,
                   "waiting for a connection: all " + std::to_string(connections_) + " are busy and " +
                       std::to_string(waiting_.size()) + " calls wait already",
                   "full");
  }
  Waiter waiter(*this);
  co_await waiter.gate.wait(deadline);
  if (!std::exchange(waiter.granted, false)) {
    co_return fail(ErrorKind::not_sent, "waiting for a connection: all " + std::to_string(connections_) + " stayed busy",
                   "timeout");
  }
  co_return Result<void>{};
}

void Pool::leave() {
  if (waiting_.empty()) {
    --lent_;
    return;
  }
  // The slot changes hands at once, so nobody overtakes; the waiter goes on in a turn of its own, so that calls that fail at
  // once do not pile up on this stack.
  Waiter* next = waiting_.front();
  waiting_.pop_front();
  next->granted = true;
  granted_.push_back(next);
  if (granted_.size() == 1) worker_.post([this] { wake_granted(); });
}

void Pool::wake_granted() {
  std::size_t count = granted_.size();
  while (count-- > 0 && !granted_.empty()) {
    Waiter* next = granted_.front();
    granted_.pop_front();
    next->gate.open();
  }
  if (!granted_.empty()) worker_.post([this] { wake_granted(); });
}

// ---- connections ----

Pool::~Pool() = default;

bool Pool::take_idle(std::size_t endpoint, Lent& lent) {
  for (std::size_t i = idle_.size(); i-- > 0;) {
    if (idle_[i].endpoint != endpoint) continue;
    Socket socket = std::move(idle_[i].socket);
    TimePoint since = idle_[i].since;
    idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
    if (worker_.now() - since >= options_.idle) continue;
    if (socket.stale()) continue;  // bytes left from the last answer would be taken for the next one
    lent.socket = std::move(socket);
    lent.fresh = false;
    return true;
  }
  return false;
}

Task<Result<Socket>> connect_to(Worker& worker, const PoolOptions& options, const HostPort& endpoint, TimePoint deadline) {
  auto socket = co_await connect(worker, endpoint, deadline);
  if (!socket) co_return as_not_sent(std::move(socket.error()));
  if (options.tls) {
    const std::string& name = options.server_name.empty() ? endpoint.host : options.server_name;
    auto secured = co_await socket->connect_tls(*options.tls, name, deadline);
    if (!secured) co_return as_not_sent(std::move(secured.error()));
  }
  co_return std::move(socket);
}

void Pool::give_back(Socket socket, std::size_t endpoint) {
  if (closed_) return;
  idle_.push_back({std::move(socket), endpoint, worker_.now()});
  if (!armed()) worker_.arm(*this, worker_.now() + sweep_every);
}

void Pool::sweep() {
  std::erase_if(idle_, [this](Idle& idle) { return idle.socket.stale() || worker_.now() - idle.since >= options_.idle; });
  if (!idle_.empty()) worker_.arm(*this, worker_.now() + sweep_every);
}

void Pool::close() {
  closed_ = true;
  idle_.clear();
  disarm();
}

// ---- a request and its answer ----

Task<Result<std::string_view>> Pool::trade(Trade trade) {
  if (!enter_at_once()) {
    auto entered = co_await enter_in_turn(trade.deadline);
    if (!entered) co_return std::unexpected(std::move(entered.error()));
  }
  Slot slot(*this);
  Lent lent;
  std::size_t sent = 0;
  while (true) {
    if (!take_idle(trade.endpoint, lent)) {
      while (!idle_.empty() && lent_ + idle_.size() > connections_) idle_.erase(idle_.begin());
      auto socket = co_await connect_to(worker_, options_, options_.endpoints[trade.endpoint], trade.deadline);
      if (!socket) co_return std::unexpected(std::move(socket.error()));
      lent.socket = std::move(*socket);
      lent.fresh = true;
    }
    Error trouble;
    std::string_view left = trade.wire;
    while (!left.empty() && trouble.text.empty()) {
      IoStep step = lent.socket.try_write(left);
      if (step.kind == IoStep::Kind::done) {
        left.remove_prefix(step.bytes);
        continue;
      }
      if (step.kind == IoStep::Kind::broken || step.kind == IoStep::Kind::closed) {
        trouble = {ErrorKind::unknown, "sending a request: the connection broke", "reset"};
        break;
      }
      Wake how = co_await lent.socket.ready(step.kind, trade.deadline);
      if (how != Wake::ready) trouble = {ErrorKind::unknown, "sending a request: not done in time", "timeout"};
    }
    sent = trade.wire.size() - left.size();
    if (trouble.text.empty()) break;
    lent.socket.close();
    if (sent != 0) co_return std::unexpected(std::move(trouble));
    // Nothing has gone out: a connection that died while it was idle is no answer of the service.
    if (lent.fresh || trouble.code == "timeout") co_return as_not_sent(std::move(trouble));
  }
  if (options_.framer.ends_with_connection()) lent.socket.shutdown_write();
  if (options_.one_way) {
    if (!options_.framer.ends_with_connection()) give_back(std::move(lent.socket), trade.endpoint);
    co_return std::string_view();
  }
  bool reusable = false;
  auto answer = co_await read_answer(lent.socket, trade, reusable);
  if (reusable) {
    give_back(std::move(lent.socket), trade.endpoint);
  } else {
    lent.socket.close();
  }
  co_return std::move(answer);
}

Task<Result<std::string_view>> Pool::read_answer(Socket& socket, const Trade& trade, bool& reusable) {
  FrameBuffer buffer(*trade.storage, options_.framer.most_buffered());
  FrameDecoder decoder(options_.framer);
  bool ended = false;
  while (true) {
    auto found = decoder.next(buffer.bytes(), ended);
    if (!found) co_return std::unexpected(std::move(found.error()));
    if (*found) {
      Frame frame = **found;
      // Bytes that nobody asked for: what they belong to is anyone's guess.
      reusable = !ended && frame.consumed == buffer.bytes().size();
      co_return frame.payload;
    }
    if (ended) {
      co_return fail(ErrorKind::unknown,
                     buffer.empty() ? "reading the answer: the service closed the connection without one"
                                    : "reading the answer: the service closed the connection in the middle of it",
                     "closed");
    }
    std::span<char> room = buffer.room();
    auto got = co_await socket.read(room, trade.deadline);
    if (!got) {
      got.error().kind = ErrorKind::unknown;
      co_return got.error().while_doing("reading the answer");
    }
    ended = *got == 0;
    buffer.filled(*got);
  }
}

}  // namespace busway::tcp
