#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/exchange.hpp"
#include "bus/listener.hpp"

namespace busway {

// The routes on a listener whose messages have nothing that would tell them apart but `when:`: the first one whose condition
// holds takes a message, and one without a condition takes all. `OneInlet` is an Inlet with when(). Immutable once all are added.
template <class OneInlet>
class InletsByCondition {
 public:
  const std::vector<std::unique_ptr<OneInlet>>& all() const { return inlets_; }
  void add(std::unique_ptr<OneInlet> inlet) { inlets_.push_back(std::move(inlet)); }

  // False after the finding that the inlet would never get one. `message`: what one is called, "frame".
  bool add(std::unique_ptr<OneInlet> inlet, const std::string& message, CheckContext& check) {
    for (const auto& earlier : inlets_) {
      if (earlier->when()) continue;
      check.findings.error(
          "BW5023", inlet->at(),
          "this route never gets a " + message + ": route '" + earlier->route().name() + "' takes all of them; give it a 'when'");
      return false;
    }
    add(std::move(inlet));
    return true;
  }

  // Null when none takes it; `trouble` is then the first condition's that failed. `receive(inlet)` makes exchange.message() what
  // the inlet's condition reads.
  template <class Receive>
  const OneInlet* choose(Exchange& exchange, const Receive& receive, std::optional<Error>& trouble) const {
    for (const auto& inlet : inlets_) {
      receive(*inlet);
      if (!inlet->when()) return inlet.get();
      ExchangeScope scope(exchange);
      auto taken = inlet->when().expression->evaluate(scope, exchange.arena());
      if (taken && truthy(*taken)) return inlet.get();
      if (!taken && !trouble) trouble = std::move(taken.error());
    }
    return nullptr;
  }

 private:
  std::vector<std::unique_ptr<OneInlet>> inlets_;
};

// Fails the exchange whose message no route took. `message`: what one is called.
inline void fail_untaken(Exchange& exchange, const std::string& message, const std::optional<Error>& trouble) {
  if (trouble) {
    exchange.fail(*trouble);
    return;
  }
  Failure failure;
  failure.kind = ErrorKind::invalid;
  failure.status = 422;
  failure.message = "no route of this listener takes the " + message;
  exchange.fail(std::move(failure));
}

}  // namespace busway
