#include "plugins/process/session.hpp"

#include <algorithm>
#include <utility>

#include "plugins/host/utf8.hpp"
#include "plugins/process/cases.hpp"

namespace busway::plugins {

namespace {

constexpr std::size_t most_strangers = 100;          // messages of those who did not say hello
constexpr std::size_t most_heard = 256;              // at a remote plugin's port
constexpr std::size_t most_told = 20;                // of them, to the log
constexpr std::chrono::seconds heard_forgotten{10};  // and then it begins anew
constexpr int most_unasked = 20'000;                 // a second

// For logs and $failure.
std::string_view short_text(std::string_view text) {
  constexpr std::size_t most = 2000;
  return cut_utf8(text, most);
}

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
    take_from_stranger(peer, message, now);
  } else if (!message) {
    garbage(message.error().text);
  } else {
    unheard_ = 0;
    take_message(*message, now);
  }
  flush(now);
}

// A remote plugin's port may be reached by anybody. Whoever has been turned away there, a second plugin that waits its turn say,
// is to come over a new connection, and is ended with this one when he goes on.
bool Session::has_word(std::string_view peer, TimePoint now) {
  bool later = now - heard_since_ >= heard_forgotten;
  if (later) {
    heard_since_ = now;
    strangers_ = 0;
  }
  if (later || heard_.size() == most_heard) heard_.clear();
  ++strangers_;
  return heard_.emplace(peer).second;
}

// Whoever reaches the socket of a process is one of the same user, but need not be the one that was started.
void Session::take_from_stranger(std::string_view peer, const Result<wire::Message>& message, TimePoint now) {
  if (terms_.remote) {
    if (!has_word(peer, now)) return outside_.end_connection();
  } else if (++strangers_ > most_strangers) {
    return break_off("is crowded out: too much comes from processes that do not say hello", false);
  }
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
  if (!end_ && (!terms_.remote || strangers_ <= most_told))
    outside_.logged(LogLevel::warn, "a stranger was turned away: " + reason);
}

void Session::greet(std::string_view peer) {
  peer_ = peer;
  say(wire::welcome(terms_.heartbeat, terms_.silence));
  tell_uses();
}

void Session::take_message(const wire::Message& message, TimePoint now) {
  bool answers = std::holds_alternative<wire::Reply>(message.said) || std::holds_alternative<wire::Chunk>(message.said) ||
                 std::holds_alternative<wire::Fail>(message.said);
  bool brings = std::holds_alternative<wire::Arrival>(message.said);  // within its credit
  if (!answers && !brings) {
    if (now - second_ >= std::chrono::seconds(1)) {
      second_ = now;
      unasked_ = 0;
    }
    if (++unasked_ > most_unasked) return break_off("floods the bus with messages that answer nothing", false);
  }
  bool wants_ready = !ready_ && (answers || brings || std::holds_alternative<wire::Credit>(message.said));
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
          [&](const wire::Chunk& chunk) {
            if (chunk.arrival != 0) return take_arrival(chunk, message.payload);
            take_chunk(chunk, message.payload);
          },
          [&](const wire::Arrival& arrival) { take_arrival(arrival, message.payload); },
          [&](const wire::Listening& listening) { take_listening(listening); },
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
  ProcessAnswer& answer = *flight.partial;
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
  in.partial = std::make_unique<ProcessAnswer>();
  in.partial->filtered = reply.filtered;
  in.partial->replaces = reply.replaces;
  in.partial->bytes = reply.bytes;
  in.partial->status = reply.status;
  in.partial->content_type = reply.content_type;
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
  at->second.partial = std::make_unique<ProcessAnswer>();
  at->second.partial->error =
      Error{.kind = failed.kind, .text = std::string(short_text(failed.text)), .code = std::string(short_text(failed.code))};
  finish(at);
}

void Session::take_listening(const wire::Listening& listening) {
  const Uses& all = outside_.uses();
  auto use = all.find(listening.use);
  if (use == all.end() && listening.use <= last_told_ && listening.use != 0) return;  // dropped in the meantime
  if (use == all.end() || use->second.inflow == nullptr)
    return garbage("'listening' for use " + std::to_string(listening.use) + ", which is no listener that it was told of");
  listening_.insert(listening.use);
  outside_.listening(listening.use, short_text(listening.address));
  tell_credit(use->second);
}

template <class Said>
void Session::take_arrival(const Said& said, std::string_view payload) {
  std::vector<Brought> whole;
  std::string wrong = arrivals_.take(said, payload, whole);
  if (!wrong.empty()) return garbage(wrong);
  for (Brought& brought : whole) outside_.arrived(std::move(brought));
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

}  // namespace busway::plugins
