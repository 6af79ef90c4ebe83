#include "adapters/zmq/handed.hpp"

#include <cstring>

#include "adapters/zmq/link.hpp"

namespace busway::zmq {

bool Link::hand_on(Worker& worker, Handed& call, const Frames& message, std::size_t index, TimePoint deadline) {
  start(worker);
  if (state_ != State::connected || closed_ || turns_ >= bounds_.outstanding) return false;
  std::uint32_t place = take_place();
  Number number = number_of(place);
  const std::string_view front[behind_number] = {number.text(), {}};
  if (socket_.share(front, message, index) != Socket::Sent::yes) {
    look_for_answers();
    leave_place(place);
    return false;
  }
  ++turns_;
  places_[place].handed = &call;
  call.link_ = this;
  call.place_ = place;
  worker.arm(call, deadline);
  answers_->look_again();
  return true;
}

void Link::end(Handed& call) {
  call.disarm();
  leave_place(call.place_);
  give_turn();
}

void Handed::late(Timer& timer) {
  auto& call = static_cast<Handed&>(timer);
  call.link_->late(call);
}

void Link::late(Handed& call) {
  end(call);
  call.failed({ErrorKind::unknown, "calling " + to_.text + ": no answer in time", "timeout"});
}

// ---- places ----

std::uint32_t Link::take_place() {
  if (free_places_.empty()) {
    places_.push_back({.use = static_cast<std::uint32_t>(worker_->random())});
    return static_cast<std::uint32_t>(places_.size() - 1);
  }
  std::uint32_t index = free_places_.back();
  free_places_.pop_back();
  ++places_[index].use;
  return index;
}

void Link::leave_place(std::uint32_t index) {
  places_[index].waiter = nullptr;
  places_[index].handed = nullptr;
  free_places_.push_back(index);
}

Link::Number Link::number_of(std::uint32_t index) const {
  Number number;
  std::memcpy(number.bytes, &places_[index].use, sizeof index);
  std::memcpy(number.bytes + sizeof index, &index, sizeof index);
  return number;
}

}  // namespace busway::zmq
