#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bus/document.hpp"

namespace busway::schema {

struct Plan;

// What a document has against its schema, in plain words.
struct Violation {
  std::string pointer;   // of the value, as a JSON Pointer; "" is the whole document
  std::string schema{};  // of the keyword: "#/properties/qty/minimum"
  std::string keyword{};
  std::string expected{};  // "at least 1"; empty where `got` is the whole story
  std::string got{};       // "0"
  bool xpath = false;      // XML: `pointer` is an XPath
};

struct ValidationLimits {
  std::size_t violations = 50;      // more are not looked for
  std::size_t depth = 1000;         // of schemas within schemas
  std::uint64_t work = 20'000'000;  // looks at a value; about half a second
};

struct ValidationResult {
  std::vector<Violation> violations;
  bool exhausted = false;  // a limit was reached: the document is refused, `violations` say which
  bool valid() const { return violations.empty(); }
};

// Holds a document against a plan. A valid document is walked once and nothing is written down; only what fails is walked again
// to say why. What a shared subschema found out about a value is kept, so that recursive schemas stay linear in the document,
// and `unevaluated*` collects what it needs only where it stands. Any thread; recursion is bounded by `limits.depth`.
ValidationResult validate(const Plan& plan, const Node& document, const ValidationLimits& limits = {});

}  // namespace busway::schema
