#include "bus/slices.hpp"

#include <algorithm>

#include "bus/assert.hpp"

namespace busway {

namespace detail {

constinit thread_local Slice* slice = nullptr;

bool end_of_work() {
  return static_cast<Computation*>(slice)->look_at_clock();
}

}  // namespace detail

namespace {
constexpr std::int32_t work_a_look = 64;
}

// What begins late (a handler's answer to a deadline that has passed) is not cut short by it.
Computation::Computation(Slices& slices, TimePoint deadline, Run run, void* what, std::coroutine_handle<> waiter)
    : slices_(slices),
      deadline_(deadline <= Clock::now() ? TimePoint::max() : deadline),
      run_(run),
      what_(what),
      waiter_(waiter) {
  slices_.add(*this);
}

Computation::~Computation() {
  if (queued_) slices_.withdraw(*this);
}

bool Computation::look_at_clock() {
  left = work_a_look;
  if (!pauses_) return wanted_;
  TimePoint now = Clock::now();
  if (now >= deadline_) wanted_ = false;
  if (now >= until_) fiber_->pause();
  return wanted_;
}

Slices::~Slices() {
  BUSWAY_ASSERT(unfinished() == 0);
}

void Slices::add(Computation& computation) {
  waiting_.push_back(&computation);
  fill_turns();
}

void Slices::fill_turns() {
  while (turns_.size() < most && !waiting_.empty()) {
    turns_.push_back(waiting_.front());
    waiting_.pop_front();
  }
}

// True when that was its last.
bool Slices::run_slice(Computation& computation, Clock::duration length) {
  if (computation.fiber_ == nullptr) {
    if (!idle_.empty()) {
      computation.fiber_ = std::move(idle_.back());
      idle_.pop_back();
    } else {
      computation.fiber_ = Fiber::make();
    }
    if (computation.fiber_ == nullptr) {  // no memory for a stack: in one go, on this one
      computation.run_(computation.what_);
      return true;
    }
    computation.fiber_->take(computation.run_, computation.what_);
  }
  computation.left = work_a_look;
  computation.until_ = Clock::now() + length;
  detail::slice = &computation;
  bool ended = computation.fiber_->run();
  detail::slice = nullptr;
  if (ended) release(computation);
  return ended;
}

void Slices::release(Computation& computation) {
  if (idle_.size() < most_idle) {
    computation.fiber_->trim();
    idle_.push_back(std::move(computation.fiber_));
  }
  computation.fiber_.reset();
}

// Short ones share a slice: were each to wait for a turn of its own, messages would pile up in memory.
void Slices::run_next() {
  const TimePoint begin = Clock::now();
  TimePoint now = begin;
  while (!turns_.empty()) {
    Computation& computation = *turns_.front();
    turns_.pop_front();
    if (!run_slice(computation, begin + length_ - now)) {
      turns_.push_back(&computation);
      return;
    }
    computation.queued_ = false;
    fill_turns();
    computation.waiter_.resume();
    now = Clock::now();
    if (now >= begin + length_) return;
  }
}

void Slices::withdraw(Computation& computation) {
  computation.queued_ = false;
  std::erase(turns_, &computation);
  std::erase(waiting_, &computation);
  fill_turns();
  if (computation.fiber_ == nullptr) return;
  computation.wanted_ = false;
  computation.pauses_ = false;
  [[maybe_unused]] bool ended = run_slice(computation, Clock::duration::zero());
}

void Slices::finish_all() {
  while (!turns_.empty()) withdraw(*turns_.front());
}

}  // namespace busway
