#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bus/secret.hpp"
#include "plugins/process/call.hpp"
#include "plugins/process/wire.hpp"

namespace busway::plugins {

// One use of a step in a route file, as its plugin is told of it.
struct StepUse {
  std::uint64_t number = 0;
  std::string step;
  Secret settings;  // JSON
};

// The conversation with one launch of a plugin's process, without its sockets: frames and the time go in, messages and answers
// come out (docs/plugin-protocol.md, "The bus's side"). Whatever the plugin sends costs its own messages only. One thread.
class Session {
 public:
  struct Terms {
    std::string cookie;
    std::chrono::milliseconds heartbeat{1000};
    std::chrono::milliseconds silence{10'000};     // how long nothing may be heard of it
    std::chrono::milliseconds acknowledge{5'000};  // how long after its deadline a message may stay unanswered
    std::size_t in_flight = 16;                    // whatever the plugin grants
    std::size_t max_body = 16UL * 1024 * 1024;     // of an answer
  };

  // What the session needs around it.
  class Outside {
   public:
    virtual ~Outside() = default;
    enum class Sent : std::uint8_t { yes, no_room, gone };
    // `payload` may be null.
    virtual Sent send(std::string_view peer, std::string_view head, const std::string_view* payload) = 0;
    virtual void logged(LogLevel level, std::string_view text) = 0;
    virtual void refused(std::uint64_t use, std::string_view key, std::string_view text) = 0;
    virtual std::span<const StepUse> uses() = 0;  // all so far; those behind what was there before are told, too
  };

  // Why it is over. `blames`: what the process had in hand may have been the reason.
  struct End {
    std::string why;
    bool blames = true;
  };

  Session(Terms terms, const Format& json, Outside& outside, TimePoint now);

  // One message from whoever is connected.
  void take(std::string_view peer, std::span<const std::string_view> frames, TimePoint now);
  // What the time asks for; also sends what found no room before.
  void tick(TimePoint now);
  // When tick() has something to do next, at the latest.
  TimePoint next_tick() const { return has_backlog() ? TimePoint::min() : std::min(next_ping_, next_look_); }

  bool has_backlog() const { return !control_.empty() || !sending_.empty(); }
  bool ready() const { return ready_ && !end_; }
  bool has_room() const { return ready() && flights_.size() < std::min(credit_, terms_.in_flight); }
  std::size_t in_flight() const { return flights_.size(); }
  std::size_t answered() const { return answered_; }
  const std::optional<End>& end() const { return end_; }
  void break_off(std::string why, bool blames);

  // Sends it; it is in flight until it is answered. When has_room().
  void begin(std::shared_ptr<Call> call, TimePoint now);
  // Tells the plugin that it is to end.
  void say_bye(std::string_view reason);

  // What is in flight when the process has ended, in the order it was sent.
  struct Unanswered {
    std::shared_ptr<Call> call;
    bool sent = false;
  };
  std::vector<Unanswered> take_unanswered();

 private:
  struct Flight {
    std::shared_ptr<Call> call;
    std::size_t sent = 0;  // bytes of the body
    bool begun = false;    // the request has gone out
    bool cancelled = false;
    TimePoint cancelled_at{};
    std::unique_ptr<StepAnswer> partial;  // while chunks of the answer come
    bool chunks = false;                  // more of them are to come
  };
  using Flights = std::map<std::uint64_t, Flight>;

  void take_from_stranger(std::string_view peer, const Result<wire::Message>& message);
  void greet(std::string_view peer);
  void take_message(const wire::Message& message, TimePoint now);
  void take_reply(const wire::Reply& reply, std::string_view payload);
  void take_chunk(const wire::Chunk& chunk, std::string_view payload);
  void take_fail(const wire::Fail& fail);
  Flights::iterator flight(std::uint64_t id, std::string_view what);
  void add_to_answer(Flight& flight, std::string_view payload);
  void finish(Flights::iterator at);
  void look(TimePoint now);
  void ping(TimePoint now);
  bool cancel(Flights::iterator at, TimePoint now);
  void say(std::string head);
  void tell_uses();
  void flush(TimePoint now);
  bool send_piece(std::uint64_t id, Flight& flight, TimePoint now);
  bool send_was_good(Outside::Sent sent);
  void garbage(const std::string& what) { break_off("breaks the protocol: it has sent " + what, true); }

  Terms terms_;
  const Format& json_;
  Outside& outside_;
  Arena arena_;
  std::string peer_;  // empty before the right one has said hello
  bool ready_ = false;
  std::size_t credit_ = 0;
  std::uint64_t last_id_ = 0;
  std::size_t answered_ = 0;
  std::size_t uses_told_ = 0;
  std::size_t strangers_ = 0;
  Flights flights_;
  std::deque<std::string> control_;    // heads that wait for room
  std::deque<std::uint64_t> sending_;  // flights whose request is not wholly out
  TimePoint next_ping_;
  TimePoint next_look_ = TimePoint::max();
  int unheard_ = 0;  // pings since anything was heard
  TimePoint second_{};
  int unasked_ = 0;  // messages of this second that answer nothing
  std::optional<End> end_;
};

}  // namespace busway::plugins
