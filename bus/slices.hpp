#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "bus/fiber.hpp"
#include "bus/pause.hpp"

namespace busway {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

class Computation;
class Slices;

// A piece of code that a worker runs in slices; made by Worker::in_slices. When it is destroyed half done it is run to its end
// first, without pauses, for what it works on is about to go.
class Computation : private detail::Slice {
 public:
  using Run = void (*)(Computation&);
  Computation(const Computation&) = delete;
  Computation& operator=(const Computation&) = delete;

 protected:
  Computation(Slices* slices, TimePoint deadline, Run run) : slices_(slices), deadline_(deadline), run_(run) {}
  ~Computation() = default;
  void begin(std::coroutine_handle<> waiter);
  // What derives from it calls this before anything of its own goes.
  void abandon() {
    if (queued_) [[unlikely]]
      withdraw();
  }
  Slices* slices() const { return slices_; }

 private:
  friend class Slices;
  friend bool detail::end_of_work();
  bool look_at_clock();
  void withdraw();

  Slices* slices_;  // null: it is not run in slices
  TimePoint deadline_;
  TimePoint until_{};  // of the slice that runs
  Run run_;
  std::coroutine_handle<> waiter_;
  std::unique_ptr<Fiber> fiber_;  // while it is half done
  bool queued_ = false;
  bool wanted_ = true;
  bool pauses_ = true;
};

// The unfinished computations of one worker. Each gets a slice in turn, one a turn of the worker's loop; at most `most` are half
// done at a time, the others wait for a stack in the order they came. Worker thread only.
class Slices {
 public:
  static constexpr std::size_t most = 64;
  static constexpr std::size_t most_idle = 8;  // stacks kept for the next ones
  static constexpr std::chrono::microseconds usual_length{200};

  Slices() = default;
  Slices(const Slices&) = delete;
  Slices& operator=(const Slices&) = delete;
  ~Slices();

  bool empty() const { return turns_.empty(); }
  std::size_t unfinished() const { return turns_.size() + waiting_.size(); }
  // A slice of the next one. When that ends it, its coroutine goes on within this call.
  void run_next();
  // The worker ends: whatever is half done is done to its end, without pauses, and resumes nobody.
  void finish_all();
  // Of each slice from now on. Zero: computations pause as often as they look at the clock.
  void set_length(Clock::duration length) { length_ = length; }

 private:
  friend class Computation;
  void add(Computation& computation);
  void fill_turns();
  // Out of the queues, and done to its end if it was begun.
  void withdraw(Computation& computation);
  bool run_slice(Computation& computation, Clock::duration length);
  void release(Computation& computation);

  std::deque<Computation*> turns_;
  std::deque<Computation*> waiting_;
  std::vector<std::unique_ptr<Fiber>> idle_;
  Clock::duration length_ = usual_length;
};

// co_await worker.in_slices(large, deadline, compute) -> what compute() returns.
template <class F>
class [[nodiscard]] InSlices final : private Computation {
 public:
  using Made = std::invoke_result_t<F&>;
  static constexpr bool makes = !std::is_void_v<Made>;
  InSlices(Slices* slices, TimePoint deadline, F compute)
      : Computation(slices, deadline, [](Computation& self) { static_cast<InSlices&>(self).run(); }),
        compute_(std::move(compute)) {}

  ~InSlices() { abandon(); }

  bool await_ready() {
    if (slices() != nullptr) return false;
    run();
    return true;
  }
  void await_suspend(std::coroutine_handle<> waiter) { begin(waiter); }
  Made await_resume() {
    if constexpr (makes) return std::move(*made_);
  }

 private:
  void run() {
    if constexpr (makes) {
      made_.emplace(compute_());
    } else {
      compute_();
    }
  }
  F compute_;
  std::optional<std::conditional_t<makes, Made, bool>> made_;
};

}  // namespace busway
