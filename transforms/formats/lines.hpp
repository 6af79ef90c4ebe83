#pragma once

#include "bus/registry.hpp"

namespace busway {

// The `lines` format: an array of texts, one a line.
FormatType lines_format();
// The `ndjson` format: an array of documents, one JSON text a line.
FormatType ndjson_format();

}  // namespace busway
