#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapters/zmq/socket.hpp"
#include "bus/field.hpp"

namespace busway::zmq {

// `curve:` of a listener or a service.
struct CurveConfig {
  Secret secret_key{};
  std::string server_key{};
  std::vector<std::string> clients{};
};
Fields<CurveConfig> curve_fields();

// Whether each key can be one, and the right ones are there for a side that listens or connects; false after findings (BW5205).
bool check_curve(const CurveConfig& config, bool listens, const ConfigNode& node, CheckContext& check);

// Phase `open`: `name` tells this socket's callers from others'. With `clients`, from now on nobody else gets in there.
// Errors: kind `config`.
Result<CurveKeys> make_curve(const CurveConfig& config, const std::string& name);

}  // namespace busway::zmq
