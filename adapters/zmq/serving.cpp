#include <utility>

#include "adapters/zmq/listener.hpp"
#include "bus/fair_share.hpp"
#include "bus/log.hpp"
#include "bus/wall_clock.hpp"

namespace busway::zmq {

namespace {

// What one turn of the loop takes: so many messages, and of those that only pass eight times as many.
constexpr int messages_in_a_row = 64;
constexpr int passed_for_one = 8;
constexpr std::size_t most_spare = 64;
constexpr std::chrono::milliseconds full_again{8};  // a router does not tell when there is room

}  // namespace

ZmqListener::SeatPtr ZmqListener::empty_seat() {
  if (spare_.empty()) return std::make_unique<Seat>(*worker_);
  SeatPtr seat = std::move(spare_.back());
  spare_.pop_back();
  return seat;
}

void ZmqListener::give_back(SeatPtr seat) {
  seat->frames.clear();
  seat->views.clear();
  seat->answer.clear();
  seat->trouble.reset();
  if (spare_.size() < most_spare) spare_.push_back(std::move(seat));
}

void ZmqListener::take() {
  if (taking_) return;
  taking_ = true;
  std::size_t bytes = 0;
  int left = messages_in_a_row * passed_for_one;
  SeatPtr seat = std::move(held_);
  bool waits = seat != nullptr;
  while (!stopping_) {
    if (at_work_ >= config_.requests) {
      full_ = true;
      break;
    }
    if (left <= 0 || bytes >= decoded_in_a_row) {
      watch_->look_again();
      break;
    }
    if (seat == nullptr) seat = empty_seat();
    Socket::Got got = std::exchange(waits, false) ? Socket::Got::message : socket_->receive(seat->frames);
    if (got == Socket::Got::none) break;
    // Behind one that goes the long way none overtakes it.
    if (passage_ && got == Socket::Got::message && at_work_ == 0) {
      --left;
      Passage::Way way = pass(seat);
      if (way == Passage::Way::passed) continue;
      if (way == Passage::Way::full) break;
    }
    left -= passed_for_one;
    bytes += admit(std::exchange(seat, nullptr), got == Socket::Got::too_large);
  }
  if (seat != nullptr) give_back(std::move(seat));
  if (passage_) passage_->flush();
  taking_ = false;
}

// Where there is no room the message is held for a moment, and nothing is taken behind it; a socket that still has none then may
// have nobody there, and the message waits on the long way.
Passage::Way ZmqListener::pass(SeatPtr& seat) {
  int descriptor = seat->frames.descriptor();
  Passage::Way way = passage_->take(*worker_, seat->frames, *watch_);
  if (way == Passage::Way::passed) connections_.received(descriptor);
  bool first = held_until_ == TimePoint();
  if (way == Passage::Way::full && !first && worker_->now() >= held_until_) way = Passage::Way::long_way;
  if (way != Passage::Way::full) {
    held_until_ = TimePoint();
    return way;
  }
  if (first) held_until_ = worker_->now() + full_again;
  held_ = std::move(seat);
  if (!std::exchange(waking_, true)) worker_->spawn(wake_for_held());
  return way;
}

Task<> ZmqListener::wake_for_held() {
  co_await worker_->sleep_for(full_again);
  waking_ = false;
  if (held_ != nullptr) watch_->look_again();
}

// Its bytes.
std::size_t ZmqListener::admit(SeatPtr seat, bool too_large) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < seat->frames.size(); ++i) {
    seat->views.push_back(seat->frames[i]);
    bytes += seat->views.back().size();
  }
  begin(std::move(seat), too_large);
  return bytes;
}

void ZmqListener::begin(SeatPtr seat, bool too_large) {
  seat->message = 0;
  seat->descriptor = seat->frames.descriptor();
  connections_.received(seat->descriptor);
  if (too_large) seat->trouble = {ErrorKind::format, "the message is larger than max_message, or has too many parts", "limit"};
  if (!config_.answers()) {
    ++at_work_;
    worker_->spawn(run(std::move(seat)));
    return;
  }
  std::span<const std::string_view> frames(seat->views);
  auto envelope = frames.empty() ? std::nullopt : envelope_.size(frames.subspan(1));
  if (!envelope) {
    log().warn("A request without a way back for its answer was dropped.",
               {{"listener", name_}, {"peer", seat->frames.peer()}, {"frames", seat->frames.size()}});
    give_back(std::move(seat));
    return;
  }
  seat->message = 1 + *envelope;
  seat->sender = frames[0];
  Sender& sender = senders_[seat->sender];
  if (sender.requests >= config_.requests_per_peer) {
    Outcome refused = routes_.refuse(seat->exchange, {ErrorKind::overload, "the sender has too many requests here already"});
    write_answer(*seat, refused);
    if (socket_->send(seat->answer.all()) != Socket::Sent::yes) {
      log().warn("A sender has too many requests here and reads no answers: one was dropped.",
                 {{"listener", name_}, {"peer", seat->frames.peer()}});
    }
    seat->exchange.reset();
    give_back(std::move(seat));
    return;
  }
  ++at_work_;
  ++sender.requests;
  connections_.begin(seat->descriptor);
  if (envelope_.delimited && sender.at_work) {
    sender.waiting.push_back(std::move(seat));
    return;
  }
  sender.at_work = true;
  worker_->spawn(run(std::move(seat)));
}

Task<> ZmqListener::run(SeatPtr seat) {
  while (seat != nullptr) {
    co_await serve_one(*seat);
    seat = leave(std::move(seat));
  }
}

// The seat that is to be served next, of the same sender.
ZmqListener::SeatPtr ZmqListener::leave(SeatPtr seat) {
  --at_work_;
  SeatPtr next;
  if (config_.answers()) {
    connections_.end(seat->descriptor);
    auto found = senders_.find(seat->sender);
    Sender& sender = found->second;
    --sender.requests;
    if (!sender.waiting.empty()) {
      next = std::move(sender.waiting.front());
      sender.waiting.pop_front();
    } else if (sender.requests == 0) {
      senders_.erase(found);
    } else if (envelope_.delimited) {
      sender.at_work = false;
    }
  }
  give_back(std::move(seat));
  bool more = std::exchange(full_, false);
  if (!taking_ || more) watch_->look_again();
  return next;
}

Task<> ZmqListener::serve_one(Seat& seat) {
  Exchange& exchange = seat.exchange;
  exchange.origin.protocol = "zmq";
  exchange.origin.peer = seat.frames.peer();
  exchange.origin.secure = config_.curve.has_value();
  exchange.received = wall_now();
  Outcome outcome;
  if (seat.trouble) {
    outcome = routes_.refuse(exchange, *seat.trouble);
  } else {
    outcome = co_await routes_.serve(exchange, std::span<const std::string_view>(seat.views).subspan(seat.message));
  }
  if (config_.answers()) {
    co_await deliver(seat, outcome);
  } else if (const Failure* failure = exchange.failure(); outcome.failed && failure != nullptr) {
    LogField fields[] = {{"listener", name_}, {"kind", name_of(failure->kind)}, {"error", failure->message}};
    log().write(LogLevel::error, "A message failed, and nobody waits for its answer.",
                outcome.inlet != nullptr ? outcome.inlet->route().name() : "", fields);
  }
  if (exchange.holds_much()) {
    co_await worker_->in_slices(true, TimePoint::max(), [&] { exchange.reset(); });
  } else {
    exchange.reset();
  }
}

void ZmqListener::write_answer(Seat& seat, const Outcome& outcome) const {
  seat.answer.clear();
  for (std::size_t i = 0; i < seat.message; ++i) seat.answer.push_back(seat.views[i]);
  if (outcome.failed) {
    answer_parts_.write(outcome.body, Headers(seat.exchange.arena()), seat.answer);
  } else {
    answer_parts_.write(outcome.body, seat.exchange.message().headers, seat.answer);
  }
}

Task<> ZmqListener::deliver(Seat& seat, Outcome outcome) {
  write_answer(seat, outcome);
  TimePoint until = worker_->now() + config_.transfer;
  while (true) {
    Socket::Sent sent = socket_->send(seat.answer.all());
    if (sent == Socket::Sent::yes) co_return;
    if (sent == Socket::Sent::gone) {
      log().info("A sender has gone before its answer.", {{"listener", name_}, {"peer", seat.frames.peer()}});
      co_return;
    }
    if (worker_->now() >= until) {
      log().warn("A sender that reads no answers was cut off.", {{"listener", name_}, {"peer", seat.frames.peer()}});
      connections_.cut(seat.descriptor);
      co_return;
    }
    co_await worker_->sleep_for(full_again);
  }
}

}  // namespace busway::zmq
