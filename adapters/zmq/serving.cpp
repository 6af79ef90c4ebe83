#include <algorithm>
#include <utility>

#include "adapters/zmq/listener.hpp"
#include "bus/fair_share.hpp"
#include "bus/log.hpp"
#include "bus/wall_clock.hpp"

namespace busway::zmq {

namespace {

constexpr std::size_t most_spare_trips = 64;
constexpr std::chrono::milliseconds full_again{8};  // a router does not tell when there is room
// The library tells of room when half of a full queue has gone: of 1000 messages of 32 KiB that takes 50 ms over a good network.
constexpr std::chrono::milliseconds held_for{250};
constexpr int most_transfers = 4;  // for an answer whose sender takes others meanwhile

}  // namespace

ZmqListener::Seat& ZmqListener::empty_seat() {
  if (spare_.empty()) return seats_.emplace_back(*this);
  Seat& seat = *spare_.back();
  spare_.pop_back();
  return seat;
}

ZmqListener::TripPtr ZmqListener::empty_trip() {
  if (spare_trips_.empty()) return std::make_unique<Trip>(*worker_);
  TripPtr trip = std::move(spare_trips_.back());
  spare_trips_.pop_back();
  return trip;
}

void ZmqListener::give_back(Seat& seat) {
  if (seat.trip != nullptr && spare_trips_.size() < most_spare_trips) spare_trips_.push_back(std::move(seat.trip));
  seat.trip.reset();
  seat.frames.clear();
  spare_.push_back(&seat);
}

void ZmqListener::take() {
  if (taking_) return;
  taking_ = true;
  ++takes_;
  std::size_t taken = 0;
  std::size_t bytes = 0;  // of those that do not pass
  Seat* seat = std::exchange(held_, nullptr);
  bool waits = seat != nullptr;
  while (!stopping_) {
    if (at_work_ >= config_.requests) {
      full_ = true;
      break;
    }
    if (taken >= messages_in_a_row * passed_for_one || bytes >= decoded_in_a_row) {
      watch_->look_again();
      break;
    }
    if (seat == nullptr) seat = &empty_seat();
    Socket::Got got = std::exchange(waits, false) ? Socket::Got::message : socket_->receive(seat->frames);
    if (got == Socket::Got::none) break;
    seat->too_large = got == Socket::Got::too_large;
    // Behind one that goes the long way none overtakes it.
    if (passage_ && !seat->too_large && at_work_ == 0) {
      ++taken;
      Passage::Way way = pass(*seat);
      if (way == Passage::Way::passed) continue;
      if (way == Passage::Way::full) {
        held_ = std::exchange(seat, nullptr);
        break;
      }
    }
    std::size_t size = 0;
    for (std::string_view frame : seat->frames.all()) size += frame.size();
    bool handed = begin(*std::exchange(seat, nullptr));
    taken += handed ? 1 : passed_for_one;
    bytes += handed ? 0 : size;
  }
  if (seat != nullptr) give_back(*seat);
  if (passage_) passage_->flush();
  taking_ = false;
}

// Where there is no room the message is held for a while, and nothing is taken behind it; a socket that still has none then may
// have nobody there, and the message waits on the long way.
Passage::Way ZmqListener::pass(Seat& seat) {
  int descriptor = seat.frames.descriptor();
  Passage::Way way = passage_->take(*worker_, seat.frames, *watch_);
  if (way == Passage::Way::passed) connections_.received(descriptor);
  bool first = held_until_ == TimePoint();
  if (way == Passage::Way::full && !first && worker_->now() >= held_until_) way = Passage::Way::long_way;
  if (way != Passage::Way::full) {
    held_until_ = TimePoint();
    return way;
  }
  if (first) held_until_ = worker_->now() + held_for;
  if (!std::exchange(waking_, true)) worker_->spawn(wake_for_held());
  return way;
}

Task<> ZmqListener::wake_for_held() {
  co_await worker_->sleep_for(full_again);
  waking_ = false;
  if (held_ != nullptr) watch_->look_again();
}

// Whether it was handed on, or is already through.
bool ZmqListener::begin(Seat& seat) {
  seat.message = 0;
  seat.began = worker_->now();
  if (!config_.answers()) {
    connections_.received(seat.frames.descriptor());
    ++at_work_;
    return start(seat);
  }
  std::span<const std::string_view> frames = seat.frames.all();
  auto envelope = frames.empty() ? std::nullopt : envelope_.size(frames.subspan(1));
  if (!envelope) {
    connections_.received(seat.frames.descriptor());
    log().warn("A request without a way back for its answer was dropped.",
               {{"listener", name_}, {"peer", seat.frames.peer()}, {"frames", seat.frames.size()}});
    give_back(seat);
    return false;
  }
  seat.message = 1 + *envelope;
  auto known = senders_.try_emplace(std::string(frames[0])).first;
  Sender& sender = known->second;
  sender.name = &known->first;
  seat.sender = &sender;
  seat.descriptor = descriptor_of(seat.frames, sender);
  connections_.received(seat.descriptor);
  if (sender.requests >= config_.requests_per_peer) {
    refuse(seat, {ErrorKind::overload, "the sender has too many requests here already"});
    give_back(seat);
    return false;
  }
  ++at_work_;
  ++sender.requests;
  connections_.begin(seat.descriptor);
  if (envelope_.delimited && sender.at_work) {
    sender.waiting.push_back(&seat);
    return false;
  }
  sender.at_work = true;
  return start(seat);
}

bool ZmqListener::start(Seat& seat) {
  if (hand_on(seat)) return true;
  worker_->spawn(run(seat));
  return false;
}

// Asking for it takes as long as all else that is done for a short message, and a sender's messages come over one connection.
int ZmqListener::descriptor_of(const Frames& frames, Sender& sender) {
  if (sender.looked != takes_) sender.descriptor = frames.descriptor();
  sender.looked = takes_;
  return sender.descriptor;
}

void ZmqListener::refuse(Seat& seat, const Error& error) {
  seat.trip = empty_trip();
  write_answer(seat, routes_.refuse(seat.trip->exchange, error));
  if (socket_->send(seat.trip->answer.all()) != Socket::Sent::yes) {
    log().warn("A sender has too many requests here and reads no answers: one was dropped.",
               {{"listener", name_}, {"peer", seat.frames.peer()}});
  }
  seat.trip->exchange.reset();
}

Task<> ZmqListener::run(Seat& first) {
  Seat* seat = &first;
  do {
    co_await serve_one(*seat);
    seat = leave(*seat);
  } while (seat != nullptr && !hand_on(*seat));
}

// The seat that is to be served next, of the same sender.
ZmqListener::Seat* ZmqListener::leave(Seat& seat) {
  --at_work_;
  Seat* next = nullptr;
  if (config_.answers()) {
    connections_.end(seat.descriptor);
    Sender& sender = *seat.sender;
    --sender.requests;
    if (!sender.waiting.empty()) {
      next = sender.waiting.front();
      sender.waiting.pop_front();
      next->began = worker_->now();
    } else if (sender.requests == 0) {
      senders_.erase(senders_.find(*sender.name));
    } else if (envelope_.delimited) {
      sender.at_work = false;
    }
  }
  give_back(seat);
  bool more = std::exchange(full_, false);
  if (!taking_ || more) watch_->look_again();
  return next;
}

Task<> ZmqListener::serve_one(Seat& seat) {
  if (seat.trip == nullptr) seat.trip = empty_trip();
  Exchange& exchange = seat.trip->exchange;
  exchange.origin.protocol = "zmq";
  exchange.origin.peer = seat.frames.peer();
  exchange.origin.secure = config_.curve.has_value();
  exchange.received = wall_now() - std::chrono::duration_cast<std::chrono::system_clock::duration>(worker_->now() - seat.began);
  Outcome outcome;
  if (seat.too_large) {
    outcome =
        routes_.refuse(exchange, {ErrorKind::format, "the message is larger than max_message, or has too many parts", "limit"});
  } else {
    outcome = co_await routes_.serve(exchange, seat.frames.all().subspan(seat.message));
  }
  if (config_.answers()) {
    write_answer(seat, outcome);
    co_await deliver(seat);
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
  auto& [exchange, answer] = *seat.trip;
  answer.clear();
  for (std::size_t i = 0; i < seat.message; ++i) answer.push_back(seat.frames[i]);
  const Headers none(exchange.arena());
  answer_parts_.write(outcome.body, outcome.failed ? none : exchange.message().headers, answer);
}

Task<> ZmqListener::deliver(Seat& seat) {
  TimePoint since = worker_->now();
  while (true) {
    Socket::Sent sent = socket_->send(seat.trip->answer.all());
    if (sent == Socket::Sent::yes) {
      seat.sender->took = worker_->now();
      co_return;
    }
    if (sent == Socket::Sent::gone) {
      log().info("A sender has gone before its answer.", {{"listener", name_}, {"peer", seat.frames.peer()}});
      co_return;
    }
    watch_->look_again();
    // Others for the same sender may have had the room that it has made.
    TimePoint now = worker_->now();
    if (now >= std::max(since, seat.sender->took) + config_.transfer || now >= since + most_transfers * config_.transfer) {
      log().warn("A sender that reads no answers was cut off.", {{"listener", name_}, {"peer", seat.frames.peer()}});
      connections_.cut(seat.descriptor);
      co_return;
    }
    co_await worker_->sleep_for(full_again);
  }
}

}  // namespace busway::zmq
