#include "adapters/zmq/curve.hpp"

#include "adapters/curve/key.hpp"
#include "adapters/zmq/context.hpp"

namespace busway::zmq {

Fields<CurveConfig> curve_fields() {
  return {
      {"secret_key", &CurveConfig::secret_key,
       "This side's secret key in Z85, such as ${file:/etc/busway/zmq.secret}; its public key follows from it.", required()},
      {"server_key", &CurveConfig::server_key, "Where this side connects: the public key of the side that listens."},
      {"clients", &CurveConfig::clients,
       "Where this side listens: the public keys of those who may connect; without it, whoever knows this side's public key."}};
}

using curve::is_key;

bool check_curve(const CurveConfig& config, bool listens, const ConfigNode& node, CheckContext& check) {
  const ConfigNode::Entry* entry = node.find("curve");
  const ConfigNode& curve = entry != nullptr ? entry->value : node;
  bool good = true;
  auto refuse = [&](std::string_view key, const std::string& text) {
    check.findings.error("BW5205", curve.place_under(key), text);
    good = false;
  };
  auto one = [&](std::string_view key, std::string_view text, bool shown) {
    if (holds_reference(text) || is_key(text)) return;
    refuse(key, (shown ? "'" + std::string(text) + "'" : "'" + std::string(key) + "'") +
                    " is no CURVE key: one has 40 characters of Z85, as zmq_curve_keypair writes it");
  };
  one("secret_key", config.secret_key.expose(), false);
  for (const std::string& key : config.clients) one("clients", key, true);
  if (listens) {
    if (!config.server_key.empty()) refuse("server_key", "'server_key' is for the side that connects; this one listens");
    return good;
  }
  if (config.server_key.empty()) {
    refuse("server_key", "'server_key' is missing: the public key of the side that listens");
  } else {
    one("server_key", config.server_key, true);
  }
  if (!config.clients.empty()) refuse("clients", "'clients' is for the side that listens; this one connects");
  return good;
}

Result<CurveKeys> make_curve(const CurveConfig& config, const std::string& name) {
  CurveKeys keys{.secret_key = config.secret_key, .server_key = config.server_key, .allowed_clients = ""};
  if (!is_key(config.secret_key.expose()))
    return fail(ErrorKind::config, "'secret_key' of " + name + " is no CURVE key: one has 40 characters of Z85");
  if (config.clients.empty()) return keys;
  auto allowed = Context::shared()->allow(name, config.clients);
  if (!allowed) return std::unexpected(std::move(allowed.error()));
  keys.allowed_clients = name;
  return keys;
}

}  // namespace busway::zmq
