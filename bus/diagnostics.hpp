#pragma once

#include <span>
#include <string_view>

namespace busway {

// One published diagnostic: what `busway explain BW1004` prints and what docs/reference/diagnostics.md lists. An id never
// changes its meaning.
struct Diagnostic {
  std::string_view id;
  std::string_view title;        // "Unknown key"
  std::string_view explanation;  // what it means and why it is refused
  std::string_view remedy;       // what to do
};

// In the order of their ids.
std::span<const Diagnostic> diagnostics();
const Diagnostic* find_diagnostic(std::string_view id);

}  // namespace busway
