#include "routes/compiled_route.hpp"

#include <algorithm>
#include <array>

#include "bus/compute.hpp"
#include "bus/log.hpp"
#include "bus/message_events.hpp"

namespace busway::routes {

namespace {

// The caller hears the kind and the id; this line has the rest, under the same id.
void log_failure(Exchange& exchange, const Failure& failure, const std::string& route) {
  std::array fields{LogField("kind", name_of(failure.kind)), LogField("step", failure.step), LogField("service", failure.service),
                    LogField("message", failure.message), LogField("id", exchange.id())};
  log().write(LogLevel::warn, "A message failed and no handler took it.", route, fields);
}

// For tools, where somebody has asked for it.
// When that was.
[[gnu::noinline, gnu::cold]] TimePoint tell_accepted(MessageEvents& events, Exchange& exchange, const std::string& route) {
  events.tell(exchange.worker(), {.id = exchange.id(), .route = &route, .protocol = exchange.origin.protocol});
  return TimePoint::clock::now();
}

[[gnu::noinline, gnu::cold]] void tell_end(MessageEvents& events, Exchange& exchange, const Route& route, TimePoint accepted) {
  using Kind = MessageEvent::Kind;
  bool failed = exchange.ending == Exchange::Ending::failed;
  MessageEvent event{.kind = failed ? Kind::failed : Kind::delivered,
                     .id = exchange.id(),
                     .route = &route.name(),
                     .protocol = exchange.origin.protocol,
                     .took = std::chrono::duration_cast<std::chrono::microseconds>(TimePoint::clock::now() - accepted),
                     .filtered = exchange.ending == Exchange::Ending::filtered,
                     .failure = failed ? exchange.failure() : nullptr};
  events.tell(exchange.worker(), event);
}

}  // namespace

Task<void> CompiledRoute::run(Exchange& exchange) const {
  exchange.route = this;
  TimePoint accepted;
  if (MessageEvents* events = message_events(); events != nullptr) [[unlikely]]
    accepted = tell_accepted(*events, exchange, name_);
  if (computes_long()) exchange.expect_large();
  Flow flow = Flow::next;
  if (const Step* alone = steps_.alone(); alone != nullptr && exchange.failure() == nullptr) {
    flow = co_await alone->run_waiting(exchange);
    if (flow == Flow::failed) steps_.name_failure(exchange);
  } else if (steps_.waits()) {
    flow = co_await steps_.run_waiting(exchange);
  } else {
    flow = co_await compute(exchange, [&] { return steps_.run(exchange); });
  }
  if (flow == Flow::failed) flow = co_await handle(exchange);
  switch (flow) {
    case Flow::failed:
      exchange.ending = Exchange::Ending::failed;
      log_failure(exchange, *exchange.failure(), name_);
      break;
    case Flow::filtered: exchange.ending = Exchange::Ending::filtered; break;
    case Flow::next:
    case Flow::replied: exchange.ending = Exchange::Ending::replied; break;
  }
  if (MessageEvents* events = message_events(); events != nullptr) [[unlikely]]
    tell_end(*events, exchange, *this, accepted);
  // What the caller sent along is not sent back to it.
  if (exchange.message().side() == Side::caller) exchange.message().headers.keep_only_set();
}

// The nearest level that matches takes the failure; one that fails inside a handler goes to the next level out.
Task<Flow> CompiledRoute::handle(Exchange& exchange) const {
  Flow flow = co_await handle_failure(exchange, handlers_, nullptr);
  if (flow == Flow::failed && bundle_handlers_ != nullptr && !exchange.failure()->stands) {
    flow = co_await handle_failure(exchange, *bundle_handlers_, nullptr);
  }
  co_return flow;
}

const Service* CompiledRoute::proxied() const {
  if (steps_.entries().size() != 1) return nullptr;
  const StepList::Entry& only = steps_.entries().front();
  return only.handlers.empty() && handlers_.empty() ? only.step->proxied() : nullptr;
}

void CompiledRoute::leave(Footprint& footprint) const {
  footprint.add(this, alignof(CompiledRoute));
  if (const Step* alone = steps_.alone(); alone != nullptr) alone->leave(footprint);
}

void CompiledRoute::follow(const MessageTrail& received, bool whole) const {
  // A list that lacks a step would be followed wrongly.
  if (whole) {
    MessageTrail trail = received;
    steps_.follow(trail);
    trail.send({}, trail.reply);
  }
  follow_handlers(handlers_, received);
}

}  // namespace busway::routes
