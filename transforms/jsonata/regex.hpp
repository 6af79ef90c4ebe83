#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "bus/error.hpp"

namespace re2 {
class RE2;
}

namespace busway::jsonata {

// A JavaScript pattern as RE2 reads it. What RE2 cannot do (looking around, referring back) is an error S0303 that says so.
Result<std::unique_ptr<re2::RE2>> make_regex(std::string_view pattern, std::string_view flags, std::int64_t position);

}  // namespace busway::jsonata
