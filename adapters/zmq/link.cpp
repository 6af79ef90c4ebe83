#include "adapters/zmq/link.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "bus/log.hpp"

namespace busway::zmq {

namespace {

Result<void> not_sent(std::string text, std::string code = {}) {
  return fail(ErrorKind::not_sent, std::move(text), std::move(code));
}

}  // namespace

// ---- waiting ----

// Waits in one of the link's lists, and leaves it whatever ends the wait.
class Link::Waiter {
 public:
  Waiter(Link& link, Waiters& in) : gate(*link.worker_), link_(link), in_(&in) { in.push_back(this); }
  explicit Waiter(Link& link) : gate(*link.worker_), link_(link) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    if (in_ != nullptr) std::erase(*in_, this);
    if (has_turn) link_.give_turn();
  }
  void move_to(Waiters* list) {
    in_ = list;
    if (list != nullptr) list->push_back(this);
  }

  Gate gate;
  bool has_turn = false;
  Frames* answer = nullptr;
  std::optional<Error> problem;

 private:
  Link& link_;
  Waiters* in_ = nullptr;
};

// One of the calls that the link has at once.
class Link::Turn {
 public:
  explicit Turn(Link& link) : link_(link) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { link_.give_turn(); }

 private:
  Link& link_;
};

// A call's place, as long as its answer is waited for.
class Link::Asked {
 public:
  Asked(Link& link, Frames& answer) : waiter(link), link_(link), place_(link.take_place()), number_(link.number_of(place_)) {
    waiter.answer = &answer;
    link.places_[place_].waiter = &waiter;
  }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;
  ~Asked() { link_.leave_place(place_); }
  std::string_view number() const { return number_.text(); }

  Waiter waiter;

 private:
  Link& link_;
  std::uint32_t place_;
  Number number_;
};

void Link::wake(Waiters& waiters) {
  // Who waits again meanwhile is not among them.
  std::size_t count = waiters.size();
  while (count-- > 0 && !waiters.empty()) {
    Waiter* next = waiters.front();
    waiters.pop_front();
    next->move_to(nullptr);
    next->gate.open();
  }
}

Task<Result<void>> Link::take_turn(TimePoint deadline) {
  if (turns_ < bounds_.outstanding) {
    ++turns_;
    co_return Result<void>{};
  }
  if (for_turn_.size() >= bounds_.waiting) {
    co_return not_sent("calling " + to_.text + ": " + std::to_string(turns_) + " calls are outstanding and " +
                           std::to_string(for_turn_.size()) + " wait already",
                       "full");
  }
  Waiter waiter(*this, for_turn_);
  co_await waiter.gate.wait(deadline);
  if (!std::exchange(waiter.has_turn, false))
    co_return not_sent("calling " + to_.text + ": " + std::to_string(turns_) + " calls stayed outstanding", "timeout");
  co_return Result<void>{};
}

void Link::give_turn() {
  if (for_turn_.empty()) {
    --turns_;
    return;
  }
  // It changes hands at once, so nobody overtakes; who has it goes on in a turn of the loop of its own.
  Waiter* next = for_turn_.front();
  for_turn_.pop_front();
  next->has_turn = true;
  next->move_to(&with_turn_);
  if (with_turn_.size() == 1) worker_->post([this] { wake_those_with_turn(); });
}

void Link::wake_those_with_turn() {
  wake(with_turn_);
  if (!with_turn_.empty()) worker_->post([this] { wake_those_with_turn(); });
}

// ---- the connection ----

Result<std::unique_ptr<Link>> Link::make(const SocketOptions& options, const ZmqAddress& to, LinkBounds bounds) {
  auto socket = Socket::make(options);
  if (!socket) return std::unexpected(std::move(socket.error()));
  auto monitor = Monitor::of(*socket);
  if (!monitor) return std::unexpected(std::move(monitor.error()));
  std::unique_ptr<Link> link(new Link(std::move(*socket), std::move(*monitor), to, bounds));
  if (link->socket_descriptor_ < 0 || link->monitor_descriptor_ < 0)
    return fail(ErrorKind::config, "making a ZeroMQ socket: no descriptors are left");
  return link;
}

Link::Link(Socket socket, Monitor monitor, ZmqAddress to, LinkBounds bounds)
    : socket_(std::move(socket)),
      monitor_(std::move(monitor)),
      to_(std::move(to)),
      bounds_(bounds),
      socket_descriptor_(socket_.watched_descriptor()),
      monitor_descriptor_(monitor_.watched_descriptor()) {}

Link::~Link() {
  if (socket_descriptor_ >= 0) ::close(socket_descriptor_);
  if (monitor_descriptor_ >= 0) ::close(monitor_descriptor_);
  if (!closed_) monitor_.close();
}

void Link::start(Worker& worker) {
  if (worker_ != nullptr) return;
  worker_ = &worker;
  answers_ = std::make_unique<Watch>(worker, std::exchange(socket_descriptor_, -1), [this] {
    if (take_answers()) answers_->look_again();
    wake(for_room_);
  });
  connection_ = std::make_unique<Watch>(worker, std::exchange(monitor_descriptor_, -1), [this] { look_at_connection(); });
  answers_->start();
  connection_->start();
}

void Link::close() {
  if (closed_) return;
  closed_ = true;
  state_ = State::broken;
  if (answers_ != nullptr) answers_->stop();
  if (connection_ != nullptr) connection_->stop();
  monitor_.close();
  socket_.close();
}

Task<Result<void>> Link::begin_to_connect(TimePoint deadline) {
  state_ = State::connecting;
  problem_.clear();
  connected_to_ = to_.text;
  if (to_.host_port) {
    auto addresses = co_await resolve(*worker_, *to_.host_port, deadline);
    if (!addresses) {
      set_apart(addresses.error().text);
      co_return std::unexpected(std::move(addresses.error()));
    }
    connected_to_ = "tcp://" + (*addresses)[attempts_++ % addresses->size()].text();
  }
  auto begun = closed_ ? not_sent("the bus stops") : socket_.connect(connected_to_);
  if (!begun) set_apart(begun.error().text);
  co_return begun;
}

Task<Result<void>> Link::connect(TimePoint deadline) {
  while (state_ != State::connected) {
    if (closed_) co_return not_sent("calling " + to_.text + ": the bus stops");
    if (state_ == State::apart) {
      auto begun = co_await begin_to_connect(deadline);
      if (!begun) co_return begun;
      continue;  // it may have been quick
    }
    Waiter waiter(*this, for_connection_);
    Wake how = co_await waiter.gate.wait(deadline);
    if (how != Wake::ready) co_return not_sent("connecting to " + to_.text + ": not done in time", "timeout");
    if (state_ == State::apart && !problem_.empty()) co_return not_sent("connecting to " + to_.text + ": " + problem_);
  }
  co_return Result<void>{};
}

void Link::set_apart(std::string problem) {
  state_ = State::apart;
  problem_ = std::move(problem);
  wake(for_connection_);
  wake(for_room_);
}

void Link::look_at_connection() {
  using Kind = Monitor::Event::Kind;
  while (auto event = monitor_.next()) {
    switch (event->kind) {
      case Kind::ready:
        state_ = State::connected;
        wake(for_connection_);
        break;
      case Kind::refused: problem_ = "it does not speak to us as ZeroMQ does, or refuses our key"; break;
      case Kind::not_connected:
        if (state_ != State::connecting) break;
        socket_.disconnect(connected_to_);
        set_apart("nobody takes the connection");
        break;
      case Kind::disconnected:
        if (state_ == State::connecting) {
          socket_.disconnect(connected_to_);
          set_apart(problem_.empty() ? "it has closed the connection" : problem_);
        } else if (state_ == State::connected) {
          state_ = State::broken;
          worker_->spawn(lose());
        }
        break;
      default: break;
    }
    if (closed_) return;
  }
}

// The library tells of the end of a connection maybe before it has handed over the last that came. Who then has no answer gets
// none.
Task<> Link::lose() {
  co_await worker_->sleep_for(Worker::tick);
  while (!closed_ && take_answers()) {
  }
  if (closed_) co_return;
  socket_.disconnect(connected_to_);
  Error closed = {ErrorKind::unknown, "calling " + to_.text + ": the service closed the connection without an answer", "closed"};
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (Handed* call = places_[i].handed; call != nullptr) {
      end(*call);
      call->failed(closed);
      continue;
    }
    Waiter* waiter = places_[i].waiter;
    if (waiter == nullptr || !waiter->gate.has_waiter()) continue;  // not sent yet
    places_[i].waiter = nullptr;
    waiter->problem = closed;
    waiter->gate.open();
  }
  set_apart({});
}

// ---- calls ----

Task<Result<void>> Link::trade(Worker& worker, std::span<std::string_view> frames, Frames& answer, TimePoint deadline) {
  start(worker);
  auto taken = co_await take_turn(deadline);
  if (!taken) co_return taken;
  Turn turn(*this);
  Asked asked(*this, answer);
  frames[0] = asked.number();
  frames[1] = {};
  while (true) {
    if (state_ != State::connected) {
      auto connected = co_await connect(deadline);
      if (!connected) co_return connected;
    }
    Socket::Sent sent = socket_.send(frames);
    if (sent == Socket::Sent::yes) break;
    look_for_answers();
    if (sent == Socket::Sent::gone) co_return not_sent("calling " + to_.text + ": the socket takes nothing");
    Waiter waiter(*this, for_room_);
    Wake how = co_await waiter.gate.wait(deadline);
    if (how != Wake::ready) co_return not_sent("calling " + to_.text + ": no room to send in time", "timeout");
  }
  answers_->look_again();
  Wake how = co_await asked.waiter.gate.wait(deadline);
  if (how != Wake::ready) co_return fail(ErrorKind::unknown, "calling " + to_.text + ": no answer in time", "timeout");
  if (asked.waiter.problem) co_return std::unexpected(std::move(*asked.waiter.problem));
  co_return Result<void>{};
}

// True when it has stopped before the last one, for others to have their turn.
bool Link::take_answers() {
  for (std::size_t taken = 0; taken < messages_in_a_row * passed_for_one;) {
    if (closed_) return false;
    Socket::Got got = socket_.receive(came_);
    if (got == Socket::Got::none) return false;
    taken += take_answer(got == Socket::Got::too_large) ? 1 : passed_for_one;
  }
  return true;
}

// Of whoever has tried to send, and found no room: nobody is woken who waits for it.
void Link::look_for_answers() {
  if (std::exchange(looks_, true)) return;
  worker_->post([this] {
    looks_ = false;
    if (take_answers()) answers_->look_again();
  });
}

// Whether it was handed on at once.
bool Link::take_answer(bool too_large) {
  Waiter* waiter = nullptr;
  Handed* handed = nullptr;
  if (came_.size() >= behind_number && came_[0].size() == sizeof(Number) && came_[1].empty()) {
    std::uint32_t use = 0;
    std::uint32_t index = 0;
    std::memcpy(&use, came_[0].data(), sizeof use);
    std::memcpy(&index, came_[0].data() + sizeof use, sizeof index);
    if (index < places_.size() && places_[index].use == use) {
      Place& place = places_[index];
      handed = place.handed;
      if (place.waiter != nullptr && place.waiter->gate.has_waiter()) waiter = std::exchange(place.waiter, nullptr);
    }
  }
  if (waiter == nullptr && handed == nullptr) {
    log().info("An answer came that nobody waits for.", {{"service", to_.text}, {"frames", came_.size()}});
    return false;
  }
  std::optional<Error> refused;
  if (too_large)
    refused = {ErrorKind::garbage, "calling " + to_.text + ": the answer is larger than max_message, or has too many parts",
               "limit"};
  if (handed != nullptr) {
    end(*handed);
    if (!refused) return handed->answered(came_);
    handed->failed(std::move(*refused));
    return false;
  }
  waiter->problem = std::move(refused);
  if (!too_large) std::swap(*waiter->answer, came_);
  waiter->gate.open();
  return false;
}

}  // namespace busway::zmq
