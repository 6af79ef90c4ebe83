#include "adapters/zmq/address.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

namespace busway::zmq {

bool ZmqAddress::numeric() const {
  if (!host_port) return true;
  in6_addr any{};
  return ::inet_pton(AF_INET, host_port->host.c_str(), &any) == 1 || ::inet_pton(AF_INET6, host_port->host.c_str(), &any) == 1;
}

bool ZmqAddress::ipv4() const {
  in_addr any{};
  return host_port && ::inet_pton(AF_INET, host_port->host.c_str(), &any) == 1;
}

Result<ZmqAddress> read_address(std::string_view text, AddressUse use) {
  ZmqAddress out{.text = std::string(text), .host_port = std::nullopt};
  if (holds_reference(text)) return out;
  if (text.starts_with("ipc://")) {
    std::string_view path = text.substr(6);
    if (path.empty() || path.starts_with('@') || path == "*" || path.find('\0') != std::string_view::npos)
      return fail(ErrorKind::config, "'" + out.text + "' names no file; write it like ipc:///run/orders.sock");
    if (path.size() >= sizeof(sockaddr_un::sun_path))
      return fail(ErrorKind::config, "the path of '" + out.text + "' is too long for a socket: it may have " +
                                         std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes");
    return out;
  }
  if (!text.starts_with("tcp://"))
    return fail(ErrorKind::config, "'" + out.text + "' is no address of ZeroMQ; write tcp://HOST:PORT or ipc://PATH");
  std::string place(text.substr(6));
  bool listens = use == AddressUse::listen;
  if (listens && place.ends_with(":*")) place.replace(place.size() - 1, 1, "0");
  if (listens && place.starts_with("*:")) place.replace(0, 1, "0.0.0.0");
  auto read = read_host_port(place);
  if (!read) return std::unexpected(std::move(read.error()));
  if (!listens && read->port == 0) return fail(ErrorKind::config, "an endpoint needs a port other than 0");
  out.host_port = std::move(*read);
  return out;
}

std::optional<ZmqAddress> check_address(const std::string& text, AddressUse use, const Position& at, CheckContext& check) {
  auto read = read_address(text, use);
  if (read) return std::move(*read);
  check.findings.error("BW5201", at, read.error().text);
  return std::nullopt;
}

}  // namespace busway::zmq
