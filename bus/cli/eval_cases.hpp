#pragma once

#include <cstdint>
#include <istream>
#include <ostream>

#include "bus/expression.hpp"

namespace busway::cli {

// How deep documents of `eval` may nest.
inline constexpr std::int64_t eval_depth = 1000;

// `eval --cases`: a line `{"expr":..,"data":..,"bindings":..}` in, a line `{"result":..}`, `{"undefined":true}` or
// `{"error":{"code":..,"position":..,"token":..,"message":..}}` out, one for each. Absent `data` is nothing, other keys are
// ignored; a line that is no such object answers `{"error":{"code":"BW0002"}}`.
void eval_cases(std::istream& in, std::ostream& out, const ExpressionLanguage& language);

}  // namespace busway::cli
