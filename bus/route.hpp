#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "bus/exchange.hpp"
#include "bus/footprint.hpp"
#include "bus/task.hpp"

namespace busway {

class Service;

// A compiled route: what a source runs an exchange through. Immutable, shared by all workers.
class Route {
 public:
  virtual ~Route() = default;
  virtual const std::string& name() const = 0;
  // From the complete request head to the last byte of a call.
  virtual std::chrono::milliseconds deadline() const = 0;
  // Sets exchange.route and leaves exchange.ending other than `running`. Never fails in another way. The caller has set
  // exchange.deadline.
  virtual Task<void> run(Exchange& exchange) const = 0;
  // The service of a route that is one plain call and nothing else, so that its source may carry bytes instead of messages; else
  // null. Known when the route's inlet is made.
  virtual const Service* proxied() const { return nullptr; }
  // Whether some on_error, its own or the bundle's, may read a message that failed.
  virtual bool handles_failures() const { return true; }
  // Adds what each message reads of it.
  virtual void leave(Footprint&) const {}

  // An expression of it has once worked long, on whatever body: from then on all it computes runs in slices. Any thread.
  bool computes_long() const { return computes_long_.load(std::memory_order_relaxed); }
  void note_long() const {
    if (!computes_long()) computes_long_.store(true, std::memory_order_relaxed);
  }

 private:
  mutable std::atomic<bool> computes_long_{false};
};

}  // namespace busway
