#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "bus/document.hpp"

namespace busway::jsonata {

class Evaluation;
class Signature;
struct Closure;

// A function that is part of the language. `run` gets arguments that fit the signature, and sees the context of the call in
// `input`; on failure it notes the error in the evaluation and returns nothing.
struct Builtin {
  using Run = Node (*)(Evaluation& evaluation, std::span<const Node> arguments, const Node& input);

  std::string_view name{};
  std::string_view signature_text{};
  int arity = 0;  // how many arguments a higher-order function passes on
  Run run = nullptr;
  const Signature* signature = nullptr;
  const Closure* closure = nullptr;  // the function as a value
};

// Null when there is no such function. Safe from any thread.
const Builtin* find_builtin(std::string_view name);

}  // namespace busway::jsonata
