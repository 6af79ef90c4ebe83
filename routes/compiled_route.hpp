#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "bus/route.hpp"
#include "bus/step_list.hpp"

namespace busway::routes {

// A route as it runs: its steps with its own reply as the last of them, its handlers, and the bundle's around them. Immutable
// once loaded, shared by all workers. What a message reads of it is one cache line.
class alignas(64) CompiledRoute final : public Route {
 public:
  CompiledRoute(std::string name, std::chrono::milliseconds deadline) : deadline_(deadline), name_(std::move(name)) {}

  // Set once while the bundle is loaded, before the route's inlet is made.
  void set_steps(StepList steps) { steps_ = std::move(steps); }
  void set_handlers(ErrorHandlers own, std::shared_ptr<const ErrorHandlers> bundle) {
    handlers_ = std::move(own);
    bundle_handlers_ = std::move(bundle);
  }

  // What a check has to say of it, by what is known of the message that comes in. `whole`: its steps all compiled.
  void follow(const MessageTrail& received, bool whole) const;

  const std::string& name() const override { return name_; }
  std::chrono::milliseconds deadline() const override { return deadline_; }
  Task<void> run(Exchange& exchange) const override;
  const Service* proxied() const override;
  void leave(Footprint& footprint) const override;
  bool handles_failures() const override {
    return !handlers_.empty() || (bundle_handlers_ != nullptr && !bundle_handlers_->empty());
  }

 private:
  Task<Flow> handle(Exchange& exchange) const;

  std::chrono::milliseconds deadline_;
  StepList steps_{std::vector<StepList::Entry>()};
  std::string name_;
  ErrorHandlers handlers_;
  std::shared_ptr<const ErrorHandlers> bundle_handlers_;
};

}  // namespace busway::routes
