#pragma once

#include <string>
#include <string_view>

#include "bus/error.hpp"

namespace busway::jsonata {

// What a JSONata error code means, in our words; empty for an unknown code.
std::string_view meaning_of(std::string_view code);

// An error of the text itself: kind `config`.
Error text_error(std::string_view code, std::int64_t position, std::string_view token = {}, std::string_view detail = {});

// "CODE: what it means (detail), at 'token'".
std::string describe(std::string_view code, std::string_view token, std::string_view detail);

}  // namespace busway::jsonata
