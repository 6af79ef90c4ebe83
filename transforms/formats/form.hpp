#pragma once

#include "bus/registry.hpp"

namespace busway {

// The `form` format: application/x-www-form-urlencoded, as HTML forms send it.
FormatType form_format();

}  // namespace busway
