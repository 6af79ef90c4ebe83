#pragma once

#include <string>
#include <string_view>

#include "bus/format.hpp"
#include "bus/headers.hpp"

namespace busway {

// Whose bytes a body is: a body that does not parse is the caller's mistake (400) or a service's (502).
enum class Side : std::uint8_t { caller, service, route };

// Headers and a body. The body is bytes, a document, or both: converted lazily, at most once each way. Everything it borrows
// lives as long as the exchange. One thread.
class Message {
 public:
  explicit Message(Arena& arena) : headers(arena) {}

  Headers headers;
  std::string_view content_type;  // of the bytes, as received; empty when the body was replaced

  // ---- the body ----
  // As received: `protocol` names the adapter that read it ("http"), `format` (may be null: bytes) reads it.
  void receive(std::string_view bytes, std::string_view type, std::string_view protocol, const Format* format, Side side);
  // A document the adapter itself has read (SOAP); `bytes` are what it came in as.
  void receive_document(const Node& document, std::string_view bytes, std::string_view type, std::string_view protocol,
                        Side side);
  // By a step: the received headers go, those the route has set stay.
  void replace(const Node& document);
  // No body at all: what a bodiless reply leaves.
  void clear_body();

  bool has_bytes() const { return has_bytes_; }             // still the bytes that came in
  bool unreplaced() const { return side_ != Side::route; }  // by any step
  std::string_view bytes() const { return bytes_; }
  std::string_view protocol() const { return protocol_; }
  const Format* format() const { return format_; }
  Side side() const { return side_; }
  bool empty() const { return !parsed_ && bytes_.empty(); }

  // The whole message as it is now, to come back to after a failed step.
  Message snapshot(Arena& arena) const;

  // The body as a document; an empty body is nothing. Parsed at first use. Errors: kind `format` (the caller's) or `garbage` (a
  // service's).
  Result<Node> document(Arena& arena);

 private:
  std::string_view bytes_;
  std::string_view protocol_;
  const Format* format_ = nullptr;
  Node document_;
  bool has_bytes_ = false;
  bool parsed_ = false;
  Side side_ = Side::route;
};

}  // namespace busway
