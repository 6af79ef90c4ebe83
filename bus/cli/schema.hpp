#pragma once

#include <string>

#include "bus/registry.hpp"

namespace busway::cli {

// The JSON Schema (2020-12) of a route file, as JSON: the language's own keys and those of every component in the registry.
std::string route_file_schema(const Registry& registry);

}  // namespace busway::cli
