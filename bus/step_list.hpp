#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bus/step.hpp"

namespace busway {

// What a reply sets; the step `reply:` and the route's own `reply:` alike.
class ReplySpec;

// One handler of an `on_error` list. First match wins. `retry` re-runs the failed step, then `steps` run, then the last key.
struct ErrorHandler {
  enum class Last { none, reply, resume };  // `resume` is written `continue: true`
  ExpressionRef when;
  struct Retry {
    std::int64_t attempts = 3;
    DurationRange backoff{std::chrono::milliseconds(100), std::chrono::milliseconds(2000)};
  };
  std::optional<Retry> retry;
  std::shared_ptr<const StepList> steps;
  std::shared_ptr<const Step> reply;
  Last last = Last::none;
  Position at;
};
using ErrorHandlers = std::vector<ErrorHandler>;

// Steps in order, each with its own error handlers. Immutable, shared by all workers.
class StepList {
 public:
  struct Entry {
    std::shared_ptr<const Step> step;
    std::string name;  // `name:`, else "map", "call stock", ...
    ErrorHandlers handlers;
    Position at;
  };

  explicit StepList(std::vector<Entry> entries);
  const std::vector<Entry>& entries() const { return entries_; }
  // Some step may wait: run_waiting() must be used. Otherwise run() gives the same without a coroutine.
  bool waits() const { return waits_; }
  bool ends_route() const;
  // The step of a list that is one which waits and has no handlers, as most routes of a proxy are; null for any other list.
  // Behind no failure its run_waiting() is then the list's, with name_failure() behind it: the entry, a cache line that each of
  // thousands of routes has of its own, is read where something failed.
  const Step* alone() const { return alone_; }
  void name_failure(Exchange& exchange) const;

  Flow run(Exchange& exchange) const;
  Task<Flow> run_waiting(Exchange& exchange) const;
  // Step::follow() of each in order, their error handlers included.
  void follow(MessageTrail& trail) const;

 private:
  static Task<Flow> run_alone(Exchange& exchange, const Entry& entry);
  Task<Flow> run_all(Exchange& exchange) const;

  std::vector<Entry> entries_;
  const Step* alone_ = nullptr;
  bool waits_ = false;
};

// Step::follow() of what the handlers do, each from a message of which nothing is known.
void follow_handlers(const ErrorHandlers& handlers, const MessageTrail& around);

// Runs the handlers on exchange.failure(). `again` re-runs what failed (null at route and bundle level: `retry` is refused there
// at check). Returns `failed` when none matches or the handler itself failed (exchange.failure() is then the handler's).
// At a step, `next` means: go on behind the step.
Task<Flow> handle_failure(Exchange& exchange, const ErrorHandlers& handlers, const StepList::Entry* again);

}  // namespace busway
