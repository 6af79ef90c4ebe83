#include "bus/step_list.hpp"

#include "bus/assert.hpp"
#include "bus/backoff.hpp"
#include "bus/compute.hpp"

namespace busway {

Flow Step::run(Exchange&) const {
  assertion_failed("a step that waits was run without waiting", __FILE__, __LINE__);
}

Task<Flow> Step::run_waiting(Exchange& exchange) const {
  co_return run(exchange);
}

StepList::StepList(std::vector<Entry> entries) : entries_(std::move(entries)) {
  for (const Entry& entry : entries_) waits_ = waits_ || entry.step->waits() || !entry.handlers.empty();
  bool alone = entries_.size() == 1 && entries_.front().step->waits() && entries_.front().handlers.empty();
  if (alone) alone_ = entries_.front().step.get();
}

bool StepList::ends_route() const {
  return !entries_.empty() && entries_.back().step->ends_route();
}

namespace {

void name_the_step(Exchange& exchange, const StepList::Entry& entry) {
  if (exchange.failure() == nullptr || !exchange.failure()->step.empty()) return;
  Failure failure = *exchange.take_failure();
  failure.step = entry.name;
  exchange.restore_failure(std::move(failure));
}

// Others may have computed while this exchange did: the time of one that began early enough may be up before its next step.
bool out_of_time(Exchange& exchange) {
  if (exchange.worker().now() < exchange.deadline || exchange.failure() != nullptr || !exchange.is_large()) return false;
  exchange.fail(Error{.kind = ErrorKind::deadline, .text = "the deadline passed before the step"});
  return true;
}

}  // namespace

void StepList::name_failure(Exchange& exchange) const {
  name_the_step(exchange, entries_.front());
}

Flow StepList::run(Exchange& exchange) const {
  for (const Entry& entry : entries_) {
    Flow flow = entry.step->run(exchange);
    if (flow == Flow::next) continue;
    if (flow == Flow::failed) name_the_step(exchange, entry);
    return flow;
  }
  return Flow::next;
}

Task<Flow> StepList::run_waiting(Exchange& exchange) const {
  // A list that is one call needs nothing of what was before it.
  return alone_ != nullptr && exchange.failure() == nullptr ? run_alone(exchange, entries_.front()) : run_all(exchange);
}

Task<Flow> StepList::run_alone(Exchange& exchange, const Entry& entry) {
  Flow flow = co_await entry.step->run_waiting(exchange);
  if (flow == Flow::failed) name_the_step(exchange, entry);
  co_return flow;
}

Task<Flow> StepList::run_all(Exchange& exchange) const {
  for (const Entry& entry : entries_) {
    // Inside a handler $failure is the failure it handles, also behind a step that failed and was handled itself.
    std::optional<Failure> handled;
    if (exchange.failure() != nullptr) handled = *exchange.failure();
    std::optional<Message> before;
    Node variables = exchange.variables();
    if (!entry.handlers.empty()) before.emplace(exchange.message().snapshot(exchange.arena()));

    Flow flow = Flow::next;
    if (entry.step->waits()) {
      flow = co_await entry.step->run_waiting(exchange);
    } else if (out_of_time(exchange)) {
      flow = Flow::failed;
    } else {
      flow = co_await compute(exchange, [&] { return entry.step->run(exchange); });
    }
    if (flow == Flow::failed) {
      name_the_step(exchange, entry);
      if (before) {
        exchange.message() = std::move(*before);
        exchange.restore_variables(variables);
        flow = co_await handle_failure(exchange, entry.handlers, &entry);
        if (flow == Flow::next) {
          if (handled) {
            exchange.restore_failure(std::move(*handled));
          } else {
            exchange.take_failure();
          }
        }
      }
    }
    if (flow != Flow::next) co_return flow;
  }
  co_return Flow::next;
}

namespace {

// One more try of the failed step for each attempt the handler grants, while the failure is one a try cannot make worse.
Task<Flow> try_again(Exchange& exchange, const ErrorHandler::Retry& retry, const StepList::Entry& entry) {
  Worker& worker = exchange.worker();
  Flow flow = Flow::failed;
  for (std::int64_t attempt = 2; attempt <= retry.attempts; ++attempt) {
    if (exchange.failure() == nullptr || !exchange.failure()->repeatable) break;
    auto pause = backoff_before(worker, retry.backoff, attempt);
    if (worker.now() + pause >= exchange.deadline) break;
    co_await worker.sleep_for(pause);
    if (entry.step->waits()) {
      flow = co_await entry.step->run_waiting(exchange);
    } else {
      flow = co_await compute(exchange, [&] { return entry.step->run(exchange); });
    }
    if (flow != Flow::failed) break;
    name_the_step(exchange, entry);
  }
  co_return flow;
}

Result<bool> matches(Exchange& exchange, const ErrorHandler& handler) {
  if (!handler.when) return true;
  ExchangeScope scope(exchange);
  auto value = handler.when.expression->evaluate(scope, exchange.arena());
  if (!value) return std::unexpected(value.error());
  return truthy(*value);
}

}  // namespace

Task<Flow> handle_failure(Exchange& exchange, const ErrorHandlers& handlers, const StepList::Entry* again) {
  for (const ErrorHandler& handler : handlers) {
    auto matched = co_await compute(exchange, [&] { return matches(exchange, handler); });
    if (!matched) {
      exchange.fail(matched.error());
      co_return Flow::failed;
    }
    if (!*matched) continue;
    if (handler.retry && again != nullptr) {
      Flow flow = co_await try_again(exchange, *handler.retry, *again);
      if (flow != Flow::failed) co_return flow;
    }
    if (handler.steps) {
      Flow flow = co_await handler.steps->run_waiting(exchange);
      if (flow != Flow::next) co_return flow;
    }
    if (handler.last == ErrorHandler::Last::reply) {
      Flow flow = co_await compute(exchange, [&] { return handler.reply->run(exchange); });
      co_return flow;
    }
    if (handler.last == ErrorHandler::Last::resume) co_return Flow::next;
    // No last key: at a step that has steps the route goes on with what they left; further out the failure stands.
    if (again != nullptr) co_return handler.steps ? Flow::next : Flow::failed;
    if (auto failure = exchange.take_failure()) {
      failure->stands = true;
      exchange.restore_failure(std::move(*failure));
    }
    co_return Flow::failed;
  }
  co_return Flow::failed;
}

void StepList::follow(MessageTrail& trail) const {
  for (const Entry& entry : entries_) {
    entry.step->follow(trail);
    follow_handlers(entry.handlers, trail);
    for (const ErrorHandler& handler : entry.handlers) {
      // It may go on behind the step with any message.
      if (handler.last == ErrorHandler::Last::reply) continue;
      trail.add({nullptr});
      trail.plain_xml = false;
    }
  }
}

void follow_handlers(const ErrorHandlers& handlers, const MessageTrail& around) {
  for (const ErrorHandler& handler : handlers) {
    MessageTrail trail = around.anew();
    if (handler.steps != nullptr) handler.steps->follow(trail);
    if (handler.reply != nullptr) handler.reply->follow(trail);
  }
}

}  // namespace busway
