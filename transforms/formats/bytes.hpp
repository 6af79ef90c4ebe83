#pragma once

#include "bus/registry.hpp"

namespace busway {

// The `bytes` format: any body, as a string in base64.
FormatType bytes_format();

}  // namespace busway
