#include "plugins/process/session.hpp"

#include <algorithm>
#include <utility>

#include "plugins/host/utf8.hpp"

namespace busway::plugins {

namespace {

constexpr std::size_t most_strangers = 100;  // messages of those who did not say hello
constexpr std::size_t most_control = 4096;
constexpr int most_unasked = 20'000;  // a second

// For logs and $failure.
std::string_view short_text(std::string_view text) {
  constexpr std::size_t most = 2000;
  text = text.substr(0, most);
  while (!is_utf8(text)) text.remove_suffix(1);  // cut within a character
  return text;
}

template <class... F>
struct Cases : F... {
  using F::operator()...;
};

}  // namespace

Session::Session(Terms terms, const Format& json, Outside& outside, TimePoint now)
    : terms_(std::move(terms)), json_(json), outside_(outside), next_ping_(now + terms_.heartbeat) {}

void Session::break_off(std::string why, bool blames) {
  if (!end_) end_ = End{std::move(why), blames};
}

// ---- what comes in ----

void Session::take(std::string_view peer, std::span<const std::string_view> frames, TimePoint now) {
  if (end_) return;
  arena_.reset();
  auto message = wire::read(frames, json_, arena_);
  if (peer != peer_) {
    take_from_stranger(peer, message);
  } else if (!message) {
    garbage(message.error().text);
  } else {
    unheard_ = 0;
    take_message(*message, now);
  }
  flush(now);
}

// Whoever reaches the socket is a process of the same user, but need not be the one that was started.
void Session::take_from_stranger(std::string_view peer, const Result<wire::Message>& message) {
  if (++strangers_ > most_strangers)
    return break_off("is crowded out: too much comes from processes that do not say hello", false);
  const auto* hello = message ? std::get_if<wire::Hello>(&message->said) : nullptr;
  std::string reason;
  if (!message) {
    reason = "the first message must be a hello, and this is " + message.error().text;
  } else if (hello == nullptr) {
    reason = "the first message must be a hello";
  } else if (hello->cookie != terms_.cookie) {
    reason = "the cookie is not the one of BUSWAY_COOKIE";
  } else if (!peer_.empty()) {
    reason = "another process speaks for this plugin already";
  } else if (hello->protocol != wire::version) {
    reason = "the plugin speaks version " + std::to_string(hello->protocol) +
             " of the plugin protocol, and this busway version " + std::to_string(wire::version);
    break_off("is made for another busway: it speaks version " + std::to_string(hello->protocol) +
                  " of the plugin protocol, and this busway version " + std::to_string(wire::version),
              false);
  } else {
    return greet(peer);
  }
  outside_.send(peer, wire::bye(reason), nullptr);
  if (!end_) outside_.logged(LogLevel::warn, "a stranger was turned away: " + reason);
}

void Session::greet(std::string_view peer) {
  peer_ = peer;
  say(wire::welcome(terms_.heartbeat, terms_.silence));
  tell_uses();
}

void Session::take_message(const wire::Message& message, TimePoint now) {
  bool answers = std::holds_alternative<wire::Reply>(message.said) || std::holds_alternative<wire::Chunk>(message.said) ||
                 std::holds_alternative<wire::Fail>(message.said);
  if (!answers) {
    if (now - second_ >= std::chrono::seconds(1)) {
      second_ = now;
      unasked_ = 0;
    }
    if (++unasked_ > most_unasked) return break_off("floods the bus with messages that answer nothing", false);
  }
  bool wants_ready = !ready_ && (answers || std::holds_alternative<wire::Credit>(message.said));
  if (wants_ready) return garbage("an answer before it was ready");
  std::visit(
      Cases{
          [&](const wire::Hello&) { garbage("a second hello"); },
          [&](const wire::Ready& ready) {
            if (std::exchange(ready_, true)) return garbage("a second ready");
            credit_ = static_cast<std::size_t>(ready.credit);
          },
          [&](const wire::Credit& credit) { credit_ = static_cast<std::size_t>(credit.credit); },
          [&](const wire::Reply& reply) { take_reply(reply, message.payload); },
          [&](const wire::Chunk& chunk) { take_chunk(chunk, message.payload); },
          [&](const wire::Fail& failed) { take_fail(failed); },
          [&](const wire::Refuse& refusal) { outside_.refused(refusal.use, short_text(refusal.key), short_text(refusal.text)); },
          [&](const wire::Logged& logged) { outside_.logged(logged.level, short_text(logged.text)); },
          [&](const wire::Bye& bye) { break_off("says goodbye: " + std::string(short_text(bye.reason)), false); },
          [&](const wire::Ping&) { say(std::string(wire::pong())); },
          [](const wire::Pong&) {},
      },
      message.said);
}

Session::Flights::iterator Session::flight(std::uint64_t id, std::string_view what) {
  auto at = flights_.find(id);
  if (at == flights_.end() || !at->second.begun) {
    garbage("a '" + std::string(what) + "' to message " + std::to_string(id) + ", which is not in flight");
    return flights_.end();
  }
  return at;
}

void Session::add_to_answer(Flight& flight, std::string_view payload) {
  StepAnswer& answer = *flight.partial;
  if (answer.error || flight.cancelled) return;
  if (payload.size() > terms_.max_body - answer.body.size()) {
    answer.error = Error{.kind = ErrorKind::garbage, .text = "reading the plugin's answer: it is larger than max_body"};
    answer.body = std::string();
    return;
  }
  answer.body.append(payload);
}

void Session::take_reply(const wire::Reply& reply, std::string_view payload) {
  auto at = flight(reply.id, "reply");
  if (at == flights_.end()) return;
  Flight& in = at->second;
  if (in.partial) return garbage("two replies to message " + std::to_string(reply.id));
  in.partial = std::make_unique<StepAnswer>();
  in.partial->filtered = reply.filtered;
  in.partial->replaces = reply.replaces;
  in.partial->variables = deep_copy(reply.variables, in.partial->arena);
  in.partial->headers = deep_copy(reply.headers, in.partial->arena);
  in.chunks = reply.more;
  if (reply.replaces) add_to_answer(in, payload);
  if (!in.chunks) finish(at);
}

void Session::take_chunk(const wire::Chunk& chunk, std::string_view payload) {
  auto at = flight(chunk.id, "chunk");
  if (at == flights_.end()) return;
  Flight& in = at->second;
  if (!in.chunks) return garbage("a chunk for message " + std::to_string(chunk.id) + " without a reply that announced it");
  in.chunks = chunk.more;
  add_to_answer(in, payload);
  if (!in.chunks) finish(at);
}

void Session::take_fail(const wire::Fail& failed) {
  auto at = flight(failed.id, "fail");
  if (at == flights_.end()) return;
  at->second.partial = std::make_unique<StepAnswer>();
  at->second.partial->error =
      Error{.kind = failed.kind, .text = std::string(short_text(failed.text)), .code = std::string(short_text(failed.code))};
  finish(at);
}

void Session::finish(Flights::iterator at) {
  if (at->second.call->wanted()) at->second.call->answer(std::move(at->second.partial));
  std::erase(sending_, at->first);  // it was answered before all of it had gone out
  flights_.erase(at);
  ++answered_;
}

// ---- what the time asks for ----

void Session::tick(TimePoint now) {
  if (end_) return;
  flush(now);
  if (now >= next_look_) look(now);
  if (now >= next_ping_) ping(now);
  flush(now);
}

void Session::ping(TimePoint now) {
  next_ping_ = now + terms_.heartbeat;
  if (peer_.empty()) return;
  if (unheard_ * terms_.heartbeat >= terms_.silence)
    return break_off("has said nothing for " + std::to_string(terms_.silence.count()) + "ms", true);
  ++unheard_;
  say(std::string(wire::ping()));
}

// Deadlines, and those whose callers have gone.
void Session::look(TimePoint now) {
  next_look_ = TimePoint::max();
  for (auto at = flights_.begin(); at != flights_.end() && !end_;) {
    auto current = at++;
    Flight& in = current->second;
    if (!in.cancelled && (in.call->deadline <= now || !in.call->wanted()) && !cancel(current, now)) continue;
    if (in.cancelled && now - in.cancelled_at >= terms_.acknowledge) {
      // It is its own message that was not answered; what else is in flight is tried again where it may be.
      break_off("has not acknowledged message " + std::to_string(current->first) + " within " +
                    std::to_string(terms_.acknowledge.count()) + "ms after its deadline",
                false);
    }
    next_look_ = std::min(next_look_, in.cancelled ? in.cancelled_at + terms_.acknowledge : in.call->deadline);
  }
}

// False when nothing of it had gone out: then it is not in flight any more.
bool Session::cancel(Flights::iterator at, TimePoint now) {
  Flight& in = at->second;
  Error late = in.call->too_late(in.begun);
  in.call->fail(late.kind, late.text);
  std::erase(sending_, at->first);
  if (!in.begun) {
    flights_.erase(at);
    return false;
  }
  in.cancelled = true;
  in.cancelled_at = now;
  say(wire::cancel(at->first));
  return true;
}

// ---- what goes out ----

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
  if (!peer_.empty()) outside_.send(peer_, wire::bye(reason), nullptr);
}

void Session::tell_uses() {
  auto all = outside_.uses();
  for (; uses_told_ < all.size(); ++uses_told_)
    say(wire::use(all[uses_told_].number, all[uses_told_].step, all[uses_told_].settings.expose()));
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
