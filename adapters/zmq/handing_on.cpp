#include <utility>

#include "adapters/zmq/listener.hpp"

// Requests that are handed on: the short way of passage.hpp, as a listener goes it.
namespace busway::zmq {

bool ZmqListener::hand_on(Seat& seat) {
  if (!requests_ || seat.too_large) return false;
  seat.handed_to = requests_->take(*worker_, seat, seat.frames, seat.message);
  return seat.handed_to != nullptr;
}

bool ZmqListener::answered(Seat& seat, Frames& answer) {
  if (auto refused = requests_->refused(answer)) {
    failed(seat, std::move(*refused));
    return false;
  }
  if (socket_->pass_on(seat.frames, seat.message, answer) != Socket::Sent::yes) {
    worker_->spawn(run_answered(seat, std::make_shared<Frames>(std::exchange(answer, Frames()))));
    return false;
  }
  seat.sender->took = worker_->now();
  Seat* next = leave(seat);
  return next == nullptr || start(*next);
}

Task<> ZmqListener::run_answered(Seat& seat, std::shared_ptr<Frames> answer) {
  seat.trip = empty_trip();
  write_answer(seat, {.inlet = nullptr, .body = (*answer)[Link::behind_number], .failed = false});
  co_await deliver(seat);
  if (Seat* next = leave(seat)) start(*next);
}

// The route says what comes of it, as if it had called itself.
void ZmqListener::failed(Seat& seat, Error error) {
  seat.trip = empty_trip();
  seat.trip->exchange.deadline = requests_->deadline(seat.began);
  seat.trip->exchange.attempted = std::make_unique<Attempted>(seat.handed_to, std::move(error));
  worker_->spawn(run(seat));
}

}  // namespace busway::zmq
