#include "adapters/http/admission.hpp"

#include <netinet/in.h>

#include <cstring>
#include <string>

namespace busway::http {

namespace {

// The IPv4 address, or the network half of an IPv6 one.
std::uint64_t key_of(const Address& peer) {
  std::uint64_t key = 0;
  if (peer.storage.ss_family == AF_INET6) {
    const auto* address = reinterpret_cast<const sockaddr_in6*>(&peer.storage);
    bool mapped = IN6_IS_ADDR_V4MAPPED(&address->sin6_addr);
    std::memcpy(&key, address->sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 8);
    return key;
  }
  const auto* address = reinterpret_cast<const sockaddr_in*>(&peer.storage);
  return address->sin_addr.s_addr;
}

std::string make_reply(std::string_view status_line, std::string_view type, std::string_view title, int status) {
  std::string body = "{\"type\":\"" + std::string(type) + "\",\"title\":\"" + std::string(title) +
                     "\",\"status\":" + std::to_string(status) + "}";
  return std::string(status_line) +
         "Content-Type: application/problem+json\r\nRetry-After: 1\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

}  // namespace

Admission::Place Admission::enter(const Address& peer) {
  Place place;
  if (open_.fetch_add(1, std::memory_order_relaxed) >= bounds_.all) {
    open_.fetch_sub(1, std::memory_order_relaxed);
    place.refused = 503;
    return place;
  }
  if (bounds_.an_address) {
    place.key_ = key_of(peer);
    if (!enter_address(place.key_)) {
      open_.fetch_sub(1, std::memory_order_relaxed);
      place.refused = 429;
      return place;
    }
  }
  place.admission_ = this;
  return place;
}

bool Admission::enter_address(std::uint64_t key) {
  Shard& shard = shard_of(key);
  Lock lock(shard.lock);
  std::int64_t& open = shard.open[key];
  if (open >= *bounds_.an_address) return false;
  ++open;
  return true;
}

void Admission::leave(std::uint64_t key) {
  open_.fetch_sub(1, std::memory_order_relaxed);
  if (!bounds_.an_address) return;
  Shard& shard = shard_of(key);
  Lock lock(shard.lock);
  auto found = shard.open.find(key);
  if (--found->second == 0) shard.open.erase(found);
}

std::string_view Admission::reply(int status) {
  static const std::string full =
      make_reply("HTTP/1.1 503 Service Unavailable\r\n", "urn:busway:overload", "Service Unavailable", 503);
  static const std::string too_many = make_reply("HTTP/1.1 429 Too Many Requests\r\n", "about:blank", "Too Many Requests", 429);
  return status == 429 ? too_many : full;
}

}  // namespace busway::http
