#pragma once

#include <string>

#include "bus/document.hpp"
#include "transforms/schema/plan.hpp"

namespace busway::schema {

// What violations are said in: plain words, no longer than a line.
std::string describe(const Node& value);                    // `17`, `"abc"`, `an array of 3 items`
std::string describe_types(std::uint8_t allowed);           // `a string or null`
std::string describe_values(const ValueSet& values);        // `one of "A", "B"`
std::string counted(std::uint64_t count, std::string one);  // `1 item`, `3 items`

}  // namespace busway::schema
