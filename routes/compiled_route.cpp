#include "routes/compiled_route.hpp"

namespace busway::routes {

Task<void> CompiledRoute::run(Exchange& exchange) const {
  exchange.route = this;
  Flow flow = Flow::next;
  if (steps_->waits()) {
    flow = co_await steps_->run_waiting(exchange);
  } else {
    flow = steps_->run(exchange);
  }
  if (flow == Flow::failed) flow = co_await handle(exchange);
  switch (flow) {
    case Flow::failed: exchange.ending = Exchange::Ending::failed; break;
    case Flow::filtered: exchange.ending = Exchange::Ending::filtered; break;
    case Flow::next:
    case Flow::replied: exchange.ending = Exchange::Ending::replied; break;
  }
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

}  // namespace busway::routes
