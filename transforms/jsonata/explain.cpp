#include <string>

#include "bus/json_text.hpp"
#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/facts.hpp"
#include "transforms/jsonata/jsonata.hpp"
#include "transforms/jsonata/library.hpp"
#include "transforms/jsonata/projection.hpp"
#include "transforms/jsonata/source_pieces.hpp"
#include "transforms/jsonata/stack.hpp"

namespace busway::jsonata {

namespace {

// Writes the plan's lines. Operations are shown as the piece of the text they were made from.
class Explainer {
 public:
  Explainer(std::string_view text, const VariableNames& names, std::string& out) : names_(names), out_(out), pieces_(text) {}

  void walk(const Op& op) {
    if (stack_is_short(stack_floor())) return;
    describe(op);
    each_part(op, [this](const Op& part, bool) { walk(part); });
  }

 private:
  void describe(const Op& op) {
    if (auto [from, to] = pieces_.extent(op); from >= to) return;  // of a shared definition, whose text is another
    if (op.folded) out_ += "computed at load: " + to_json(op.value) + "\n";
    if (op.kind == Op::Kind::path && op.prefix > 1) {
      line(op.quick == Op::Quick::names ? "walked in one go" : "names at its start walked in one go", op);
    }
    if (op.memo != nullptr) {
      line("kept in the loop", op);
      std::string separator = ", while ";
      for (VariableId id : op.memo->inputs) {
        out_.pop_back();
        out_ += separator + "$" + std::string(names_.name_of(id)) + "\n";
        separator = " and ";
      }
      if (!op.memo->inputs.empty()) {
        out_.pop_back();
        out_ += op.memo->inputs.size == 1 ? " stays the same\n" : " stay the same\n";
      }
    }
    if (op.lookup == nullptr) return;
    line(op.focus == no_variable ? "found by an index" : "joined by an index", *op.lookup->key);
    out_.pop_back();
    out_ += " = " + piece(*op.lookup->probe) + "\n";
  }

  void line(std::string_view what, const Op& op) {
    out_ += what;
    out_ += ": ";
    out_ += piece(op);
    out_ += '\n';
  }

  std::string piece(const Op& op) const { return pieces_.piece(op); }

  const VariableNames& names_;
  std::string& out_;
  SourcePieces pieces_;
};

}  // namespace

Result<std::string> explain(std::string_view text, const ExpressionLanguage& language) {
  Arena arena;
  VariableNames names;
  CompileOptions options;
  options.unknown_functions_fail = false;
  options.library = library_of(language);
  auto program = compile(text, arena, names, options);
  if (!program) return std::unexpected(program.error());
  std::string out;
  Projection projection = projection_of(*program);
  if (projection.everything) {
    out += "reads: everything\n";
  } else if (projection.paths.empty()) {
    out += "reads: nothing\n";
  } else {
    for (const std::string& path : projection.paths) out += "reads: " + path + "\n";
  }
  for (const std::string& name : program->free_variables) out += "reads: $" + name + "\n";
  Explainer(text, names, out).walk(*program->root);
  return out;
}

}  // namespace busway::jsonata
