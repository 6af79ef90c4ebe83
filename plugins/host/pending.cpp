#include "plugins/host/pending.hpp"

#include "plugins/host/host_table.hpp"
#include "plugins/host/sized.hpp"
#include "plugins/host/utf8.hpp"

namespace busway::plugins {

busway_builder* PendingStep::build(std::optional<std::string_view> variable) {
  bool nameless = variable && (variable->empty() || !is_utf8(*variable));
  if (nameless || (builder_ && !builder_->done())) {
    failure_.error = Error{.kind = ErrorKind::internal,
                           .text = nameless ? "the plugin sets a variable without a name"
                                            : "the plugin begins a document while another one is unfinished"};
    return nullptr;
  }
  if (!settle()) return nullptr;
  variable_ = variable ? std::optional<std::string>(*variable) : std::nullopt;
  return &builder_.emplace(arena_, bench_);
}

bool PendingStep::settle() {
  if (!builder_) return true;
  auto built = builder_->finish();
  builder_.reset();
  if (!built) {
    failure_.error = std::move(built.error());
    return false;
  }
  if (variable_) {
    variables_.emplace_back(*variable_, *built);
  } else {
    body_ = *built;
  }
  return true;
}

void PendingStep::complete(std::int32_t flow) {
  flow_ = flow;
  if (flow_ != BUSWAY_FAILED && flow_ != BUSWAY_NEXT && flow_ != BUSWAY_FILTERED) {
    failure_.error = Error{.kind = ErrorKind::internal,
                           .text = "the plugin completed with " + std::to_string(flow) + ", which is no way for a step to end"};
  }
  if (flow_ != BUSWAY_FAILED) settle();
  if (failure_.error) flow_ = BUSWAY_FAILED;
  if (manual_clock_) return completed_.set_value();
  mailbox_->post([self = shared_from_this()] {
    if (self->gate_ != nullptr) self->gate_->open();
  });
}

Task<Wake> PendingStep::wait(Worker& worker, TimePoint deadline) {
  if (manual_clock_) co_return wait_in_real_time();
  // Also when the coroutine is destroyed in its wait: the plugin may complete long after.
  struct Waiting {
    PendingStep& step;
    Wake how = Wake::cancelled;
    ~Waiting() {
      step.gate_ = nullptr;
      if (how != Wake::ready) step.give_up();
    }
  } waiting{*this};
  Gate gate(worker);
  gate_ = &gate;
  waiting.how = co_await gate.wait(deadline);
  co_return waiting.how;
}

// `busway test` has a clock that jumps to the next deadline as soon as nothing moves, and a plugin's threads do not see that:
// here the clock stands still while they work.
Wake PendingStep::wait_in_real_time() {
  constexpr std::chrono::seconds most{10};
  if (completed_.get_future().wait_for(most) == std::future_status::ready) return Wake::ready;
  give_up();
  return Wake::timed_out;
}

Flow PendingStep::end(Exchange& exchange) {
  if (flow_ == BUSWAY_FAILED) {
    exchange.fail(failure_.take("running the step"));
    return Flow::failed;
  }
  exchange.keep(shared_from_this());
  for (const auto& [name, value] : variables_) exchange.set_variable(name, value);
  if (flow_ == BUSWAY_FILTERED) return Flow::filtered;
  if (body_) exchange.message().replace(*body_);
  return Flow::next;
}

const busway_pending_functions pending_functions = {
    .struct_size = sizeof(busway_pending_functions),
    .reserved = 0,
    .replace = [](busway_pending* pending) { return pending->step->build(std::nullopt); },
    .set_variable = [](busway_pending* pending, busway_text name) { return pending->step->build(view(name)); },
    .failure = [](busway_pending* pending) { return &pending->step->failure(); },
    .unwanted = [](busway_pending* pending) -> int32_t { return pending->step->unwanted() ? 1 : 0; },
    .complete =
        [](busway_pending* pending, int32_t flow) {
          std::unique_ptr<busway_pending> ended(pending);
          ended->step->complete(flow);
        },
};

}  // namespace busway::plugins
