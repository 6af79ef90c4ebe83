#pragma once

#include "bus/registry.hpp"

namespace busway {

// The `csv` format: rows of fields between delimiters, RFC 4180 and what is about under that name.
FormatType csv_format();

}  // namespace busway
