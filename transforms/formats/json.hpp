#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bus/document.hpp"
#include "bus/error.hpp"
#include "bus/json_text.hpp"
#include "bus/registry.hpp"

namespace busway {

struct JsonOptions {
  enum class DuplicateKeys { refuse, last };
  DuplicateKeys duplicate_keys = DuplicateKeys::refuse;
  std::int64_t depth = 64;       // how deep arrays and objects may nest
  bool canonical = false;        // write by RFC 8785 (json_canonical.hpp)
  bool lone_surrogates = false;  // keep `\ud800` without its partner, as WTF-8; otherwise it is refused
};

// Reads one JSON text (RFC 8259). Numbers keep their text; UTF-8, depth, keys and what follows the value are checked. The
// document lives in `arena` alone: `text` is copied once and decoded in place. Memory: at most ten times the text, plus a fixed
// part. Errors: kind `format`, with line, column and position. Any thread.
Result<Node> read_json(std::string_view text, Arena& arena, const JsonOptions& options = {});

// Appends a document as one JSON text. What JSON cannot hold is an error of kind `format` that names the member.
Result<void> write_json_strictly(const Node& document, std::string& out);
// The same, as the options say.
Result<void> write_json_by(const JsonOptions& options, const Node& document, std::string& out);

// The options as fields of a declaration.
Fields<JsonOptions> json_fields();

// The `json` format: writes only what JSON can hold, everything else is an error that names the member.
FormatType json_format();

}  // namespace busway
