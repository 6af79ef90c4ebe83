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
  if (with.format == nullptr) with.format = check.registry.plain_format("bytes");
  if (with.format == nullptr) {
    check.findings.error("BW4001", node.at, "the route needs a 'format': this version has no format 'bytes' to fall back on");
    return nullptr;
  }
  return std::make_unique<ZmqInlet>(std::move(config), node.at, with);
}

ZmqInlet::ZmqInlet(InletConfig config, Position at, const InletContext& context)
    : config_(std::move(config)),
      at_(std::move(at)),
      route_(context.route),
      error_(context.error),
      format_(context.format),
      turned_(format_->for_service()) {}

}  // namespace busway::zmq
