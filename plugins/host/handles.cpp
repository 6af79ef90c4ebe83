#include "plugins/host/handles.hpp"

#include "plugins/host/sized.hpp"
#include "plugins/host/utf8.hpp"

namespace {

// Fit for logs, findings and $failure: of a size, and UTF-8.
std::string fit(std::string_view text) {
  constexpr std::size_t most = 2000;
  text = text.substr(0, most);
  while (!busway::plugins::is_utf8(text) && text.size() > most - 4) text.remove_suffix(1);  // cut within a character
  if (busway::plugins::is_utf8(text)) return std::string(text);
  std::string out;
  for (char c : text) out += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  return out;
}

}  // namespace

void busway_failure::set(const busway_reason& reason) {
  error.emplace(busway::Error{.kind = busway::plugins::error_kind_of(reason.kind),
                              .text = fit(busway::plugins::view(reason.text)),
                              .code = fit(busway::plugins::view(reason.code))});
  field = fit(busway::plugins::view(reason.field));
}

busway::Error busway_failure::take(const char* doing) {
  if (error) return std::move(*error);
  return {.kind = busway::ErrorKind::internal, .text = std::string(doing) + ": the plugin failed and gave no reason"};
}

std::uint32_t busway::plugins::fail_kind_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid: return BUSWAY_FAIL_INVALID;
    case ErrorKind::mapping: return BUSWAY_FAIL_MAPPING;
    case ErrorKind::format: return BUSWAY_FAIL_FORMAT;
    case ErrorKind::garbage: return BUSWAY_FAIL_GARBAGE;
    case ErrorKind::not_sent: return BUSWAY_FAIL_NOT_SENT;
    case ErrorKind::unknown: return BUSWAY_FAIL_UNKNOWN;
    case ErrorKind::answered: return BUSWAY_FAIL_ANSWERED;
    case ErrorKind::overload: return BUSWAY_FAIL_OVERLOAD;
    case ErrorKind::deadline: return BUSWAY_FAIL_DEADLINE;
    case ErrorKind::quarantined:
    case ErrorKind::internal:
    case ErrorKind::config: break;
  }
  return BUSWAY_FAIL_INTERNAL;
}

busway::ErrorKind busway::plugins::error_kind_of(std::uint32_t kind) {
  switch (kind) {
    case BUSWAY_FAIL_INVALID: return ErrorKind::invalid;
    case BUSWAY_FAIL_MAPPING: return ErrorKind::mapping;
    case BUSWAY_FAIL_FORMAT: return ErrorKind::format;
    case BUSWAY_FAIL_GARBAGE: return ErrorKind::garbage;
    case BUSWAY_FAIL_NOT_SENT: return ErrorKind::not_sent;
    case BUSWAY_FAIL_UNKNOWN: return ErrorKind::unknown;
    case BUSWAY_FAIL_ANSWERED: return ErrorKind::answered;
    case BUSWAY_FAIL_OVERLOAD: return ErrorKind::overload;
    case BUSWAY_FAIL_DEADLINE: return ErrorKind::deadline;
    default: return ErrorKind::internal;
  }
}
