#pragma once

#include <string>
#include <string_view>

#include "bus/error.hpp"

namespace busway::schema {

// A regular expression of ECMA-262 (with the `u` flag, as JSON Schema means it) in the syntax of RE2: character classes keep
// ECMAScript's meaning (`\d` and `\w` are ASCII, `\s` and `.` know Unicode), groups no longer capture, repetitions of more than
// 1000 are written out. What browsers forgive without the flag is forgiven here: a brace or bracket that opens nothing, `\-`.
// Errors: kind `config`, the position in code points; code "unsupported" for what RE2 cannot do (look-around, back-references,
// some properties), else it is no regular expression at all. Linear; any thread.
Result<std::string> translate_regex(std::string_view pattern);

// The format `regex`: whether it is one by ECMA-262, look-around and back-references included.
bool is_regex(std::string_view pattern);

// A Unicode property (`Letter`, `Script=Greek`) as RE2 names it; empty when RE2 does not have it.
std::string_view property_name(std::string_view name);

}  // namespace busway::schema
