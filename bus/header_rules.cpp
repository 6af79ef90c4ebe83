#include "bus/header_rules.hpp"

#include <algorithm>

#include "bus/headers.hpp"

namespace busway {

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_bus_header(std::string_view name) {
  static constexpr std::string_view framing[] = {"connection",     "content-length",    "expect",           "host",
                                                 "http2-settings", "keep-alive",        "proxy-connection", "te",
                                                 "trailer",        "transfer-encoding", "upgrade"};
  return std::any_of(std::begin(framing), std::end(framing),
                     [&](std::string_view word) { return equal_ignoring_case(word, name); }) ||
         (name.size() >= 7 && equal_ignoring_case(name.substr(0, 7), "busway-"));
}

bool good_header_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

}  // namespace busway
