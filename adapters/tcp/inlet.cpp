#include "adapters/tcp/inlet.hpp"

#include "bus/registry.hpp"
#include "bus/service.hpp"

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

namespace {

bool check_stream(const InletConfig& config, const ConfigNode& node, CheckContext& check, const InletContext& context) {
  auto refuse = [&](std::string_view key, std::string text) {
    check.findings.error("BW5024", node.place_under(key), std::move(text));
    return false;
  };
  if (config.when || config.one_way) {
    std::string key = config.when ? "when" : "one_way";
    return refuse(key, "a stream has no frames, so '" + key + "' has no meaning here");
  }
  if (context.format != nullptr || context.error)
    return refuse("tcp", "a stream is carried as it is: 'format' and 'error' have no meaning here");
  const Service* service = context.route->proxied();
  if (service != nullptr && service->target().protocol() == "tcp") return true;
  return refuse("tcp", "a stream is carried as it is: the route must be one plain call of a tcp service and nothing else");
}

}  // namespace

std::unique_ptr<Inlet> make_inlet(InletConfig config, const ConfigNode& node, CheckContext& check, const InletContext& context) {
  if (config.takes == InletConfig::Takes::stream && !check_stream(config, node, check, context)) return nullptr;
  InletContext with = context;
  if (!fall_back_on("bytes", with, node, check)) return nullptr;
  return std::make_unique<TcpInlet>(config, node.at, with);
}

}  // namespace busway::tcp
