#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bus/expression.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::jsonata {

// What a part of a text gave while the whole was evaluated.
struct Observed {
  std::size_t from = 0;  // code points of the text
  std::size_t to = 0;
  std::uint64_t times = 0;
  std::vector<std::string> values{};  // the first few, as JSON texts that are cut when they are long; "nothing" is one
};

// Evaluates a text as eval_language() does and notes what its parts gave, the outer ones first: for people who write mappings.
// It works without a plan, so that every part is evaluated where it stands, and is that much slower. After an error of the
// evaluation, the parts are those up to it. Constants are not noted, nor what stands in a bundle's shared functions. `language`
// is eval_language() or what became of it by ExtensibleLanguage::with(); it outlives the result, which may lie in its tables.
Result<Node> evaluate_observed(std::string_view text, Scope& scope, Arena& arena, std::vector<Observed>& parts,
                               const ExpressionLanguage& language = eval_language());

}  // namespace busway::jsonata
