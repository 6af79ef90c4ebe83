#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/document.hpp"
#include "bus/error.hpp"

namespace busway {

// What an expression can see while it runs: the input `$` and the named roots (`headers` for `$headers`, `vars`, `path`, `query`,
// `message`, `failure`). Asked for only when the expression reads it, so a body no expression reads is never parsed.
class Scope {
 public:
  virtual ~Scope() = default;
  virtual Result<Node> input(Arena& arena) = 0;
  // `name` without the `$`. Nothing when it is not bound.
  virtual Result<Node> variable(std::string_view name, Arena& arena) = 0;
  // Told at the end of an evaluation that worked for more than some tenths of a millisecond.
  virtual void took_long() {}
};

// A compiled expression: immutable, shared by all workers, safe from any thread.
class Expression {
 public:
  virtual ~Expression() = default;
  // The result lives in `arena` or in what the scope handed out. `nothing` is a result. Errors: kind `mapping`, with the
  // language's own code and position; or what the scope failed with (a body that does not parse).
  virtual Result<Node> evaluate(Scope& scope, Arena& arena) const = 0;
  virtual bool reads_input() const = 0;
  // Free variables in order of first use, without the `$`: "headers", "vars", ...
  virtual const std::vector<std::string>& free_variables() const = 0;
};

// Something `check` should say about an expression that compiled.
struct ExpressionWarning {
  std::int64_t position = 0;  // code points from the start of the text
  std::string code;           // a BW id
  std::string text;
};

class ExpressionLanguage {
 public:
  virtual ~ExpressionLanguage() = default;
  // Errors: kind `config`, the language's code, the position in code points from the start of `text`, the token.
  // What the language has but this version does not build is such an error with code BW3002 that names it.
  virtual Result<std::shared_ptr<const Expression>> compile(std::string_view text,
                                                            std::vector<ExpressionWarning>* warnings) const = 0;
};

}  // namespace busway
