#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bus/config_node.hpp"
#include "bus/exchange.hpp"
#include "bus/field.hpp"
#include "bus/footprint.hpp"
#include "bus/message_trail.hpp"
#include "bus/task.hpp"

namespace busway {

class Service;
class StepList;

// What a step leaves: `replied` and `filtered` end the route, `failed` means exchange.failure() says why.
enum class Flow : std::uint8_t { next, replied, filtered, failed };

// One thing a route does. Immutable after the check, shared by all workers; all state is in the exchange.
class Step {
 public:
  virtual ~Step() = default;
  // A step that never waits for anything overrides run(); one that may wait overrides waits() and run_waiting().
  virtual Flow run(Exchange& exchange) const;
  virtual bool waits() const { return false; }
  virtual Task<Flow> run_waiting(Exchange& exchange) const;
  // Nothing behind it in its list is ever reached.
  virtual bool ends_route() const { return false; }
  // Evaluates or replaces the body of the message; a route whose one step neither reads nor replaces is a proxy.
  virtual bool touches_body() const { return true; }
  // The service this step hands the message to and takes the answer from, when it changes nothing on the way; else null.
  virtual const Service* proxied() const { return nullptr; }
  // What a check knows of the message behind this step, and what it has to say about the step by that. A step that leaves the
  // body as it is overrides it to do nothing.
  virtual void follow(MessageTrail& trail) const { trail.forget(); }
  // Adds what each message reads of it, where that is so little that asking for it early is worth it.
  virtual void leave(Footprint&) const {}
};

// What a step's factory may ask of the route compiler.
struct StepContext {
  // A service by name; a dangling name is a finding and null.
  std::function<const Service*(const std::string& name, const Position& at)> service;
  // A nested list of steps; null after findings.
  std::function<std::unique_ptr<StepList>(const ConfigNode& list, CheckContext& check)> steps;
  std::string route;     // "" inside a named list
  bool handler = false;  // inside on_error: $failure is bound
  bool alone = false;    // the route is this step and nothing else: a call that hands its answer on as it is
};

}  // namespace busway
