#pragma once

#include <chrono>
#include <memory>
#include <unordered_set>

#include "bus/worker.hpp"
#include "plugins/sdk/c/busway_plugin.h"

// A worker's loop, as one listener or service of a plugin sees it: holds what the plugin has asked of it, and ends what the
// plugin has forgotten. Outlives its worker. The worker's thread, but for post().
struct busway_loop final {
  explicit busway_loop(busway::Worker& of) : worker(of), mailbox(of.mailbox()), index(of.index()) {}
  busway_loop(const busway_loop&) = delete;
  busway_loop& operator=(const busway_loop&) = delete;
  ~busway_loop();

  busway::Worker& worker;
  std::shared_ptr<busway::Worker::Mailbox> mailbox;
  int index;
  void* place = nullptr;
  std::unordered_set<busway_watch*> watches;
  std::unordered_set<busway_timer*> timers;
};

namespace busway::plugins {

// co_await turn_of(worker): goes on in a later turn of the loop, after what is ready now. What awaits may be destroyed.
class NextTurn final {
 public:
  explicit NextTurn(Worker& worker) : worker_(worker) {}
  NextTurn(const NextTurn&) = delete;
  NextTurn& operator=(const NextTurn&) = delete;
  ~NextTurn() {
    if (waiter_ != nullptr) *waiter_ = nullptr;
  }
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = std::make_shared<std::coroutine_handle<>>(waiter);
    worker_.post([waiting = waiter_] {
      if (*waiting != nullptr) waiting->resume();
    });
  }
  void await_resume() const {}

 private:
  Worker& worker_;
  std::shared_ptr<std::coroutine_handle<>> waiter_;
};

// A time that a plugin gives in milliseconds, within what can be counted with.
std::chrono::milliseconds span_of(std::int64_t milliseconds);

}  // namespace busway::plugins
