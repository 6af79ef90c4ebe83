#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "bus/arena.hpp"
#include "bus/document.hpp"
#include "bus/error.hpp"
#include "bus/worker.hpp"

namespace busway::plugins {

// What a plugin has answered to a message, or why there is no answer.
struct StepAnswer {
  std::optional<Error> error;
  bool filtered = false;
  bool replaces = false;
  std::string body;  // JSON
  // Their own copies, in `arena`.
  Node variables{};
  Node headers{};
  Arena arena{1024};
};

// One message on its way through a plugin's process: made by the worker whose exchange waits, carried by the supervisor's thread,
// answered there once and handed back through the worker's mailbox. Outlives either side.
class Call : public std::enable_shared_from_this<Call> {
 public:
  explicit Call(Worker& worker) : mailbox_(worker.mailbox()), manual_clock_(worker.manual_clock()) {}

  // ---- what is asked; written before it is handed over, read-only from then on ----
  std::uint64_t use = 0;
  std::string about;  // the rest of the request's head
  std::string body;   // empty where the step takes none
  TimePoint deadline = TimePoint::max();
  bool repeatable = false;  // the step is declared idempotent

  // ---- the supervisor's ----
  int attempts = 0;  // how often it has been sent
  int crashes = 0;   // of them ended with the process
  // Whether it may be sent: false when nobody waits for it any more.
  bool begin();
  bool wanted() const { return state_.load(std::memory_order_acquire) != State::given_up; }
  bool answered() const { return state_.load(std::memory_order_acquire) == State::answered; }
  // What comes first counts.
  void answer(std::unique_ptr<StepAnswer> answer);
  void fail(ErrorKind kind, std::string text);

  // ---- the worker's ----
  // Waits for the answer until then, at most. Null: the deadline passed first, and too_late() says what that means.
  Task<std::unique_ptr<StepAnswer>> wait(Worker& worker, TimePoint until);
  Error too_late() const { return too_late(given_up_at_ != State::queued); }

  // What it means that the deadline passed: nothing had been sent, or nobody can know.
  Error too_late(bool was_sent) const;

 private:
  enum class State : std::uint8_t { queued, sent, answered, given_up };
  bool give_up();
  std::unique_ptr<StepAnswer> wait_in_real_time();

  std::atomic<State> state_{State::queued};
  State given_up_at_ = State::queued;   // the worker's
  std::unique_ptr<StepAnswer> answer_;  // the supervisor's until `answered`, the worker's from then on
  std::shared_ptr<Worker::Mailbox> mailbox_;
  Gate* gate_ = nullptr;  // of the coroutine that waits; the worker's
  bool manual_clock_;
  std::promise<void> answered_;  // with a manual clock
};

}  // namespace busway::plugins
