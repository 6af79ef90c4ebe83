#include "plugins/process/arrivals.hpp"

#include <utility>

#include "bus/json_text.hpp"

namespace busway::plugins {

namespace {

std::string number_of(std::uint64_t arrival) {
  return std::to_string(arrival);
}

bool read_headers(const Node& from, std::vector<std::pair<std::string, std::string>>& out) {
  if (!from.is_object()) return true;
  for (const Member& member : from.members()) {
    if (!member.value.is_string()) return false;
    out.emplace_back(member.key.text(), member.value.text());
  }
  return true;
}

}  // namespace

Outcome not_taken(ErrorKind kind, int status, std::string_view reason) {
  return {.about = R"(,"outcome":"failed","kind":")" + std::string(name_of(kind)) + R"(","status":)" + std::to_string(status) +
                   R"(,"reason":)" + json_string(reason)};
}

void Arrivals::close(std::uint64_t use) {
  auto at = sources_.find(use);
  if (at != sources_.end()) at->second.closed = true;
}

std::string Arrivals::take(const wire::Arrival& said, std::string_view payload, std::vector<Brought>& whole) {
  auto source = sources_.find(said.use);
  if (source == sources_.end())
    return "an 'arrival' of use " + number_of(said.use) + ", which is no listener that it was told of";
  if (flights_.contains(said.arrival)) return "two arrivals with the number " + number_of(said.arrival) + " at a time";
  if (source->second.in_flight >= source->second.credit)
    return "an 'arrival' beyond its credit of " + std::to_string(source->second.credit);
  Flight in{.source = &source->second, .brought = {}};
  Brought& brought = in.brought;
  brought.number = said.arrival;
  brought.use = said.use;
  brought.route = said.route;
  brought.wants_reply = said.wants_reply;
  brought.deadline_ms = said.deadline_ms;
  brought.content_type = said.content_type;
  brought.peer = said.peer;
  brought.method = said.method;
  brought.target = said.target;
  brought.operation = said.operation;
  if (!read_headers(said.headers, brought.headers)) return "an 'arrival' with a header field that is no text";
  ++source->second.in_flight;
  Flight& kept = flights_.emplace(said.arrival, std::move(in)).first->second;
  add_piece(kept, payload);
  if (!said.more) settle(said.arrival, kept, whole);
  return {};
}

std::string Arrivals::take(const wire::Chunk& said, std::string_view payload, std::vector<Brought>& whole) {
  auto at = flights_.find(said.arrival);
  if (at == flights_.end() || at->second.whole)
    return "a chunk of arrival " + number_of(said.arrival) + ", of which there is nothing more to come";
  add_piece(at->second, payload);
  if (!said.more) settle(said.arrival, at->second, whole);
  return {};
}

void Arrivals::add_piece(Flight& flight, std::string_view payload) {
  std::string& body = flight.brought.body;
  flight.too_large = flight.too_large || payload.size() > flight.source->max_body - body.size();
  if (flight.too_large) {
    body = std::string();
  } else {
    body.append(payload);
  }
}

void Arrivals::settle(std::uint64_t arrival, Flight& flight, std::vector<Brought>& whole) {
  flight.whole = true;
  if (flight.source->closed) return end(arrival, not_taken(ErrorKind::not_sent, 503, "Service Unavailable"));
  if (flight.too_large) return end(arrival, not_taken(ErrorKind::format, 413, "Content Too Large"));
  whole.push_back(std::move(flight.brought));
}

void Arrivals::end(std::uint64_t arrival, Outcome outcome) {
  auto at = flights_.find(arrival);
  if (at == flights_.end()) return;
  --at->second.source->in_flight;
  flights_.erase(at);
  outgoing_.push_back({arrival, std::move(outcome)});
}

void Arrivals::flush(const Send& send) {
  while (!outgoing_.empty()) {
    Outgoing& next = outgoing_.front();
    std::string_view body = next.outcome.body;
    std::string_view piece = body.substr(next.sent, wire::most_payload);
    bool more = next.sent + piece.size() < body.size();
    std::string head = next.sent == 0 ? wire::outcome(next.arrival, body.size(), more, next.outcome.about)
                                      : wire::arrival_chunk(next.arrival, more);
    if (!send(head, body.empty() ? nullptr : &piece)) return;
    next.sent += piece.size();
    if (!more) outgoing_.pop_front();
  }
}

}  // namespace busway::plugins
