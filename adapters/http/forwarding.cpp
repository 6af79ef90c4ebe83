#include "adapters/http/forwarding.hpp"

#include "adapters/http/grammar.hpp"

namespace busway::http {

namespace {

// Joined text in the arena: no string of our own on the way.
class ArenaText {
 public:
  explicit ArenaText(Arena& arena) : chars_(arena) {}
  ArenaText& operator<<(std::string_view text) {
    for (char c : text) chars_.push(c);
    return *this;
  }
  std::string_view view() const { return {chars_.items().data(), chars_.size()}; }

 private:
  Collector<char> chars_;
};

// All values of the field so far, joined, with `more` behind.
void append_value(std::string_view name, std::string_view more, Headers& headers, Arena& arena) {
  ArenaText joined(arena);
  for (const Header& header : headers.all()) {
    if (equal_ignoring_case(header.name, name) && !header.value.empty()) joined << header.value << ", ";
  }
  joined << more;
  headers.remove(name);
  headers.add(name, joined.view());
}

}  // namespace

void append_forwarding(const Origin& origin, Headers& headers, Arena& arena) {
  std::string_view peer = origin.peer.substr(0, origin.peer.rfind(':'));  // without the port
  bool v6 = peer.starts_with('[');
  std::string_view bare = v6 && peer.size() > 2 ? peer.substr(1, peer.size() - 2) : peer;
  std::string_view scheme = origin.secure ? "https" : "http";
  ArenaText element(arena);
  if (!peer.empty()) element << (v6 ? "for=\"" : "for=") << peer << (v6 ? "\";" : ";");
  if (!origin.host.empty()) {
    bool token = is_token(origin.host);
    element << (token ? "host=" : "host=\"") << origin.host << (token ? ";" : "\";");
  }
  element << "proto=" << scheme;
  append_value("Forwarded", element.view(), headers, arena);
  if (!bare.empty()) append_value("X-Forwarded-For", bare, headers, arena);
  append_value("X-Forwarded-Proto", scheme, headers, arena);
  if (!origin.host.empty()) append_value("X-Forwarded-Host", origin.host, headers, arena);
}

}  // namespace busway::http
