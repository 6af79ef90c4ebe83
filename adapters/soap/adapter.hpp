#pragma once

#include "bus/registry.hpp"

namespace busway {

// The `soap` adapter: SOAP 1.1 and 1.2 over HTTP, plain documents.
AdapterType soap_adapter();

}  // namespace busway
