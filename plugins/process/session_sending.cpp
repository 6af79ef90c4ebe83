// What a session says: uses, requests, outcomes.
#include <algorithm>
#include <utility>

#include "plugins/process/session.hpp"

namespace busway::plugins {

namespace {

constexpr std::size_t most_control = 4096;

}  // namespace

void Session::begin(std::shared_ptr<Call> call, TimePoint now) {
  tell_uses();
  std::uint64_t id = ++last_id_;
  next_look_ = std::min(next_look_, call->deadline);
  flights_[id].call = std::move(call);
  sending_.push_back(id);
  flush(now);
}

void Session::say(std::string head) {
  if (control_.size() >= most_control) return break_off("does not read what the bus sends", false);
  control_.push_back(std::move(head));
}

void Session::say_bye(std::string_view reason) {
  if (peer_.empty()) return;
  bool waits = !end_ && (!control_.empty() || arrivals_.has_backlog());
  if (waits || outside_.send(peer_, wire::bye(reason), nullptr) == Outside::Sent::no_room) bye_ = reason;
}

void Session::tell_uses() {
  if (peer_.empty()) return;
  const Uses& all = outside_.uses();
  for (auto at = all.upper_bound(last_told_); at != all.end(); ++at) {
    const Use& use = at->second;
    if (use.inflow != nullptr) arrivals_.add(use.number, use.max_body);
    if (!use.stopped) tell(use);  // else the bus drains, and nothing is to listen again
    last_told_ = use.number;
  }
}

void Session::tell(const Use& use) {
  say(wire::use(use.number, use.what + R"(,"settings":)" + use.settings.expose()));
}

void Session::tell_again(const Use& use) {
  if (use.number <= last_told_ && !use.stopped) tell(use);
}

void Session::tell_credit(const Use& use) {
  if (use.stopped) {
    arrivals_.close(use.number);
    if (use.number <= last_told_) say(wire::stop_listening(use.number));
  } else if (use.credit != 0 && listening_.contains(use.number)) {
    arrivals_.grant(use.number, use.credit);
    say(wire::credit(use.number, use.credit));
  }
}

void Session::drop(std::uint64_t use) {
  arrivals_.close(use);
  listening_.erase(use);
  if (!peer_.empty() && use <= last_told_) say(wire::drop(use));
}

void Session::end_arrival(std::uint64_t arrival, Outcome outcome, TimePoint now) {
  arrivals_.end(arrival, std::move(outcome));
  flush(now);
}

bool Session::send_was_good(Outside::Sent sent) {
  if (sent == Outside::Sent::gone)
    break_off("has lost its connection: it was closed, or a frame was larger than the protocol allows", true);
  return sent == Outside::Sent::yes;
}

void Session::flush(TimePoint now) {
  while (!control_.empty() && !end_) {
    if (!send_was_good(outside_.send(peer_, control_.front(), nullptr))) return;
    control_.pop_front();
  }
  if (!end_ && control_.empty()) {
    arrivals_.flush([this](const std::string& head, const std::string_view* payload) {
      return !end_ && send_was_good(outside_.send(peer_, head, payload));
    });
  }
  if (bye_ && !end_ && !arrivals_.has_backlog() && send_was_good(outside_.send(peer_, wire::bye(*bye_), nullptr))) bye_.reset();
  while (!sending_.empty() && !end_) {
    auto at = flights_.find(sending_.front());
    Flight& in = at->second;
    if (!in.begun && !in.call->begin()) {  // nobody waits any more
      flights_.erase(at);
      sending_.pop_front();
      continue;
    }
    if (!send_piece(at->first, in, now)) return;
    if (in.sent == in.call->body.size()) sending_.pop_front();
  }
}

// One frame's worth of the body, with the request in front of the first.
bool Session::send_piece(std::uint64_t id, Flight& in, TimePoint now) {
  std::string_view body = in.call->body;
  std::string_view piece = body.substr(in.sent, wire::most_payload);
  bool more = in.sent + piece.size() < body.size();
  std::string head;
  if (in.begun) {
    head = wire::chunk(id, more);
  } else {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(in.call->deadline - now).count();
    head = wire::request(id, in.call->use, in.call->attempts + 1, std::max<std::int64_t>(left, 0), body.size(), more,
                         in.call->about);
  }
  if (!send_was_good(outside_.send(peer_, head, body.empty() ? nullptr : &piece))) return false;
  if (!std::exchange(in.begun, true)) ++in.call->attempts;
  in.sent += piece.size();
  return true;
}

std::vector<Session::Unanswered> Session::take_unanswered() {
  std::vector<Unanswered> out;
  for (auto& [id, in] : flights_) {
    if (!in.cancelled) out.push_back({std::move(in.call), in.begun});
  }
  flights_.clear();
  sending_.clear();
  return out;
}

}  // namespace busway::plugins
