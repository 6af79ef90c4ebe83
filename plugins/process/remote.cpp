#include "plugins/process/remote.hpp"

#include <arpa/inet.h>
#include <zmq.h>

#include <charconv>
#include <cstdint>
#include <utility>

#include "adapters/curve/key.hpp"
#include "bus/secret_reference.hpp"

namespace busway::plugins {

namespace {

constexpr std::size_t least_cookie = 16;

Fields<RemoteCurve> remote_curve_fields() {
  return {{"secret_key", &RemoteCurve::secret_key,
           "The bus's secret key in Z85, such as ${file:/etc/busway/plugin.secret}; its public key follows from it.", required()},
          {"clients", &RemoteCurve::clients, "The public keys of those who may connect; nobody else gets in.", required()}};
}

// `tcp://ADDRESS:PORT`, ADDRESS an IPv4 one, an IPv6 one in brackets, or `*`. Names are not looked up: what a name means is
// another machine's to say.
struct Listen {
  bool good = false;
  bool loopback = false;
};

Listen read_listen(std::string_view text) {
  constexpr std::string_view scheme = "tcp://";
  std::size_t colon = text.rfind(':');
  if (!text.starts_with(scheme) || colon == std::string_view::npos || colon < scheme.size()) return {};
  std::string host(text.substr(scheme.size(), colon - scheme.size()));
  std::string_view port = text.substr(colon + 1);
  std::uint16_t number = 0;
  auto read = std::from_chars(port.data(), port.data() + port.size(), number);
  if (port.empty() || read.ec != std::errc() || read.ptr != port.data() + port.size()) return {};
  if (host == "*") return {.good = true};
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return {.good = true, .loopback = (ntohl(v4.s_addr) >> 24) == 127};
  if (!host.starts_with('[') || !host.ends_with(']')) return {};
  in6_addr v6{};
  if (::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6) != 1) return {};
  return {.good = true, .loopback = IN6_IS_ADDR_LOOPBACK(&v6) != 0};
}

std::string library_error() {
  return ::zmq_strerror(::zmq_errno());
}

}  // namespace

Fields<RemoteConfig> remote_fields() {
  return {
      {"listen", &RemoteConfig::listen,
       "Where the plugin connects, as tcp://ADDRESS:PORT; ADDRESS is numeric or *, and port 0 is any that is free.", required()},
      {"curve", &RemoteConfig::curve,
       "Encrypts the connection (CURVE), and lets in the owners of the listed keys alone. Left out: only on loopback, with a "
       "cookie.",
       remote_curve_fields()},
      {"cookie", &RemoteConfig::cookie,
       "What the plugin must say to be let in (its BUSWAY_COOKIE), 16 characters and more, as ${env:NAME} or ${file:PATH}."}};
}

bool check_remote(const RemoteConfig& config, const ConfigNode& node, CheckContext& check) {
  bool good = true;
  auto refuse = [&](const Position& at, const std::string& text) {
    check.findings.error("BW7106", at, text);
    good = false;
  };
  Listen listen = read_listen(config.listen);
  if (!listen.good)
    refuse(node.place_under("listen"),
           "'" + config.listen.substr(0, 100) +
               "' is no address to listen on: write tcp://ADDRESS:PORT with a numeric address (or *), "
               "as in tcp://127.0.0.1:7311");
  const std::string& cookie = config.cookie.expose();
  bool reference = (cookie.starts_with("${env:") || cookie.starts_with("${file:")) && cookie.find('}') == cookie.size() - 1;
  if (!cookie.empty() && !reference)
    refuse(node.place_under("cookie"), "the cookie stands in the file: write ${env:NAME} or ${file:PATH}, and keep it there");
  if (!config.curve) {
    if (listen.good && !listen.loopback)
      refuse(node.place_under("listen"),
             "other machines reach '" + config.listen + "', and there is no 'curve': give it one, or listen on 127.0.0.1");
    if (cookie.empty())
      refuse(node.at, "whoever reaches it could speak for the plugin: give it a 'curve', or on loopback a 'cookie'");
    return good;
  }
  const ConfigNode& curve = node.find("curve")->value;
  const std::string& secret = config.curve->secret_key.expose();
  if (!holds_reference(secret) && !curve::is_key(secret))
    refuse(curve.place_under("secret_key"),
           "'secret_key' is no CURVE key: one has 40 characters of Z85, as zmq_curve_keypair writes it");
  if (config.curve->clients.empty())
    refuse(curve.place_under("clients"), "'clients' is empty, so that nobody could connect: list the plugin's public key");
  for (const std::string& key : config.curve->clients) {
    if (holds_reference(key) || curve::is_key(key)) continue;
    refuse(curve.place_under("clients"),
           "'" + key.substr(0, 100) + "' is no CURVE key: one has 40 characters of Z85, as zmq_curve_keypair writes it");
  }
  return good;
}

// ---- the door ----

RemoteDoor::RemoteDoor(RemoteConfig config, const std::string& plugin) : config_(std::move(config)), list_("plugin " + plugin) {}

RemoteDoor::~RemoteDoor() {
  if (keeper_ != nullptr) ::zmq_ctx_shutdown(context_.get());  // its thread waits within the library, and wakes at this
  keeper_.reset();
}

Result<std::string> RemoteDoor::cookie() const {
  auto text = expand_references(config_.cookie.expose());
  if (!text || config_.cookie.expose().empty() || text->size() >= least_cookie) return text;
  return fail(ErrorKind::config, "reading the cookie: it has " + std::to_string(text->size()) +
                                     " characters, and 16 are the fewest that nobody guesses");
}

Result<void> RemoteDoor::guard() {
  if (!config_.curve) return {};
  std::vector<std::string> keys;
  for (const std::string& written : config_.curve->clients) {
    auto key = expand_references(written);
    if (!key) return std::unexpected(std::move(key.error()));
    keys.push_back(std::move(*key));
  }
  if (keeper_ == nullptr) {
    auto keeper = curve::Doorkeeper::make(context_.get());
    if (!keeper) return std::unexpected(std::move(keeper.error()));
    keeper_ = std::move(*keeper);
  }
  return keeper_->allow(list_, keys);
}

Result<void> RemoteDoor::prepare(void* socket, const std::string& secret_key) const {
  auto number = [&](int option, int value) { return ::zmq_setsockopt(socket, option, &value, sizeof value) == 0; };
  auto text = [&](int option, const std::string& value) {
    return ::zmq_setsockopt(socket, option, value.data(), value.size()) == 0;
  };
  constexpr int handshake_ms = 5000;
  constexpr int waiting_connections = 64;
  bool good = number(ZMQ_IPV6, config_.listen.find('[') != std::string::npos ? 1 : 0) && number(ZMQ_TCP_KEEPALIVE, 1) &&
              number(ZMQ_HANDSHAKE_IVL, handshake_ms) && number(ZMQ_BACKLOG, waiting_connections);
  if (good && config_.curve)
    good = number(ZMQ_CURVE_SERVER, 1) && ::zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key.c_str(), 41) == 0 &&
           text(ZMQ_ZAP_DOMAIN, list_);  // the doorkeeper is there already
  if (!good) return fail(ErrorKind::config, "making a socket for the plugin: " + library_error());
  return {};
}

Result<std::unique_ptr<Router>> RemoteDoor::open(std::size_t most_frame) {
  std::string secret_key;
  if (config_.curve) {
    auto key = expand_references(config_.curve->secret_key.expose());
    if (!key) return std::unexpected(std::move(key.error()));
    if (!curve::is_key(*key)) return fail(ErrorKind::config, "reading 'secret_key': it is no CURVE key, 40 characters of Z85");
    secret_key = std::move(*key);
  }
  if (auto guarded = guard(); !guarded) return std::unexpected(std::move(guarded.error()));
  auto router = Router::bind(context_, address_.empty() ? config_.listen : address_, most_frame,
                             [&](void* socket) { return prepare(socket, secret_key); });
  if (router && address_.empty()) {
    address_ = (*router)->last_endpoint();
    if (address_.empty()) return fail(ErrorKind::config, "reading the plugin's address: " + library_error());
  }
  return router;
}

}  // namespace busway::plugins
