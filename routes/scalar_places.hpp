#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "bus/config_node.hpp"

namespace busway::routes {

// Where each code point of a scalar came from: its text read again from the file beside the value the YAML library made of it.
struct ScalarPlaces {
  std::vector<std::size_t> offsets;  // byte offset in the file of each code point of the value
  std::size_t end = 0;               // behind the scalar, its closing quote included
};

// `start` is the scalar's first character in `raw` (a quote, a block indicator, or the first of a plain scalar). Nothing when the
// raw text does not reproduce `value` by YAML 1.2, chapters 7.3 and 8.1: then no place inside the scalar is known. Linear.
std::optional<ScalarPlaces> find_places(std::string_view raw, std::size_t start, std::string_view value, ConfigNode::Style style);

}  // namespace busway::routes
