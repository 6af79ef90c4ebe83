#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "bus/error.hpp"
#include "bus/mutex.hpp"
#include "bus/slices.hpp"
#include "bus/task.hpp"

namespace busway {

class Worker;

// How a wait ended.
enum class Wake : std::uint8_t { ready, timed_out, cancelled };

// A place in a worker's timer wheel; embedded in what waits, so arming one allocates nothing. Worker thread only.
class Timer {
 public:
  // What to do when the time has come; the timer is disarmed by then. Given the timer itself: derive from it to carry state.
  using Expired = void (*)(Timer&);
  explicit Timer(Expired expired) : expired_(expired) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { disarm(); }
  bool armed() const { return previous_ != nullptr; }
  void disarm();

 private:
  friend class Worker;
  Expired expired_;
  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
  TimePoint at_{};
};

// Which way a descriptor is waited for.
enum class Direction : std::uint8_t { read, write };

// An open file descriptor in the poll set of one worker, edge-triggered, registered once for its life: a wait costs no system
// call. Owns the descriptor. At most one waiter a direction. Worker thread only.
class Descriptor {
 public:
  Descriptor() = default;
  // `fd` is open and non-blocking.
  Descriptor(Worker& worker, int fd);
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int fd() const;
  bool open() const { return slot_ != nullptr; }
  void close();
  // For a descriptor that comes from elsewhere, which the poll set may refuse (a file, one that is watched already): not open
  // then, and the descriptor stays the caller's.
  static Descriptor try_open(Worker& worker, int fd);
  // Takes it out of the poll set and hands it back, open. Waiters wake with `cancelled`. Also when the worker has ended.
  int release();
  // Waiters wake with `cancelled`; later waits do so at once.
  void cancel();
  bool cancelled() const;
  // The peer has ended its side or the connection broke, as far as the poll set has told.
  bool hung_up() const;
  // Whether bytes (or an end) were told of while nobody waited; asks once.
  bool take_readable();

  // Awaits readiness after a call returned EAGAIN: co_await descriptor.ready(Direction::read, deadline) -> Wake.
  class Ready;
  Ready ready(Direction direction, TimePoint deadline) const;

  struct Slot;

 private:
  void leave(Slot* slot);
  Slot* slot_ = nullptr;
};

class Descriptor::Ready final : private Timer {
 public:
  Ready(Slot* slot, Direction direction, TimePoint deadline)
      : Timer([](Timer& timer) { static_cast<Ready&>(timer).wake(Wake::timed_out); }),
        slot_(slot),
        direction_(direction),
        deadline_(deadline) {}
  ~Ready();
  bool await_ready();
  void await_suspend(std::coroutine_handle<> waiter);
  Wake await_resume() const { return how_; }

 private:
  friend class Worker;
  friend class Descriptor;
  void wake(Wake how);

  Slot* slot_;
  Direction direction_;
  TimePoint deadline_;
  Wake how_ = Wake::ready;
  std::coroutine_handle<> waiter_;
};

// An event loop on one thread: readiness (epoll), timers, coroutines and what other threads post. Everything an exchange does
// happens on the worker that accepted it; nothing here is locked but the post queue.
//
// A worker made with `manual_clock` polls nothing: time stands still until every coroutine waits, then jumps to the next timer.
// `busway test` and unit tests run on it.
class Worker {
 public:
  enum class ClockKind : std::uint8_t { steady, manual };
  explicit Worker(int index = 0, ClockKind clock = ClockKind::steady);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  int index() const { return index_; }
  bool manual_clock() const { return clock_ == ClockKind::manual; }
  // The time at which this turn of the loop began. Any timer may be late by tick.
  TimePoint now() const { return now_; }
  static constexpr std::chrono::milliseconds tick{4};

  // Runs `task` until it waits for the first time; it goes on by itself and frees itself when done.
  void spawn(Task<> task);
  std::size_t running() const { return running_; }  // spawned tasks that have not ended

  // From any thread: resumes or runs it on this worker's thread, in order.
  void post(std::coroutine_handle<> handle);
  void post(std::function<void()> work);
  // At the end of this turn of the loop: for what one call does for many, like waking another thread. Worker thread only.
  void at_end_of_turn(std::function<void()> work) { finally_.push_back(std::move(work)); }
  // For threads that may outlive the worker: what is posted after its end is dropped.
  class Mailbox;
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }

  // co_await worker.sleep_until(t) -> void
  class Sleep;
  Sleep sleep_until(TimePoint at);
  Sleep sleep_for(std::chrono::milliseconds time);

  // co_await worker.here(): goes on on this worker's thread.
  class Here;
  Here here();

  // co_await worker.in_slices(large, deadline, compute) -> what compute() returns. For what may compute long and waits for
  // nothing: it runs on a stack of its own, some 200 us a turn of the loop, and where it asks (bus/pause.hpp) everybody else is
  // served in between. Past the deadline it is told to give up. What is not large, and all with a manual clock, runs here in one
  // go.
  template <class F>
  InSlices<F> in_slices(bool large, TimePoint deadline, F compute) {
    return {large && clock_ == ClockKind::steady ? &slices_ : nullptr, deadline, std::move(compute)};
  }
  Slices& slices() { return slices_; }

  // Until stop() is called; with a manual clock also until nothing can go on by itself.
  void run();
  // From any thread: run() returns as soon as it can, whatever still waits. A computation that is half done is done to its end.
  void stop();
  // Runs turns of the loop until `done` says so.
  void run_until(const std::function<bool()>& done);

  // The worker of the calling thread, or null.
  static Worker* current();

  void arm(Timer& timer, TimePoint at);

  // 64 random bits for ids and jitter; not for secrets.
  std::uint64_t random();

 private:
  friend class Descriptor;
  friend class Timer;
  friend struct Descriptor::Slot;
  struct Wheel;
  struct Detached;
  static Detached run_detached(Worker* worker, Task<> task);

  // False when nothing is left to do (manual clock only).
  bool turn();
  bool run_posted();
  void fire_timers();
  int wait_time() const;
  void poll(int timeout_ms);

  int index_;
  ClockKind clock_;
  TimePoint now_;
  int epoll_ = -1;
  std::size_t running_ = 0;
  void* detached_ = nullptr;  // promises of spawned tasks, a list: what still waits at the end is destroyed with the worker
  std::unique_ptr<Wheel> wheel_;
  Descriptor::Slot* open_ = nullptr;       // descriptors that have not closed: pools may keep theirs longer than the worker lives
  std::vector<Descriptor::Slot*> closed_;  // freed at the end of the turn: their events may still be in hand
  std::atomic<bool> stop_{false};
  std::uint64_t random_[2];
  Slices slices_;
  std::shared_ptr<Mailbox> mailbox_;
  std::vector<std::function<void()>> taken_;
  std::vector<std::function<void()>> finally_;  // for the end of this turn, and of the next
  std::vector<std::function<void()>> ending_;
};

// What other threads post to a worker. Safe from any thread, also after the worker has ended.
class Worker::Mailbox {
 public:
  Mailbox();
  ~Mailbox();
  void post(std::function<void()> work);
  // All of it, in order; leaves it empty.
  void post(std::vector<std::function<void()>>& works);

 private:
  friend class Worker;
  void wake() const;
  void take(std::vector<std::function<void()>>& into);
  void close();
  int event_ = -1;
  Mutex lock_;
  std::vector<std::function<void()>> posted_ BUSWAY_GUARDED_BY(lock_);
  std::atomic<bool> any_{false};  // posted_ is not empty; changed under the lock, asked without it in each turn
  bool open_ BUSWAY_GUARDED_BY(lock_) = true;
};

class Worker::Sleep final : private Timer {
 public:
  Sleep(Worker& worker, TimePoint at)
      : Timer([](Timer& timer) { static_cast<Sleep&>(timer).waiter_.resume(); }), worker_(worker), at_(at) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    worker_.arm(*this, at_);
  }
  void await_resume() const {}

 private:
  Worker& worker_;
  TimePoint at_;
  std::coroutine_handle<> waiter_;
};

class Worker::Here final {
 public:
  explicit Here(Worker& worker) : worker_(worker) {}
  bool await_ready() const { return Worker::current() == &worker_; }
  void await_suspend(std::coroutine_handle<> waiter) { worker_.post(waiter); }
  void await_resume() const {}

 private:
  Worker& worker_;
};

inline Worker::Sleep Worker::sleep_until(TimePoint at) {
  return {*this, at};
}
inline Worker::Sleep Worker::sleep_for(std::chrono::milliseconds time) {
  return {*this, now_ + time};
}
inline Worker::Here Worker::here() {
  return Here(*this);
}

// Lets one coroutine wait until another says go: co_await gate.wait(deadline) -> Wake. One waiter at a time. Worker thread only.
class Gate {
 public:
  explicit Gate(Worker& worker) : worker_(&worker) {}
  class Wait;
  Wait wait(TimePoint deadline);
  // The waiter goes on within this call. False when nobody waits.
  bool open(Wake how = Wake::ready);
  bool has_waiter() const { return waiting_ != nullptr; }

 private:
  friend class Wait;
  Worker* worker_;
  Wait* waiting_ = nullptr;
};

class Gate::Wait final : private Timer {
 public:
  Wait(Gate& gate, TimePoint deadline)
      : Timer([](Timer& timer) { static_cast<Wait&>(timer).resume(Wake::timed_out); }), gate_(gate), deadline_(deadline) {}
  ~Wait() {
    if (gate_.waiting_ == this) gate_.waiting_ = nullptr;
  }
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    gate_.waiting_ = this;
    if (deadline_ != TimePoint::max()) gate_.worker_->arm(*this, deadline_);
  }
  Wake await_resume() const { return how_; }

 private:
  friend class Gate;
  void resume(Wake how) {
    disarm();
    gate_.waiting_ = nullptr;
    how_ = how;
    waiter_.resume();
  }
  Gate& gate_;
  TimePoint deadline_;
  Wake how_ = Wake::ready;
  std::coroutine_handle<> waiter_;
};

inline Gate::Wait Gate::wait(TimePoint deadline) {
  return {*this, deadline};
}
inline bool Gate::open(Wake how) {
  if (waiting_ == nullptr) return false;
  waiting_->resume(how);
  return true;
}

}  // namespace busway
