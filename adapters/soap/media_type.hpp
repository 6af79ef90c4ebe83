#pragma once

#include <string>
#include <string_view>

#include "adapters/soap/envelope.hpp"

namespace busway::soap {

// A Content-Type cut up, as far as SOAP reads it.
struct MediaType {
  std::string_view type;  // as received; compare ignoring case
  std::string_view charset;
  std::string_view action;  // of application/soap+xml (RFC 3902)

  // Nothing at all, or one of the types envelopes come in.
  bool may_be_envelope() const;
  // The version an answer is best given in when the envelope does not tell.
  Version version() const;
};
MediaType read_media_type(std::string_view text);

// The Content-Type of an envelope; in a 1.2 request with its action.
std::string content_type_of(Version version, std::string_view action = {});

// `"urn:orders#PlaceOrder"` names the operation PlaceOrder: its last part does, or all of it.
bool action_names(std::string_view action, std::string_view operation);

// Whether a SOAPAction can stand between quotes in a header field.
bool is_action(std::string_view text);

}  // namespace busway::soap
