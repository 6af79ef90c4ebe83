#pragma once

#include <memory>

#include "bus/inlets_by_condition.hpp"

namespace busway::zmq {

struct InletConfig {
  enum class Takes : std::uint8_t { messages };
  Takes takes = Takes::messages;
  ExpressionRef when{};
};
Fields<InletConfig> inlet_fields();
std::unique_ptr<Inlet> make_inlet(InletConfig config, const ConfigNode& node, CheckContext& check, const InletContext& context);

// `from: { zmq: messages }`: a route that takes the messages of a listener, or those its `when` is true for. Without a declared
// format its bodies are bytes.
class ZmqInlet final : public InletByCondition {
 public:
  ZmqInlet(const InletConfig& config, Position at, const InletContext& context)
      : InletByCondition(config.when, std::move(at), context) {}
  std::string_view protocol() const override { return "zmq"; }
};

}  // namespace busway::zmq
