#include <re2/re2.h>

#include <memory>
#include <string>
#include <vector>

#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::jsonata {

namespace {

// Owns what a program points to. Immutable once compile() has returned it.
class CompiledExpression final : public Expression {
 public:
  CompiledExpression() : arena_(2048) {}

  Result<Node> evaluate(Scope& scope, Arena& arena) const override { return Evaluation(program_, names_, scope, arena).run(); }
  bool reads_input() const override { return program_.reads_input; }
  const std::vector<std::string>& free_variables() const override { return program_.free_variables; }

  Result<void> compile(std::string_view text, const CompileOptions& options) {
    auto program = jsonata::compile(text, arena_, names_, options);
    if (!program) return std::unexpected(program.error());
    program_ = std::move(*program);
    return {};
  }

 private:
  Arena arena_;
  VariableNames names_;
  Program program_;
};

class Language final : public ExpressionLanguage {
 public:
  explicit Language(bool for_routes) : for_routes_(for_routes) {}

  Result<std::shared_ptr<const Expression>> compile(std::string_view text,
                                                    std::vector<ExpressionWarning>* warnings) const override {
    CompileOptions options;
    options.unknown_functions_fail = for_routes_;
    options.warnings = warnings;
    auto expression = std::make_shared<CompiledExpression>();
    if (auto done = expression->compile(text, options); !done) return std::unexpected(done.error());
    return expression;
  }

 private:
  bool for_routes_;
};

}  // namespace

const ExpressionLanguage& language() {
  static const Language made(true);
  return made;
}

const ExpressionLanguage& eval_language() {
  static const Language made(false);
  return made;
}

}  // namespace busway::jsonata
