#pragma once

#include <string_view>

namespace busway {

// Which header fields a route, or a step that someone else wrote, may set or remove (RFC 9110, 5). Any thread.

// RFC 9110, 5.6.2.
bool is_token(std::string_view text);

// What frames a message or steers the bus: it follows from the body and the target alone.
bool is_bus_header(std::string_view name);

// No line break, no control character: what may travel as a value.
bool good_header_value(std::string_view value);

}  // namespace busway
