#pragma once

#include <string>
#include <string_view>

#include "bus/document.hpp"

namespace busway {

// JSON (RFC 8259) as text: what bodies, messages, logs and reports are written by. Any thread.

// Appends `text` in quotes. Bytes below 0x20 and lone surrogates (WTF-8) become escapes, everything else stays as it is.
void append_json_string(std::string_view text, std::string& out);
std::string json_string(std::string_view text);  // the same, as a string of its own

// How numbers are written: `printed` keeps the text a number came with and prints a computed one as JSONata does (15 digits at
// most), `exact` gives a computed one all the digits its double needs, `reprinted` forgets the texts.
enum class JsonDigits { printed, exact, reprinted };
struct JsonStyle {
  JsonDigits digits = JsonDigits::printed;
  int indent = 0;         // blanks a level; 0 writes one line
  bool may_stop = false;  // gives up when nobody waits for the text any more (bus/pause.hpp)
};

// Appends JSON. Never fails: a function is `""`, nothing is `null` (and no member of an object), a lone surrogate (WTF-8) is its
// escape. Does not recurse. False, with a part of it written, only where it gave up.
bool write_json(const Node& document, std::string& out, JsonStyle style = {});
// Appends JSON, and only what JSON can hold: false, with a part of it written, at a function, at nothing, at a number that is not
// finite and at a string or key that `is_text` refuses. It is asked about those that are not plain ASCII.
bool write_strict_json(const Node& document, std::string& out, bool (*is_text)(std::string_view));
// The same as write_json(), as a string of its own.
std::string to_json(const Node& document);

}  // namespace busway
