#pragma once

#include <string>
#include <string_view>

#include "bus/expression_library.hpp"

namespace busway::jsonata {

// The JSONata 2.x language as routes use it (docs/jsonata.md). A call of a function that is neither built in nor bound in the
// text is an error of compile(), code T1006; which free variables are allowed is for the caller to judge by free_variables().
// Compiled expressions are immutable: any number of threads may evaluate one at the same time, each with its own arena.
// Evaluation is bounded in steps, memory and depth; a bound that is reached is the error U1001.
// A number in the result is finite. A function in the result is a Node of kind function that no one may call any more.
const ExtensibleLanguage& language();

// The same language as `busway eval` uses it: free variables are bindings of the case (they arrive through Scope::variable), and
// a call of what is not a function fails where jsonata-js fails it, when it is evaluated.
const ExtensibleLanguage& eval_language();

// What evaluating a text comes down to, for people: which parts of the input it reads, and what the plan (plan.hpp) folded, walks
// in one go, keeps in loops and answers by an index. A line each; errors are those of compile(). `language` is eval_language() or
// what became of it by ExtensibleLanguage::with(); of shared definitions nothing is told.
Result<std::string> explain(std::string_view text, const ExpressionLanguage& language = eval_language());

}  // namespace busway::jsonata
