#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bus/inlets_by_condition.hpp"
#include "plugins/host/arrival.hpp"
#include "plugins/host/inlet.hpp"

namespace busway::plugins {

// The routes on one listener of a plugin's adapter, and how a message goes through them; knows no plugin. Immutable once all are
// added.
class MessageRoutes {
 public:
  // What a message is answered with. Borrows from the exchange.
  struct Outcome {
    const PluginInlet* inlet = nullptr;  // that took it; null when none did
    std::uint32_t outcome = BUSWAY_REPLY_MADE;
    int status = 0;
    std::string_view bytes;
    std::string_view content_type;
    Node document;
    const Failure* failure = nullptr;
  };

  // `picks`: the plugin says which route takes a message; `documents`: its messages are documents.
  MessageRoutes(std::string adapter, bool picks, bool documents)
      : adapter_(std::move(adapter)), picks_(picks), documents_(documents) {}

  // False after a finding.
  bool add(std::unique_ptr<PluginInlet> inlet, CheckContext& check);
  const std::vector<std::unique_ptr<PluginInlet>>& inlets() const { return inlets_.all(); }
  bool picks() const { return picks_; }
  bool documents() const { return documents_; }

  // Runs the message through the first route that takes it. `arrival` is kept by the exchange.
  Task<Outcome> serve(Exchange& exchange, const Arrival& arrival) const;

 private:
  const PluginInlet* choose(Exchange& exchange, const Arrival& arrival, std::optional<Error>& trouble) const;
  void receive(Exchange& exchange, const Arrival& arrival, const PluginInlet& inlet) const;
  Outcome answer(Exchange& exchange, const PluginInlet& inlet) const;
  Outcome answer_failure(Exchange& exchange, const PluginInlet* inlet) const;

  std::string adapter_;
  bool picks_;
  bool documents_;
  InletsByCondition<PluginInlet> inlets_;
};

}  // namespace busway::plugins
