#pragma once

#include <string_view>

namespace busway::curve {

// Whether it can be a key of CurveZMQ (RFC 26) as ZeroMQ writes them: 40 characters of Z85. Any thread.
bool is_key(std::string_view text);

}  // namespace busway::curve
