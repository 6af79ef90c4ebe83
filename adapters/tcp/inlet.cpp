#include "adapters/tcp/inlet.hpp"

#include "bus/registry.hpp"

namespace busway::tcp {

Fields<InletConfig> inlet_fields() {
  return {
      {"tcp", &InletConfig::takes, "`frames`: each frame is a message, answered by one frame.",
       one_of<InletConfig::Takes>({{"frames", InletConfig::Takes::frames}, {"stream", InletConfig::Takes::stream}}), required()},
      {"when", &InletConfig::when,
       "Takes only the frames this expression is true for. Routes on one listener are asked in the order of the file."},
      {"one_way", &InletConfig::one_way, "The caller waits for no answer and gets none."},
  };
}

std::unique_ptr<Inlet> make_inlet(InletConfig config, const ConfigNode& node, CheckContext& check, const InletContext& context) {
  if (config.takes == InletConfig::Takes::stream) {
    const ConfigNode::Entry* entry = node.find("tcp");
    check.findings.error("BW1013", entry != nullptr ? entry->value.at : node.at,
                         "'tcp: stream' is not in this version; use 'tcp: frames'");
    return nullptr;
  }
  InletContext with = context;
  if (with.format == nullptr) with.format = check.registry.plain_format("bytes");
  if (with.format == nullptr) {
    check.findings.error("BW4001", node.at, "the route needs a 'format': this version has no format 'bytes' to fall back on");
    return nullptr;
  }
  return std::make_unique<TcpInlet>(std::move(config), node.at, with);
}

TcpInlet::TcpInlet(InletConfig config, Position at, const InletContext& context)
    : config_(std::move(config)),
      at_(std::move(at)),
      route_(context.route),
      error_(context.error),
      format_(context.format),
      turned_(format_->for_service()) {}

}  // namespace busway::tcp
