#pragma once

#include <string_view>

#include "bus/check_context.hpp"
#include "bus/header_rules.hpp"

namespace busway::routes {

// Which header fields a route may set or remove (RFC 9110, 5): a token as name, and none of those that frame a message or steer
// the bus: these follow from the body and the target alone. Reports what it refuses (BW2014).
bool check_header_name(std::string_view name, const Position& at, CheckContext& check);

bool check_header_value(std::string_view value, const Position& at, CheckContext& check);

}  // namespace busway::routes
