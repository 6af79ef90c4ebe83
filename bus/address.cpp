#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "bus/check_context.hpp"
#include "bus/resolver.hpp"
#include "bus/socket.hpp"

namespace busway {

std::string Address::text() const {
  char host[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
    return std::string(host) + ":" + std::to_string(ntohs(v4->sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(ntohs(v6->sin6_port));
  }
  return "-";
}

std::uint16_t Address::port() const {
  if (storage.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  if (storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  return 0;
}

std::string HostPort::text() const {
  bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<HostPort> read_host_port(std::string_view text) {
  if (holds_reference(text)) return HostPort{std::string(text), 0};
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) {
    return fail(ErrorKind::config, "'" + std::string(text) + "' has no port; write HOST:PORT, such as 127.0.0.1:8080");
  }
  std::string_view host = text.substr(0, colon);
  std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return fail(ErrorKind::config, "'" + std::string(text) + "': write an IPv6 address in brackets, such as [::1]:8080");
  }
  std::uint32_t port = 0;
  for (char c : digits) {
    if (c < '0' || c > '9' || (port = port * 10 + static_cast<std::uint32_t>(c - '0')) > 65535) {
      return fail(ErrorKind::config, "'" + std::string(digits) + "' is no port; a port is a number from 0 to 65535");
    }
  }
  for (char c : host) {
    bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
                c == ':';
    if (!good) return fail(ErrorKind::config, "'" + std::string(host) + "' is no host name or address");
  }
  if (host.empty()) return fail(ErrorKind::config, "'" + std::string(text) + "' has no host; write 0.0.0.0 for every address");
  return HostPort{std::string(host), static_cast<std::uint16_t>(port)};
}

namespace {

bool read_numeric(const HostPort& name, Address& out) {
  in_addr v4{};
  if (inet_pton(AF_INET, name.host.c_str(), &v4) == 1) {
    auto* to = reinterpret_cast<sockaddr_in*>(&out.storage);
    to->sin_family = AF_INET;
    to->sin_addr = v4;
    to->sin_port = htons(name.port);
    out.size = sizeof(sockaddr_in);
    return true;
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, name.host.c_str(), &v6) == 1) {
    auto* to = reinterpret_cast<sockaddr_in6*>(&out.storage);
    to->sin6_family = AF_INET6;
    to->sin6_addr = v6;
    to->sin6_port = htons(name.port);
    out.size = sizeof(sockaddr_in6);
    return true;
  }
  return false;
}

void set_port(std::vector<Address>& addresses, std::uint16_t port) {
  for (Address& address : addresses) {
    if (address.storage.ss_family == AF_INET) {
      reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port = htons(port);
    } else if (address.storage.ss_family == AF_INET6) {
      reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port = htons(port);
    }
  }
}

}  // namespace

Task<Result<std::vector<Address>>> resolve(Worker& worker, const HostPort& name, TimePoint deadline) {
  Address numeric;
  if (read_numeric(name, numeric)) co_return std::vector<Address>{numeric};
  std::vector<Address> found;
  if (!resolver().known(name.host, found)) {
    auto lookup = std::make_shared<Lookup>(worker, name.host);
    if (!resolver().ask(lookup)) co_return fail(ErrorKind::not_sent, "resolving " + name.host + ": too many wait for this name");
    Wake how = co_await lookup->gate.wait(deadline);
    if (how != Wake::ready || !lookup->done)
      co_return fail(ErrorKind::not_sent, "resolving " + name.host + ": no answer in time", "timeout");
    if (!lookup->problem.empty()) co_return fail(ErrorKind::not_sent, "resolving " + name.host + ": " + lookup->problem);
    found = std::move(lookup->found);
  }
  if (found.empty()) co_return fail(ErrorKind::not_sent, "resolving " + name.host + ": it has no address");
  set_port(found, name.port);
  co_return found;
}

}  // namespace busway
