#pragma once

#include <utility>

#include "bus/exchange.hpp"

namespace busway {

// co_await compute(exchange, f) -> what f() returns. For whatever reads, evaluates or writes what an exchange carries: where that
// may take long (Exchange::is_large) the worker runs it in slices, until the exchange's deadline; else it runs here. `bytes`: of
// what f reads besides the exchange's own message.
template <class F>
InSlices<F> compute(Exchange& exchange, F f, std::size_t bytes = 0) {
  return exchange.worker().in_slices(exchange.is_large(bytes), exchange.deadline, std::move(f));
}

}  // namespace busway
