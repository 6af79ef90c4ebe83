#include <algorithm>
#include <string>

#include "bus/json_text.hpp"
#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/facts.hpp"
#include "transforms/jsonata/jsonata.hpp"
#include "transforms/jsonata/projection.hpp"
#include "transforms/jsonata/stack.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata {

namespace {

// Writes the plan's lines. Operations are shown as the piece of the text they were made from.
class Explainer {
 public:
  Explainer(std::string_view text, const VariableNames& names, std::string& out) : names_(names), out_(out) {
    for (std::size_t at = 0; at < text.size();) {
      std::size_t from = at;
      next_code_point(text, at);
      points_.emplace_back(text.substr(from, at - from));
    }
  }

  void walk(const Op& op) {
    if (stack_is_short(stack_floor())) return;
    describe(op);
    each_part(op, [this](const Op& part, bool) { walk(part); });
  }

 private:
  void describe(const Op& op) {
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

  // Positions are where a token ends, in code points.
  void extent(const Op& op, std::size_t& from, std::size_t& to) const {
    if (op.position >= 0) {
      auto end = static_cast<std::size_t>(op.position);
      std::size_t size = 0;
      for (std::size_t at = 0; at < op.text.size(); ++size) next_code_point(op.text, at);
      bool dollar = op.kind == Op::Kind::local || op.kind == Op::Kind::free || op.kind == Op::Kind::builtin;
      if (op.kind == Op::Kind::root || op.kind == Op::Kind::context) size = op.kind == Op::Kind::root ? 2 : 1;
      bool quoted = op.kind == Op::Kind::literal && op.value.is_string();
      std::size_t begin = end - std::min(end, size + (dollar ? 1U : quoted ? 2U : 0U));
      if (op.kind != Op::Kind::call && op.kind != Op::Kind::path) from = std::min(from, begin);
      to = std::max(to, end);
    }
    if (stack_is_short(stack_floor())) return;
    each_part(op, [&](const Op& part, bool) { extent(part, from, to); });
  }

  std::string piece(const Op& op) const {
    std::size_t from = points_.size();
    std::size_t to = 0;
    extent(op, from, to);
    int open = 0;
    std::string out;
    for (std::size_t at = from; at < points_.size() && (at < to || open > 0); ++at) {
      std::string_view point = points_[at];
      if (point == "(" || point == "[" || point == "{") ++open;
      if (point == ")" || point == "]" || point == "}") --open;
      bool space = point == "\n" || point == "\t" || point == " ";
      if (!space || !out.ends_with(' ')) out += space ? " " : point;
    }
    return out;
  }

  const VariableNames& names_;
  std::string& out_;
  std::vector<std::string_view> points_{};
};

}  // namespace

Result<std::string> explain(std::string_view text) {
  Arena arena;
  VariableNames names;
  CompileOptions options;
  options.unknown_functions_fail = false;
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
