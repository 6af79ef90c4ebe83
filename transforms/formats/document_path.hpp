#pragma once

#include <functional>
#include <optional>
#include <string>

#include "bus/document.hpp"

namespace busway {

// Looks at every value of a document, and at every key, for the first one that `refuses` has a reason against. Answers
// "lines[3].sku: REASON", or nullopt. Does not recurse. `refuses` gets a key as a string node.
std::optional<std::string> find_refused(const Node& document, const std::function<const char*(const Node&)>& refuses);

}  // namespace busway
