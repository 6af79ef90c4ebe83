#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/arena.hpp"
#include "bus/document.hpp"
#include "bus/error.hpp"
#include "bus/worker.hpp"

namespace busway::plugins {

// What a plugin has answered to a message, or why there is no answer.
struct ProcessAnswer {
  std::optional<Error> error;
  bool filtered = false;
  bool replaces = false;
  bool bytes = false;  // the body is bytes; else JSON
  std::string body;
  int status = 0;
  std::string content_type;
  // Their own copies, in `arena`.
  Node variables{};
  Node headers{};
  Arena arena{1024};
};

// One message on its way through a plugin's process: made by whoever waits for its answer, carried by the supervisor's thread,
// answered there once. Outlives either side.
class Call : public std::enable_shared_from_this<Call> {
 public:
  virtual ~Call() = default;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // ---- what is asked; written before it is handed over, read-only from then on ----
  std::uint64_t use = 0;
  std::string about;  // the rest of the request's head
  std::string body;   // empty where there is none
  TimePoint deadline = TimePoint::max();
  bool repeatable = false;               // declared idempotent
  std::string_view plugin;               // its manifest's name, for what is said when the deadline passes
  std::chrono::milliseconds timeout{0};  // of its step, where that ends before the message's own deadline does

  // ---- the supervisor's ----
  int attempts = 0;  // how often it has been sent
  int crashes = 0;   // of them ended with the process
  // Whether it may be sent: false when nobody waits for it any more.
  bool begin();
  virtual bool wanted() const { return state_.load(std::memory_order_acquire) != State::given_up; }
  bool answered() const { return state_.load(std::memory_order_acquire) == State::answered; }
  // What comes first counts.
  void answer(std::unique_ptr<ProcessAnswer> answer);
  void fail(ErrorKind kind, std::string text);

  // ---- the one's who waits ----
  // That nobody waits any more; false when it was answered, or given up, before.
  bool give_up();
  // What it means: nothing had been sent, or nobody can know.
  Error too_late() const { return too_late(was_sent()); }
  bool was_sent() const { return given_up_at_ != State::queued; }

  // What it means that the deadline passed.
  Error too_late(bool was_sent) const;

 protected:
  Call() = default;
  // Tells the one who waits that it is answered; on the supervisor's thread, once.
  virtual void pass_on() = 0;
  // After pass_on().
  std::unique_ptr<ProcessAnswer> take_answer() { return std::move(answer_); }

 private:
  enum class State : std::uint8_t { queued, sent, answered, given_up };
  std::atomic<State> state_{State::queued};
  State given_up_at_ = State::queued;      // the waiting one's
  std::unique_ptr<ProcessAnswer> answer_;  // the supervisor's until `answered`, the waiting one's from then on
};

// While it stands, the workers of this thread's answers are not woken; flush() wakes each once, and its end does; what is for the
// worker of this thread is done there and then. A turn of the supervisor's.
class GatheredAnswers {
 public:
  GatheredAnswers();
  GatheredAnswers(const GatheredAnswers&) = delete;
  GatheredAnswers& operator=(const GatheredAnswers&) = delete;
  ~GatheredAnswers();
  void flush();
  // By way of the one that stands on this thread, or at once.
  static void post(const std::shared_ptr<Worker::Mailbox>& mailbox, std::function<void()> work);

 private:
  struct Box {
    std::shared_ptr<Worker::Mailbox> mailbox;
    std::vector<std::function<void()>> works;
  };
  std::vector<Box> boxes_;  // as many as there are workers
};

// A call that a coroutine of a worker waits for: a step's.
class AwaitedCall final : public Call {
 public:
  explicit AwaitedCall(Worker& worker) : mailbox_(worker.mailbox()), manual_clock_(worker.manual_clock()) {}
  // Waits for the answer until then, at most. Null: the deadline passed first, and too_late() says what that means.
  Task<std::unique_ptr<ProcessAnswer>> wait(Worker& worker, TimePoint until);

 private:
  void pass_on() override;
  std::unique_ptr<ProcessAnswer> wait_in_real_time();

  std::shared_ptr<Worker::Mailbox> mailbox_;
  Gate* gate_ = nullptr;  // of the coroutine that waits; the worker's
  bool manual_clock_;
  std::promise<void> answered_;  // with a manual clock
};

}  // namespace busway::plugins
