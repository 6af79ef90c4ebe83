#pragma once

#include <memory>

#include "bus/listener.hpp"

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
class ZmqInlet final : public Inlet {
 public:
  ZmqInlet(InletConfig config, Position at, const InletContext& context);

  std::string_view protocol() const override { return "zmq"; }
  const Route& route() const override { return *route_; }
  const Position& at() const override { return at_; }

  const ExpressionRef& when() const { return config_.when; }
  const ExpressionRef& error() const { return error_; }
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

}  // namespace busway::zmq
