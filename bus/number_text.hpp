#pragma once

#include <span>
#include <string_view>

#include "bus/document.hpp"

namespace busway {

// Numbers as text. Every buffer holds at least 32 bytes; what is returned points into it, or into the node. Any thread.

// The shortest text that reads back as the same double, in ECMAScript's form (Number::toString): `1e+21`, `0.000001`, `1.5e-7`.
// -0 is `0`; infinities and NaN, which no document holds, are `null`.
std::string_view shortest_number(double value, std::span<char> buffer);

// As JSONata's $string prints it: a whole number in full, everything else rounded to 15 significant digits, in the same form.
std::string_view printed_number(double value, std::span<char> buffer);

// A number's own text when it came with one, else printed_number().
std::string_view number_to_text(const Node& number, std::span<char> buffer);

// Exact order of two JSON number texts as decimals: <0, 0, >0. `1.0` equals `1`, `1e2` equals `100`, 20-digit ids keep every
// digit. Linear in the texts' length, whatever their exponents.
int compare_decimals(std::string_view left, std::string_view right);

}  // namespace busway
