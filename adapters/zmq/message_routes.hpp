#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "adapters/zmq/inlet.hpp"
#include "adapters/zmq/parts.hpp"
#include "bus/inlets_by_condition.hpp"

namespace busway::zmq {

// What a message is answered with; views live as long as the exchange.
struct Outcome {
  const ZmqInlet* inlet = nullptr;  // that took it; null when none did
  std::string_view body;
  bool failed = false;  // `body` is the error record; it has no headers
};

// The routes on one listener and how a message goes through them; knows no socket. Immutable once all are added.
class MessageRoutes {
 public:
  explicit MessageRoutes(Parts parts) : parts_(std::move(parts)) {}

  // False after a finding.
  bool add(std::unique_ptr<ZmqInlet> inlet, CheckContext& check) { return inlets_.add(std::move(inlet), "message", check); }
  const std::vector<std::unique_ptr<ZmqInlet>>& inlets() const { return inlets_.all(); }
  const Parts& parts() const { return parts_; }

  // Runs the exchange through the first route that takes the message. `exchange.origin` is set, and `deadline` where its call is
  // `attempted` already; the frames outlive the exchange.
  Task<Outcome> serve(Exchange& exchange, std::span<const std::string_view> frames) const;
  // Answers what never came before a route.
  Outcome refuse(Exchange& exchange, const Error& error) const;

 private:
  const ZmqInlet* choose(Exchange& exchange, std::string_view body, std::optional<Error>& trouble) const;
  Outcome answer(Exchange& exchange, const ZmqInlet& inlet) const;
  // The record of `error:`, else problem details as HTTP has them.
  Outcome answer_failure(Exchange& exchange, const ZmqInlet* inlet) const;

  Parts parts_;
  InletsByCondition<ZmqInlet> inlets_;
};

}  // namespace busway::zmq
