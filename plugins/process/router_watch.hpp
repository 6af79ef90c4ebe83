#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "bus/worker.hpp"

namespace busway::plugins {

// A router's place in the loop of the worker that uses it most: what comes is read there, and the supervisor's thread need not
// wake to wake the worker. Ends with the router or with the worker, whichever ends first.
class RouterWatch final : public std::enable_shared_from_this<RouterWatch> {
 public:
  // On `worker`'s thread. `descriptor` is the router's own and may close at any time. `look` is called on the worker's stack when
  // something may have come; `left`, there as well, when it is never called again.
  static std::shared_ptr<RouterWatch> begin(Worker& worker, int descriptor, std::function<void()> look,
                                            std::function<void()> left);
  RouterWatch(const RouterWatch&) = delete;
  RouterWatch& operator=(const RouterWatch&) = delete;

  // ---- any thread ----
  bool watching() const { return watching_.load(std::memory_order_acquire); }
  void stop();

  // ---- the worker's thread ----
  bool is_of(const Worker& worker) const { return &worker == worker_; }
  // Looks once more at the end of this turn of the loop.
  void look_again();

 private:
  RouterWatch(Worker& worker, std::function<void()> look, std::function<void()> left);
  static Task<> run(std::shared_ptr<RouterWatch> self, Descriptor door);

  const Worker* const worker_;  // only its name, for any thread
  const std::shared_ptr<Worker::Mailbox> mailbox_;
  const std::function<void()> look_;
  const std::function<void()> left_;
  std::atomic<bool> watching_{true};
  Descriptor* door_ = nullptr;  // while it runs
  bool asked_ = false;
};

}  // namespace busway::plugins
