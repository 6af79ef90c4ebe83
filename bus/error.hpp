#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace busway {

// What kind of failure this is: it decides the retry and the default answer (docs/errors.md). The first four are the outcomes of
// a call. `config` never reaches a caller: it is a finding of `busway check` or a refusal to start.
enum class ErrorKind : std::uint8_t {
  not_sent,     // nothing reached the service: refused, DNS, no connection to be had, deadline before the first byte
  unknown,      // the first byte went out and no whole answer came back: the service may have acted
  answered,     // a whole answer that says no: HTTP >= 400, a SOAP Fault, `fails_when`
  garbage,      // a whole answer that its protocol or format refuses
  format,       // bytes that do not parse, or a document that its format cannot hold
  invalid,      // a document that its schema refuses
  mapping,      // an expression that fails, or gives nothing where a value is needed
  overload,     // a bound was reached before the message was accepted
  deadline,     // the exchange ran out of time outside a call
  quarantined,  // each process that worked on the message has ended: it is not given to another one
  internal,     // our own mistake
  config        // a bundle, an option or a file of ours
};

// The word language.md and the problem+json `type` use for `kind`: "not_sent", "unknown", ...
std::string_view name_of(ErrorKind kind);

// A failure as a value. `text` says what we were doing, gerund first ("connecting to 10.0.0.9:7000: connection refused"), and is
// for logs and developers: it never leaves the bus in a reply.
struct [[nodiscard]] Error {
  ErrorKind kind = ErrorKind::internal;
  std::string text;
  std::string code{};          // a published id: "BW3004", or JSONata's own "T0410"; empty when there is none
  std::int64_t position = -1;  // 0-based offset into the text that was read, in code points; -1 when there is none
  std::string token{};         // the piece of text the error is about, when the reader knows it

  // The same error with what we were doing in front: "reading a request from 1.2.3.4: " + text.
  std::unexpected<Error> while_doing(std::string_view doing) const;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string text, std::string code = {}, std::int64_t position = -1) {
  return std::unexpected(Error{.kind = kind, .text = std::move(text), .code = std::move(code), .position = position});
}

}  // namespace busway
