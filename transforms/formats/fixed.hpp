#pragma once

#include "bus/registry.hpp"

namespace busway {

// The `fixed` format: records of fixed fields, as a layout file declares them (docs/layouts.md).
FormatType fixed_format();

}  // namespace busway
