#pragma once

#include <memory>
#include <vector>

#include "adapters/tcp/framing.hpp"
#include "adapters/tcp/inlet.hpp"
#include "bus/inlets_by_condition.hpp"

namespace busway::tcp {

// What a frame is answered with.
struct Response {
  const TcpInlet* inlet = nullptr;        // that took the frame; null when none did
  std::optional<std::string_view> frame;  // whole, in the exchange's memory; nothing: no answer is owed
  bool close = false;                     // the connection ends behind it
};

// The routes on one listener and how a frame goes through them; knows no socket. Immutable once all are added.
class FrameRoutes {
 public:
  explicit FrameRoutes(Framer framer) : framer_(std::move(framer)) {}
  const Framer& framer() const { return framer_; }

  // False after a finding.
  bool add(std::unique_ptr<TcpInlet> inlet, CheckContext& check) { return inlets_.add(std::move(inlet), "frame", check); }
  const std::vector<std::unique_ptr<TcpInlet>>& inlets() const { return inlets_.all(); }

  // Runs the exchange through the first route that takes the frame. `exchange.origin` is set; the payload outlives the exchange.
  Task<Response> serve(Exchange& exchange, std::string_view payload) const;
  // Answers what never became a message: bytes that are no frame, a frame over the limit. The connection closes after it.
  Response refuse(Exchange& exchange, const Error& error) const;

 private:
  const TcpInlet* choose(Exchange& exchange, std::string_view payload, std::optional<Error>& trouble) const;
  Response answer(Exchange& exchange, const TcpInlet& inlet) const;
  // The record of `error:`, or the end of the connection.
  Response answer_failure(Exchange& exchange, const TcpInlet* inlet) const;

  Framer framer_;
  InletsByCondition<TcpInlet> inlets_;
};

}  // namespace busway::tcp
