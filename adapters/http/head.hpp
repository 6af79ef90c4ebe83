#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "bus/headers.hpp"

namespace busway::http {

// Fields that HTTP itself or this adapter acts on; all others are `other`.
enum class Known : std::uint8_t {
  other,
  // framing and hop-by-hop: never passed on
  connection,
  content_length,
  keep_alive,
  proxy,  // no field of HTTP's: CGI programs would read it as their HTTP_PROXY
  proxy_connection,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  // forwarding
  forwarded,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_proto,
  // others acted on
  content_type,
  date,
  expect,
  host,
  retry_after,
  busway,  // any name that starts with "busway-"
};
Known known_field(std::string_view name);
inline bool is_hop_by_hop(Known field) {
  return field >= Known::connection && field <= Known::upgrade;
}

inline bool is_forwarding(Known field) {
  return field >= Known::forwarded && field <= Known::x_forwarded_proto;
}

// Header::note of a field that came in a head this adapter has read: its name and value are by the grammar, and this is what it
// is.
constexpr std::uint8_t note_of(Known field) {
  return static_cast<std::uint8_t>(static_cast<int>(field) + 1);
}

constexpr Known noted(const Header& header) {
  return static_cast<Known>(header.note - 1);
}

// A field line, trimmed, borrowing from the buffer it was read from.
struct FieldLine {
  std::string_view name;
  std::string_view value;
  Known known = Known::other;
  bool hop_by_hop = false;  // by its name, or named by Connection
};

// As a header of a message.
inline Header received(const FieldLine& field) {
  return {.name = field.name, .value = field.value, .set = false, .note = note_of(field.known)};
}

// Why a head or body is not taken: the status a server answers with and what the sender got wrong. Empty: nothing is wrong.
struct [[nodiscard]] Refusal {
  int status = 0;
  std::string_view reason;
  explicit operator bool() const { return status != 0; }
};

// How a body's end is found (RFC 9112, 6.3).
struct Framing {
  enum class Kind : std::uint8_t { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;
};

struct HeadLimits {
  std::size_t line = 8 * 1024;
  std::size_t head = 32 * 1024;
  std::size_t fields = 100;
};

// Finds the end of a head as bytes arrive; each byte is looked at once. A line that does not end in CR LF, a line or head that
// is too long and a first line that cannot be HTTP are refused as soon as they are seen.
class HeadScanner {
 public:
  enum class Side : std::uint8_t { request, response };
  explicit HeadScanner(Side side, HeadLimits limits = {}) : side_(side), limits_(limits) {}
  // `buffer` is all that has arrived since reset(). True: the head is buffer[begin(), end()).
  bool scan(std::string_view buffer);
  Refusal refusal() const { return refusal_; }
  std::size_t begin() const { return begin_; }  // behind empty lines before the first (RFC 9112, 2.2)
  std::size_t end() const { return end_; }
  void reset();

 private:
  Refusal look(std::string_view buffer, bool& whole);
  Side side_;
  HeadLimits limits_;
  std::size_t begin_ = 0;
  std::size_t line_ = 0;  // where the current line starts
  std::size_t next_ = 0;  // first byte not looked at
  std::size_t lines_ = 0;
  std::size_t end_ = 0;
  Refusal refusal_;
};

// What both heads have.
struct Head {
  int minor_version = 1;
  std::vector<FieldLine> fields;
  Framing framing;
  bool close = false;       // Connection: close
  bool keep_alive = false;  // Connection: keep-alive

  const FieldLine* find(Known field) const;
  // What version and Connection say of the connection after this message.
  bool persistent() const { return !close && (minor_version >= 1 || keep_alive); }
};

// A request as RFC 9112 has it, by the strict policy of docs/reference (http): one reading of every byte or none.
struct RequestHead : Head {
  std::string_view method;
  std::string_view target;  // as received
  std::string_view path;    // "*" for the asterisk form
  std::string_view query;   // without "?"
  std::string_view host;    // of an absolute target, else Host
  bool expects_continue = false;

  // `bytes` is a whole head, from a HeadScanner.
  Refusal read(std::string_view bytes, HeadLimits limits = {});
};

struct ResponseHead : Head {
  int status = 0;
  std::string_view reason;

  // `head_request`: the answer to a HEAD, which has no body.
  Refusal read(std::string_view bytes, bool head_request, HeadLimits limits = {});
};

namespace detail {
// The lines behind the first one. Fills fields, close, keep_alive; framing stays with the caller.
Refusal read_fields(std::string_view bytes, HeadLimits limits, Head& head);
struct FramingFields {
  const FieldLine* length = nullptr;
  const FieldLine* transfer_encoding = nullptr;
};
// Refuses several of either, both at once, and values that have more than one reading.
Refusal read_framing(Head& head, FramingFields& found);
}  // namespace detail

}  // namespace busway::http
