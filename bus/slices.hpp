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

// A piece of code that a worker runs in slices, and the coroutine that waits for its end; part of InSlices. When it is destroyed
// half done the code is run to its end first, without pauses, for what it works on is about to go.
class Computation final : private detail::Slice {
 public:
  using Run = void (*)(void*);
  Computation(Slices& slices, TimePoint deadline, Run run, void* what, std::coroutine_handle<> waiter);
  Computation(const Computation&) = delete;
  Computation& operator=(const Computation&) = delete;
  ~Computation();

 private:
  friend class Slices;
  friend bool detail::end_of_work();
  bool look_at_clock();

  Slices& slices_;
  TimePoint deadline_;
  TimePoint until_{};  // of the slice that runs
  Run run_;
  void* what_;
  std::coroutine_handle<> waiter_;
  std::unique_ptr<Fiber> fiber_;  // while it is half done
  bool queued_ = true;
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
  // A slice of the next one, and what it leaves of that to those behind it. What ends goes on as a coroutine within this call.
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

// co_await worker.in_slices(large, deadline, compute) -> what compute() returns. Null slices: it runs here, at once.
template <class F>
class [[nodiscard]] InSlices final {
 public:
  using Made = std::invoke_result_t<F&>;
  static constexpr bool makes = !std::is_void_v<Made>;
  InSlices(Slices* slices, TimePoint deadline, F compute) : slices_(slices), deadline_(deadline), compute_(std::move(compute)) {}

  bool await_ready() {
    if (slices_ != nullptr) return false;
    run();
    return true;
  }
  void await_suspend(std::coroutine_handle<> waiter) {
    computation_.emplace(*slices_, deadline_, [](void* self) { static_cast<InSlices*>(self)->run(); }, this, waiter);
  }
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

  Slices* slices_;
  TimePoint deadline_;
  F compute_;
  std::optional<std::conditional_t<makes, Made, bool>> made_;
  std::optional<Computation> computation_;  // the last: its end may run compute_ to its own
};

}  // namespace busway
