#include <re2/re2.h>

#include <memory>
#include <string>
#include <vector>

#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/jsonata.hpp"
#include "transforms/jsonata/library.hpp"

namespace busway::jsonata {

namespace {

// Owns what a program points to. Immutable once compile() has returned it.
class CompiledExpression final : public Expression {
 public:
  CompiledExpression() : arena_(2048) {}

  Result<Node> evaluate(Scope& scope, Arena& arena) const override { return Evaluation(program_, names_, scope, arena).run(); }
  bool reads_input() const override { return program_.reads_input; }
  const std::vector<std::string>& free_variables() const override { return program_.free_variables; }

  Result<void> compile(std::string_view text, const CompileOptions& options, std::shared_ptr<const Library> library) {
    library_ = std::move(library);
    auto program = jsonata::compile(text, arena_, names_, options);
    if (!program) return std::unexpected(program.error());
    program_ = std::move(*program);
    return {};
  }

 private:
  std::shared_ptr<const Library> library_;
  Arena arena_;
  VariableNames names_;
  Program program_;
};

class Language final : public ExtensibleLanguage {
 public:
  explicit Language(bool for_routes, std::shared_ptr<const Library> library = nullptr)
      : for_routes_(for_routes), library_(std::move(library)) {}

  Result<std::shared_ptr<const Expression>> compile(std::string_view text,
                                                    std::vector<ExpressionWarning>* warnings) const override {
    CompileOptions options;
    options.unknown_functions_fail = for_routes_;
    options.warnings = warnings;
    options.library = library_.get();
    auto expression = std::make_shared<CompiledExpression>();
    if (auto done = expression->compile(text, options, library_); !done) return std::unexpected(done.error());
    return expression;
  }

  std::shared_ptr<const ExpressionLanguage> with(const ExpressionLibrary& added,
                                                 std::vector<ExpressionLibrary::Problem>& problems) const override {
    std::size_t before = problems.size();
    auto library = std::make_shared<const Library>(added, problems);
    if (problems.size() != before) return nullptr;
    return std::make_shared<const Language>(for_routes_, std::move(library));
  }

  const Library* library() const { return library_.get(); }

 private:
  bool for_routes_;
  std::shared_ptr<const Library> library_;
};

}  // namespace

const Library* library_of(const ExpressionLanguage& language) {
  const auto* made = dynamic_cast<const Language*>(&language);
  return made == nullptr ? nullptr : made->library();
}

const ExtensibleLanguage& language() {
  static const Language made(true);
  return made;
}

const ExtensibleLanguage& eval_language() {
  static const Language made(false);
  return made;
}

}  // namespace busway::jsonata
