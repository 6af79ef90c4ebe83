#include "routes/steps/header_fields.hpp"

#include "bus/headers.hpp"

namespace busway::routes {

bool check_header_name(std::string_view name, const Position& at, CheckContext& check) {
  if (!is_token(name)) {
    check.findings.error("BW2014", at, "'" + std::string(name.substr(0, 80)) + "' cannot name a header field");
    return false;
  }
  if (is_bus_header(name)) {
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

bool check_header_value(std::string_view value, const Position& at, CheckContext& check) {
  if (good_header_value(value)) return true;
  check.findings.error("BW2014", at, "the value of a header field cannot hold a line break or a control character");
  return false;
}

}  // namespace busway::routes
