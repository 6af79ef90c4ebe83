#include "adapters/http/access_log.hpp"

#include "bus/json_text.hpp"
#include "bus/log.hpp"
#include "bus/wall_clock.hpp"

namespace busway::http {

void log_access(Access access, std::string_view id) {
  static thread_local std::string line;
  line.clear();
  auto text = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    line.append(",\"").append(name).append("\":");
    append_json_string(value, line);
  };
  auto number = [&](std::string_view name, std::int64_t value) {
    line.append(",\"").append(name).append("\":").append(std::to_string(value));
  };
  const Trip& trip = access.trip;
  line.append("{\"time\":\"").append(iso_time(std::chrono::system_clock::now())).append("\"");
  text("peer", access.peer);
  // A refused head may be any bytes: only a head that was read has parts.
  if (!trip.exchange.origin.method.empty()) {
    text("method", trip.exchange.origin.method);
    text("path", trip.exchange.origin.path);
    text("host", trip.exchange.origin.host);
    text("version", trip.head.minor_version == 0 ? "1.0" : "1.1");
  }
  line.append(access.secure ? ",\"tls\":true" : ",\"tls\":false");
  if (!trip.found.inlets.empty()) text("route", trip.found.inlets.front()->route().name());
  text("message", id);
  number("status", access.status);
  text("refused", access.refused);
  number("sent", static_cast<std::int64_t>(access.sent));
  if (!access.whole) line.append(",\"cut\":true");
  number("us", std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - access.began).count());
  line.append("}\n");
  log().write_line(line);
}

}  // namespace busway::http
