#pragma once

#include "bus/format.hpp"

namespace busway::tcp {

// What a tcp source without a declared format writes its replies with: a string as it is, nothing else. It reads nothing: bytes
// without a format are no document.
FormatPtr raw_format();

}  // namespace busway::tcp
