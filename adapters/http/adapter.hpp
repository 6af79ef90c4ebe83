#pragma once

#include "bus/registry.hpp"

namespace busway {

// HTTP/1.1, plain and over TLS: listeners, routes and services.
AdapterType http_adapter();

}  // namespace busway
