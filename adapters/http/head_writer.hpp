#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "adapters/http/buffer.hpp"
#include "bus/error.hpp"
#include "bus/headers.hpp"

namespace busway::http {

// Writes heads. Framing, Connection, Host and Date are the writer's own: fields of those names in `headers` are left out, as are
// hop-by-hop ones and those of the bus, so nothing received or set by a route can frame a message. Names and values are checked
// here, behind every decoding: a CR in one is an error of kind `mapping`, never a second head. Only a field that goes on just as
// this adapter received it (Header::note) is not checked again.
struct RequestLines {
  std::string_view method;
  std::string_view target;
  std::string_view host;
  std::span<const Header> headers{};
  std::string_view content_type{};  // empty: the one in `headers`, if any
  std::optional<std::uint64_t> length;
  bool chunked = false;  // in place of a length
};
Result<void> write_head(const RequestLines& lines, Buffer& out);

struct ResponseLines {
  int status = 200;
  std::span<const Header> headers{};
  std::string_view content_type;
  std::optional<std::uint64_t> length;  // none: a status without a body, or the answer to HEAD
  bool close = false;
  bool old_keep_alive = false;  // HTTP/1.0 asked to stay
  bool chunked = false;         // in place of a length
};
Result<void> write_head(const ResponseLines& lines, Buffer& out);

std::string_view reason_phrase(int status);
// "Mon, 23 Nov 2026 23:47:32 GMT", made once a second and thread.
std::string_view http_date();

}  // namespace busway::http
