#pragma once

#include <strings.h>

#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>

namespace bench {

// What generator and backend need to know of an HTTP/1.1 head; both only ever see heads that a proxy has written.
inline constexpr std::string_view head_end = "\r\n\r\n";

// The value of a field of `head`, without the white space around it.
inline std::optional<std::string_view> field(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    line.remove_prefix(name.size() + 1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    return line;
  }
  return std::nullopt;
}

inline std::size_t number(std::string_view digits) {
  std::size_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace bench
