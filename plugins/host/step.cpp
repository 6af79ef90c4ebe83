#include "plugins/host/step.hpp"

#include "bus/compute.hpp"
#include "plugins/host/message.hpp"
#include "plugins/host/pending.hpp"
#include "plugins/host/sized.hpp"

namespace busway::plugins {

namespace {

// What both kinds know of themselves.
class PluginStep : public Step {
 public:
  PluginStep(const ComponentDeclaration& declared, std::shared_ptr<const Plugin> plugin, Instance instance)
      : leaves_body_(declared.leaves_body),
        functions_(*read_sized<busway_step>(instance.component().role)),
        plugin_(std::move(plugin)),
        instance_(std::move(instance)) {}
  bool touches_body() const override { return !leaves_body_; }
  void follow(MessageTrail& trail) const override {
    if (!leaves_body_) return trail.forget();
    trail.guarded = true;  // it may fail, or filter
  }

 protected:
  bool leaves_body_;
  busway_step functions_;
  std::shared_ptr<const Plugin> plugin_;  // behind the instance
  Instance instance_;
};

class StepAtOnce final : public PluginStep {
 public:
  using PluginStep::PluginStep;
  Flow run(Exchange& exchange) const override {
    busway_message message(exchange, leaves_body_);
    return message.end(functions_.run(instance_.get(), &message));
  }
};

class StepLater final : public PluginStep {
 public:
  using PluginStep::PluginStep;
  bool waits() const override { return true; }
  Task<Flow> run_waiting(Exchange& exchange) const override {
    auto step = std::make_shared<PendingStep>(exchange.worker());
    Flow begun = co_await compute(exchange, [&] { return begin(exchange, step); });
    if (begun != Flow::next || !step->expected()) co_return begun;
    if (co_await step->wait(exchange.worker(), exchange.deadline) == Wake::ready) co_return step->end(exchange);
    exchange.fail(Error{.kind = ErrorKind::deadline, .text = "waiting for the step: the deadline passed"});
    co_return Flow::failed;
  }

 private:
  // `next` with the step expected to complete later, or how it has ended at once.
  Flow begin(Exchange& exchange, const std::shared_ptr<PendingStep>& step) const {
    auto* pending = new busway_pending{step};  // the plugin's, when it says so
    busway_message message(exchange, leaves_body_);
    std::int32_t answer = functions_.start(instance_.get(), &message, pending);
    if (answer != BUSWAY_LATER) {
      delete pending;
      if (step->failure().error && !message.failure.error) message.failure = std::move(step->failure());
      return message.end(answer);
    }
    Flow flow = message.end(BUSWAY_NEXT);
    if (flow == Flow::next) {
      step->expect();
    } else {
      step->give_up();
    }
    return flow;
  }
};

// Of a plugin that is only declared.
class DeclaredStep final : public Step {
 public:
  explicit DeclaredStep(const ComponentDeclaration& declared) : leaves_body_(declared.leaves_body) {}
  bool touches_body() const override { return !leaves_body_; }
  void follow(MessageTrail& trail) const override {
    if (!leaves_body_) return trail.forget();
    trail.guarded = true;
  }
  Flow run(Exchange& exchange) const override {
    exchange.fail(Error{.kind = ErrorKind::internal, .text = "the step's plugin is declared, and not loaded"});
    return Flow::failed;
  }

 private:
  bool leaves_body_;
};

}  // namespace

std::unique_ptr<Step> make_step(const ComponentDeclaration& declared, std::shared_ptr<const Plugin> plugin,
                                std::optional<Instance> instance) {
  if (!instance) return std::make_unique<DeclaredStep>(declared);
  if (declared.later) return std::make_unique<StepLater>(declared, std::move(plugin), std::move(*instance));
  return std::make_unique<StepAtOnce>(declared, std::move(plugin), std::move(*instance));
}

}  // namespace busway::plugins
