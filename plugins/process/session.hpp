#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "plugins/process/arrivals.hpp"
#include "plugins/process/call.hpp"
#include "plugins/process/use.hpp"
#include "plugins/process/wire.hpp"

namespace busway::plugins {

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
    bool remote = false;                           // it comes by itself, and so may others
  };

  // What the session needs around it.
  class Outside {
   public:
    virtual ~Outside() = default;
    enum class Sent : std::uint8_t { yes, no_room, gone };
    // `payload` may be null.
    virtual Sent send(std::string_view peer, std::string_view head, const std::string_view* payload) = 0;
    virtual void logged(LogLevel level, std::string_view text) = 0;
    // That over which the message came that is being taken; of a remote plugin's port.
    virtual void end_connection() = 0;
    virtual void refused(std::uint64_t use, std::string_view key, std::string_view text) = 0;
    virtual void listening(std::uint64_t use, std::string_view address) = 0;
    virtual void arrived(Brought brought) = 0;
    virtual const Uses& uses() = 0;  // all that there are; new ones have higher numbers
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
  TimePoint next_tick() const { return has_backlog() ? TimePoint() : std::min(next_ping_, next_look_); }

  bool has_backlog() const { return !control_.empty() || arrivals_.has_backlog() || bye_ || !sending_.empty(); }
  bool ready() const { return ready_ && !end_; }
  bool greeted() const { return !peer_.empty(); }
  bool has_room() const { return ready() && flights_.size() < std::min(credit_, terms_.in_flight); }
  std::size_t in_flight() const { return flights_.size(); }
  std::size_t answered() const { return answered_; }
  const std::optional<End>& end() const { return end_; }
  void break_off(std::string why, bool blames);

  // Sends it; it is in flight until it is answered. When has_room().
  void begin(std::shared_ptr<Call> call, TimePoint now);
  // Those that are new.
  void tell_uses();
  // What has become of a use: what it may bring, and whether it is to stop; or it is over.
  void tell_credit(const Use& use);
  void drop(std::uint64_t use);
  // Once more, after a refusal.
  void tell_again(const Use& use);
  // How a message that it has brought has ended.
  void end_arrival(std::uint64_t arrival, Outcome outcome, TimePoint now);
  std::size_t arrivals() const { return arrivals_.in_flight(); }
  // Tells the plugin that it is to end, behind what was said before.
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
    std::unique_ptr<ProcessAnswer> partial;  // while chunks of the answer come
    bool chunks = false;                     // more of them are to come
  };
  using Flights = std::map<std::uint64_t, Flight>;

  void take_from_stranger(std::string_view peer, const Result<wire::Message>& message, TimePoint now);
  bool has_word(std::string_view peer, TimePoint now);
  void greet(std::string_view peer);
  void take_message(const wire::Message& message, TimePoint now);
  void take_reply(const wire::Reply& reply, std::string_view payload);
  void take_chunk(const wire::Chunk& chunk, std::string_view payload);
  void take_fail(const wire::Fail& fail);
  void take_listening(const wire::Listening& listening);
  template <class Said>
  void take_arrival(const Said& said, std::string_view payload);
  Flights::iterator flight(std::uint64_t id, std::string_view what);
  void add_to_answer(Flight& flight, std::string_view payload);
  void finish(Flights::iterator at);
  void look(TimePoint now);
  void ping(TimePoint now);
  bool cancel(Flights::iterator at, TimePoint now);
  void say(std::string head);
  void tell(const Use& use);
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
  std::uint64_t last_told_ = 0;  // of the uses
  std::set<std::uint64_t> listening_;
  Arrivals arrivals_;
  std::optional<std::string> bye_;  // the reason, when it could not be said at once
  std::size_t strangers_ = 0;       // their messages
  // Of a remote plugin's port: who has had his word, for a while.
  std::set<std::string, std::less<>> heard_;
  TimePoint heard_since_{};
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
