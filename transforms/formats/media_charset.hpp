#pragma once

#include <string_view>

namespace busway {

// The charset parameter of a Content-Type (RFC 9110, 8.3), without its quotes; empty when there is none. The first one counts.
// The field comes from outside: whatever it is, something is answered.
std::string_view charset_of(std::string_view content_type);

}  // namespace busway
