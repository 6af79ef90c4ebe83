#include "adapters/http/forwarding.hpp"

#include <algorithm>
#include <initializer_list>

#include "adapters/http/grammar.hpp"
#include "adapters/http/head.hpp"

namespace busway::http {

namespace {

std::string_view join(std::initializer_list<std::string_view> parts, Arena& arena) {
  std::size_t size = 0;
  for (std::string_view part : parts) size += part.size();
  char* joined = arena.array<char>(size);
  char* at = joined;
  for (std::string_view part : parts) at += part.copy(at, part.size());
  return {joined, size};
}

// An element of Forwarded (RFC 7239, 4) with host and peer as they must be written.
std::string_view element_of(std::string_view peer, bool v6, std::string_view host, std::string_view scheme, Arena& arena) {
  constexpr std::size_t words = sizeof "for=\"\";host=\"\";proto=";
  char* element = arena.array<char>(peer.size() + host.size() + scheme.size() + words);
  char* at = element;
  auto put = [&](std::string_view text) { at = std::copy(text.begin(), text.end(), at); };
  if (!peer.empty()) {
    put(v6 ? "for=\"" : "for=");
    put(peer);
    put(v6 ? "\";" : ";");
  }
  if (!host.empty()) {
    bool token = is_token(host);
    put(token ? "host=" : "host=\"");
    put(host);
    put(token ? ";" : "\";");
  }
  put("proto=");
  put(scheme);
  return {element, static_cast<std::size_t>(at - element)};
}

// All values of the field so far, joined, with `more` behind.
void append_to_values(std::string_view name, std::string_view more, Headers& headers, Arena& arena) {
  std::string_view joined = more;
  std::span<const Header> all = headers.all();
  for (std::size_t i = all.size(); i > 0; --i) {
    const Header& header = all[i - 1];
    if (equal_ignoring_case(header.name, name) && !header.value.empty()) joined = join({header.value, ", ", joined}, arena);
  }
  headers.remove(name);
  headers.add(name, joined);
}

}  // namespace

void append_forwarding(const Origin& origin, Headers& headers, Arena& arena) {
  std::string_view peer = origin.peer.substr(0, origin.peer.rfind(':'));  // without the port
  bool v6 = peer.starts_with('[');
  std::string_view bare = v6 && peer.size() > 2 ? peer.substr(1, peer.size() - 2) : peer;
  std::string_view scheme = origin.secure ? "https" : "http";
  std::string_view element = element_of(peer, v6, origin.host, scheme, arena);
  bool forwarded_before = false;
  for (const Header& header : headers.all()) {
    forwarded_before = forwarded_before || is_forwarding(header.note != 0 ? noted(header) : known_field(header.name));
  }
  auto append = [&](std::string_view name, std::string_view value, Known known) {
    if (value.empty()) return;
    if (forwarded_before) {
      append_to_values(name, value, headers, arena);
    } else {
      headers.add({.name = name, .value = value, .note = note_of(known)});
    }
  };
  append("Forwarded", element, Known::forwarded);
  append("X-Forwarded-For", bare, Known::x_forwarded_for);
  append("X-Forwarded-Proto", scheme, Known::x_forwarded_proto);
  append("X-Forwarded-Host", origin.host, Known::x_forwarded_host);
}

}  // namespace busway::http
