#pragma once

#include <memory>

#include "bus/listener.hpp"

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
class TcpInlet final : public Inlet {
 public:
  TcpInlet(InletConfig config, Position at, const InletContext& context);

  std::string_view protocol() const override { return "tcp"; }
  const Route& route() const override { return *route_; }
  const Position& at() const override { return at_; }

  const ExpressionRef& when() const { return config_.when; }
  const ExpressionRef& error() const { return error_; }
  bool one_way() const { return config_.one_way; }
  bool streams() const override { return config_.takes == InletConfig::Takes::stream; }
  const Format& format() const { return *format_; }
  // The caller's view of the format, for tests: writes requests, reads replies.
  const Format& turned() const { return turned_ ? *turned_ : *format_; }

 private:
  InletConfig config_;
  Position at_;
  const Route* route_;
  ExpressionRef error_;
  FormatPtr format_;
  FormatPtr turned_;
};

}  // namespace busway::tcp
