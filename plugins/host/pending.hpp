#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bus/arena.hpp"
#include "bus/step.hpp"
#include "bus/worker.hpp"
#include "plugins/host/handles.hpp"

namespace busway::plugins {

// A step that a plugin completes later, from any thread, also after the worker that waits is gone. What it builds lives in here,
// in memory of its own, until the exchange ends. Until complete() it belongs to the plugin, from then on to the worker; the
// worker's mailbox hands it over.
class PendingStep : public std::enable_shared_from_this<PendingStep> {
 public:
  explicit PendingStep(Worker& worker) : mailbox_(worker.mailbox()), manual_clock_(worker.manual_clock()) {}

  // ---- the plugin's, one thread at a time ----
  busway_builder* build(std::optional<std::string_view> variable);
  busway_failure& failure() { return failure_; }
  bool unwanted() const { return unwanted_.load(std::memory_order_relaxed); }
  void complete(std::int32_t flow);

  // ---- the worker's ----
  // Waits for complete(), until the deadline. `timed_out`: nobody wants it any more.
  Task<Wake> wait(Worker& worker, TimePoint deadline);
  void expect() { expected_ = true; }
  bool expected() const { return expected_; }
  void give_up() { unwanted_.store(true, std::memory_order_relaxed); }
  // Puts what was built into the exchange, which keeps it. After wait() was `ready`.
  Flow end(Exchange& exchange);

 private:
  bool settle();
  Wake wait_in_real_time();

  Arena arena_;
  DocumentBuilder::Bench bench_;
  std::optional<busway_builder> builder_;
  std::optional<std::string> variable_;
  std::optional<Node> body_;
  std::vector<std::pair<std::string, Node>> variables_;
  busway_failure failure_;
  std::int32_t flow_ = BUSWAY_FAILED;
  std::atomic<bool> unwanted_{false};

  std::shared_ptr<Worker::Mailbox> mailbox_;
  Gate* gate_ = nullptr;   // of the coroutine that waits; the worker's
  bool expected_ = false;  // `start` has said that it completes later
  bool manual_clock_;
  std::promise<void> completed_;  // with a manual clock
};

}  // namespace busway::plugins

// What the plugin holds. Made by `start`'s caller, ended by `complete`.
struct busway_pending final {
  std::shared_ptr<busway::plugins::PendingStep> step;
};
