#include "adapters/zmq/inlet.hpp"

#include "bus/registry.hpp"

namespace busway::zmq {

Fields<InletConfig> inlet_fields() {
  return {
      {"zmq", &InletConfig::takes, "`messages`: each message of the socket.",
       one_of<InletConfig::Takes>({{"messages", InletConfig::Takes::messages}}), required()},
      {"when", &InletConfig::when,
       "Takes only the messages this expression is true for. Routes on one listener are asked in the order of the file."},
  };
}

std::unique_ptr<Inlet> make_inlet(InletConfig config, const ConfigNode& node, CheckContext& check, const InletContext& context) {
  InletContext with = context;
  if (!fall_back_on("bytes", with, node, check)) return nullptr;
  return std::make_unique<ZmqInlet>(config, node.at, with);
}

}  // namespace busway::zmq
