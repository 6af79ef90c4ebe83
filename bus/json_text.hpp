#pragma once

#include <string>
#include <string_view>

#include "bus/document.hpp"

namespace busway {

// JSON (RFC 8259) as text: what bodies, messages, logs and reports are written by. Any thread.

// Appends `text` in quotes. Bytes below 0x20 and lone surrogates (WTF-8) become escapes, everything else stays as it is.
void append_json_string(std::string_view text, std::string& out);
std::string json_string(std::string_view text);  // the same, as a string of its own

// How a computed number is written: as JSONata prints it (15 digits at most), or with all the digits its double needs.
enum class JsonDigits { printed, exact };

// Appends compact JSON. Never fails: a function is `""`, nothing is `null`, a lone surrogate (WTF-8) is its escape. Does not
// recurse.
void write_json(const Node& document, std::string& out, JsonDigits digits = JsonDigits::printed);

// The same, as a string of its own.
std::string to_json(const Node& document);

}  // namespace busway
