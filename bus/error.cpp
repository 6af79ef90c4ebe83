#include "bus/error.hpp"

namespace busway {

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::not_sent: return "not_sent";
    case ErrorKind::unknown: return "unknown";
    case ErrorKind::answered: return "answered";
    case ErrorKind::garbage: return "garbage";
    case ErrorKind::format: return "format";
    case ErrorKind::invalid: return "invalid";
    case ErrorKind::mapping: return "mapping";
    case ErrorKind::overload: return "overload";
    case ErrorKind::deadline: return "deadline";
    case ErrorKind::quarantined: return "quarantined";
    case ErrorKind::internal: return "internal";
    case ErrorKind::config: return "config";
  }
  return "internal";
}

std::unexpected<Error> Error::while_doing(std::string_view doing) const {
  Error error = *this;
  error.text.insert(0, ": ").insert(0, doing);
  return std::unexpected(std::move(error));
}

}  // namespace busway
