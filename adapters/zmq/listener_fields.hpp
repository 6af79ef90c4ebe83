#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapters/zmq/curve.hpp"
#include "bus/field.hpp"

namespace busway::zmq {

struct ListenerConfig {
  enum class Kind : std::uint8_t { rep, router, pull, sub };
  Kind socket = Kind::rep;
  std::string listen{};
  std::vector<std::string> connect{};
  std::vector<std::string> parts{};  // empty: the body alone
  std::vector<std::string> answer_parts{};
  std::int64_t envelope = 0;
  std::vector<std::string> topics{};
  ByteSize max_message{1024 * 1024};
  std::int64_t max_connections = 1000;
  std::int64_t requests = 1024;
  std::int64_t requests_per_peer = 256;
  std::int64_t queue = 16;
  std::chrono::milliseconds transfer{30'000};
  std::optional<CurveConfig> curve{};

  bool answers() const { return socket == Kind::rep || socket == Kind::router; }
};
Fields<ListenerConfig> listener_fields();

// Whether the settings fit each other; false after findings (BW5201 to BW5205).
bool check_listener(const ListenerConfig& config, const ConfigNode& node, CheckContext& check);

}  // namespace busway::zmq
