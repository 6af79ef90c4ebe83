#pragma once

#include "bus/registry.hpp"

namespace busway {

// The `text` format: a body that is one string.
FormatType text_format();

}  // namespace busway
