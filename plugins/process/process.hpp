#pragma once

#include <atomic>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bus/mutex.hpp"
#include "plugins/process/manifest.hpp"
#include "plugins/process/program.hpp"
#include "plugins/process/router.hpp"
#include "plugins/process/router_watch.hpp"
#include "plugins/process/session.hpp"

namespace busway::plugins {

// What other threads have for a process.
struct Wanted {};  // it is to run
struct EndedArrival {
  int launch = 0;
  std::uint64_t number = 0;
  Outcome outcome;
};
struct ChangedUse {
  enum class How : std::uint8_t { serves, stops, resumes, dropped };
  std::uint64_t use = 0;
  How how = How::serves;
  std::size_t credit = 0;
};
using Posted = std::variant<Wanted, std::shared_ptr<Call>, EndedArrival, ChangedUse>;

// What a conversation with the plugin is held to.
Session::Terms terms_of(const Manifest& manifest, std::string cookie);

// A plugin that runs as a process of its own: started when it is first needed, started again when it ends, with the messages that
// wait for it. One that is remote is neither started nor ended: a launch is what lasts from when it is waited for until it is
// gone. What belongs to any thread says so; all else is the supervisor's thread's.
class Process final : private Session::Outside {
 public:
  Process(Manifest manifest, FormatPtr json);
  ~Process() override;

  // ---- any thread ----
  const Manifest& manifest() const { return manifest_; }
  const Format& json() const { return *json_; }
  // Another use, which gets a number: that.
  std::uint64_t add_use(Use use);
  bool is_used() const { return uses_added_.load(std::memory_order_acquire) != 0; }
  // Room for one more message that waits; false when there is none. Given back by the supervisor's thread.
  bool admit(std::size_t bytes);

  // ---- the supervisor's thread ----
  void want(TimePoint now);  // it is to run from now on
  void take(Posted posted, TimePoint now);
  // Sends it now, if nothing is in its way; else leaves it to the caller.
  bool take_now(std::shared_ptr<Call>& call, TimePoint now);
  // On a worker: reads what has come, but not for long, and sends what waited for that. What is left then, a tick of the session
  // say, is next_work()'s, and readable() tells whether messages are.
  void read_now(TimePoint now);
  // Whether something has come that nobody may have been told of.
  bool readable() const { return launch_ && launch_->router->readable(); }
  // Who reads it besides the supervisor's thread; null when nobody does.
  std::shared_ptr<RouterWatch> watcher() const {
    return launch_ && launch_->watch != nullptr && launch_->watch->watching() ? launch_->watch : nullptr;
  }
  void let_watch(Worker& worker, std::function<void()> look, std::function<void()> left);
  void watch(RouterPoll& poll);
  // After `poll` has waited: reads, sends, starts, ends.
  void work(const RouterPoll& poll, RouterContext& context, const std::string& directory, TimePoint now);
  TimePoint next_work(TimePoint now) const;
  // Ready, or beyond what a start may take.
  bool settled() const { return !wanted_ || failures_ > 0 || (launch_ && launch_->session.ready()); }
  bool ready() const { return launch_ && launch_->session.ready(); }
  // Begins its end; ended() tells when it is through.
  void stop(TimePoint now);
  bool ended() const { return !launch_; }

 private:
  struct Launch {
    ~Launch() {
      if (watch != nullptr) watch->stop();
    }
    std::optional<Program> program;  // none of a remote plugin
    std::unique_ptr<Router> router;
    Session session;
    TimePoint started;                      // of a remote plugin: when it said hello
    TimePoint must_end = TimePoint::max();  // when it was told to
    bool announced = false;                 // the log has been told that it is ready
    std::shared_ptr<RouterWatch> watch{};
    bool talkative = false;  // too much so for a worker: the supervisor's thread alone reads it
    std::optional<std::size_t> polled_router{};
    std::optional<std::size_t> polled_end{};
    std::optional<std::size_t> polled_output[2]{};
  };

  Sent send(std::string_view peer, std::string_view head, const std::string_view* payload) override;
  void logged(LogLevel level, std::string_view text) override;
  void end_connection() override { launch_->router->end_connection(); }
  void refused(std::uint64_t use, std::string_view key, std::string_view text) override;
  void listening(std::uint64_t use, std::string_view address) override;
  void arrived(Brought brought) override;
  const Uses& uses() override;

  void launch(RouterContext& context, const std::string& directory, TimePoint now);
  Result<void> try_launch(RouterContext& context, const std::string& directory, TimePoint now);
  // Of a remote plugin (process_remote.cpp).
  Result<void> open_door(TimePoint now);
  void look_for_it(TimePoint now);
  bool parted() const;
  std::string why_down() const;
  void read_output(bool to_its_end);
  // For a reason: what it has written last, if anything.
  std::string last_words() const;
  std::string how_it_ended(const std::string& how) const;
  ProgramCall program_call(const std::string& endpoint, const std::string& cookie) const;
  void take_call(std::shared_ptr<Call> call, TimePoint now);
  void change(const ChangedUse& changed);
  void drop_use(std::uint64_t use);
  void ask_refused_again(TimePoint now);
  void fail_listeners(const std::string& why);
  void tell_listeners_of_end(const std::string& why);
  void end_late(TimePoint now);
  // How many: at most so many, of so many bytes or a little more.
  std::size_t read_messages(TimePoint now, std::size_t most, std::size_t most_bytes);
  void over(const std::string& why, bool blames, TimePoint now);
  // Whether it is to be tried again; else it has been answered.
  bool settle(Session::Unanswered& unanswered, const std::string& why, bool blames);
  void again_later(const std::string& why, bool was_ready, TimePoint now);
  // It does not get ready: nobody waits for that any more.
  bool down() const { return failures_ >= failures_until_down && !ready(); }
  void give_up_waiting();
  void pump(TimePoint now);
  void leave_queue(const Call& call);

  static constexpr int failures_until_down = 3;
  static constexpr int crashes_until_quarantine = 3;

  const Manifest manifest_;
  const FormatPtr json_;

  Mutex lock_;
  std::vector<Use> added_ BUSWAY_GUARDED_BY(lock_);
  std::uint64_t last_use_ BUSWAY_GUARDED_BY(lock_) = 0;
  std::atomic<std::size_t> uses_added_{0};
  std::atomic<std::size_t> waiting_{0};
  std::atomic<std::size_t> waiting_bytes_{0};

  Uses uses_;
  std::size_t uses_taken_ = 0;                    // of those that were added
  std::map<std::uint64_t, std::string> refused_;  // by this launch
  std::map<std::uint64_t, TimePoint> ask_again_;  // listeners that it has refused, and when they are told it once more
  std::deque<std::shared_ptr<Call>> queue_;
  std::unique_ptr<RemoteDoor> door_;  // of a remote plugin
  TimePoint absent_since_{};          // and when it was there last
  std::unique_ptr<Launch> launch_;
  std::list<Program> dying_;  // killed, and not gone yet
  bool wanted_ = false;
  bool stopping_ = false;
  bool alone_ = false;  // one message has the process for itself: it may be what ends it
  TimePoint next_start_;
  int launches_ = 0;
  int failures_ = 0;     // launches in a row that did not get ready
  int short_lives_ = 0;  // launches in a row that ended soon
  std::string last_end_;
};

}  // namespace busway::plugins
