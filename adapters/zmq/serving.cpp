#include "adapters/zmq/listener.hpp"
#include "bus/fair_share.hpp"
#include "bus/log.hpp"
#include "bus/wall_clock.hpp"

namespace busway::zmq {

namespace {

constexpr int messages_in_a_row = 64;
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
  for (int taken = 0; !stopping_; ++taken) {
    if (at_work_ >= config_.requests) {
      full_ = true;
      break;
    }
    if (taken == messages_in_a_row || bytes >= decoded_in_a_row) {
      watch_->look_again();
      break;
    }
    SeatPtr seat = empty_seat();
    Socket::Got got = socket_->receive(seat->frames);
    if (got == Socket::Got::none) {
      give_back(std::move(seat));
      break;
    }
    for (std::size_t i = 0; i < seat->frames.size(); ++i) {
      seat->views.push_back(seat->frames[i]);
      bytes += seat->views.back().size();
    }
    admit(std::move(seat), got == Socket::Got::too_large);
  }
  taking_ = false;
}

void ZmqListener::admit(SeatPtr seat, bool too_large) {
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
