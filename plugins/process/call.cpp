#include "plugins/process/call.hpp"

#include <algorithm>
#include <utility>

namespace busway::plugins {

bool Call::begin() {
  State queued = State::queued;
  return state_.compare_exchange_strong(queued, State::sent, std::memory_order_acq_rel) || queued == State::sent;
}

void Call::answer(std::unique_ptr<ProcessAnswer> answer) {
  State now = state_.load(std::memory_order_acquire);
  if (now == State::answered || now == State::given_up) return;
  answer_ = std::move(answer);
  if (state_.compare_exchange_strong(now, State::answered, std::memory_order_acq_rel))
    pass_on();  // else it was given up just now
}

void Call::fail(ErrorKind kind, std::string text) {
  auto failed = std::make_unique<ProcessAnswer>();
  failed->error = Error{.kind = kind, .text = std::move(text)};
  answer(std::move(failed));
}

bool Call::give_up() {
  State now = state_.load(std::memory_order_acquire);
  while (now != State::answered && now != State::given_up) {
    if (!state_.compare_exchange_weak(now, State::given_up, std::memory_order_acq_rel)) continue;
    given_up_at_ = now;
    return true;
  }
  return false;
}

Error Call::too_late(bool was_sent) const {
  std::string what = was_sent ? "waiting for the answer of the plugin '" + std::string(plugin) + "'"
                              : "waiting for the plugin '" + std::string(plugin) + "' to take the message";
  auto count = timeout.count();
  bool seconds = count % 1000 == 0;
  std::string passed =
      count == 0 ? "the deadline passed"
                 : "the step's timeout of " + std::to_string(seconds ? count / 1000 : count) + (seconds ? "s" : "ms") + " passed";
  return {.kind = !was_sent    ? ErrorKind::not_sent
                  : repeatable ? ErrorKind::deadline
                               : ErrorKind::unknown,
          .text = what + ": " + passed};
}

namespace {
thread_local GatheredAnswers* gathering = nullptr;
}

GatheredAnswers::GatheredAnswers() {
  gathering = this;
}

GatheredAnswers::~GatheredAnswers() {
  gathering = nullptr;
  flush();
}

void GatheredAnswers::flush() {
  const Worker* here = Worker::current();
  for (Box& box : boxes_) {
    if (here == nullptr || box.mailbox != here->mailbox()) {
      box.mailbox->post(box.works);
      continue;
    }
    for (const std::function<void()>& work : std::exchange(box.works, {})) work();
  }
}

void GatheredAnswers::post(const std::shared_ptr<Worker::Mailbox>& mailbox, std::function<void()> work) {
  if (gathering == nullptr) return mailbox->post(std::move(work));
  auto& boxes = gathering->boxes_;
  auto at = std::find_if(boxes.begin(), boxes.end(), [&](const Box& box) { return box.mailbox == mailbox; });
  if (at == boxes.end()) at = boxes.insert(at, Box{mailbox, {}});
  at->works.push_back(std::move(work));
}

void AwaitedCall::pass_on() {
  if (manual_clock_) return answered_.set_value();
  GatheredAnswers::post(mailbox_, [this, self = shared_from_this()] {
    if (gate_ != nullptr) gate_->open();
  });
}

Task<std::unique_ptr<ProcessAnswer>> AwaitedCall::wait(Worker& worker, TimePoint until) {
  if (manual_clock_) co_return wait_in_real_time();
  // Also when the coroutine is destroyed in its wait.
  struct Waiting {
    AwaitedCall& call;
    ~Waiting() {
      call.gate_ = nullptr;
      call.give_up();
    }
  } waiting{*this};
  Gate gate(worker);
  gate_ = &gate;
  if (!answered()) co_await gate.wait(until);
  if (give_up()) co_return nullptr;
  co_return take_answer();
}

// `busway test` has a clock that jumps to the next deadline as soon as nothing moves, and a process does not see that: here the
// clock stands still while it works.
std::unique_ptr<ProcessAnswer> AwaitedCall::wait_in_real_time() {
  constexpr std::chrono::seconds slack{5};  // the supervisor's thread answers at the deadline
  auto answered = answered_.get_future();
  if (answered.wait_until(deadline + slack) != std::future_status::ready && give_up()) return nullptr;
  return take_answer();
}

}  // namespace busway::plugins
