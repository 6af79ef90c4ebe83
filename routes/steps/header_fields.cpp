#include "routes/steps/header_fields.hpp"

#include <algorithm>

#include "bus/headers.hpp"

namespace busway::routes {

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool check_header_name(std::string_view name, const Position& at, CheckContext& check) {
  if (!is_token(name)) {
    check.findings.error("BW2014", at, "'" + std::string(name.substr(0, 80)) + "' cannot name a header field");
    return false;
  }
  static constexpr std::string_view framing[] = {"connection",     "content-length",    "expect",           "host",
                                                 "http2-settings", "keep-alive",        "proxy-connection", "te",
                                                 "trailer",        "transfer-encoding", "upgrade"};
  bool refused =
      std::any_of(std::begin(framing), std::end(framing), [&](std::string_view word) { return equal_ignoring_case(word, name); });
  if (refused || (name.size() >= 7 && equal_ignoring_case(name.substr(0, 7), "busway-"))) {
    check.findings.error("BW2014", at, "'" + std::string(name) + "' is the bus's own: it follows from the body and the target");
    return false;
  }
  if (equal_ignoring_case(name, "content-type")) {
    check.findings.error("BW2014", at,
                         "'" + std::string(name) + "' follows from the body's format; a reply has 'content_type' for it");
    return false;
  }
  return true;
}

bool good_header_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

bool check_header_value(std::string_view value, const Position& at, CheckContext& check) {
  if (good_header_value(value)) return true;
  check.findings.error("BW2014", at, "the value of a header field cannot hold a line break or a control character");
  return false;
}

}  // namespace busway::routes
