#pragma once

#include <memory>

#include "bus/inlets_by_condition.hpp"

namespace busway::tcp {

struct InletConfig {
  enum class Takes { frames, stream };
  Takes takes = Takes::frames;
  ExpressionRef when{};
  bool one_way = false;
};
Fields<InletConfig> inlet_fields();
std::unique_ptr<Inlet> make_inlet(InletConfig config, const ConfigNode& node, CheckContext& check, const InletContext& context);

// `from: { tcp: frames }`: a route that takes the frames of a listener, or those its `when` is true for. Without a declared
// format its messages are bytes. `from: { tcp: stream }`: a route that takes the listener's connections whole.
class TcpInlet final : public InletByCondition {
 public:
  TcpInlet(const InletConfig& config, Position at, const InletContext& context)
      : InletByCondition(config.when, std::move(at), context), takes_(config.takes), one_way_(config.one_way) {}

  std::string_view protocol() const override { return "tcp"; }
  bool one_way() const { return one_way_; }
  bool streams() const override { return takes_ == InletConfig::Takes::stream; }

 private:
  InletConfig::Takes takes_;
  bool one_way_;
};

}  // namespace busway::tcp
