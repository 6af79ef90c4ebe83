#include "transforms/jsonata/observe.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "bus/json_text.hpp"
#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/facts.hpp"
#include "transforms/jsonata/library.hpp"
#include "transforms/jsonata/source_pieces.hpp"
#include "transforms/jsonata/stack.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata {

namespace {

constexpr std::size_t shown_values = 3;
constexpr std::size_t shown_points = 100;

std::string shown(const Node& value) {
  if (value.is_nothing()) return "nothing";
  if (value.is_function()) return "a function";
  std::string text = to_json(value);
  std::size_t end = offset_of(text, shown_points);
  if (end < text.size()) text.replace(end, std::string::npos, "...");
  return text;
}

class Notes final : public Observer {
 public:
  void saw(const Op& op, const Node& value) override {
    Observed& note = notes_[&op];
    if (++note.times <= shown_values) note.values.push_back(shown(value));
  }

  // Those of the program's own operations: what $eval compiled stands in another text.
  std::vector<Observed> of(const Program& program, std::string_view text) {
    std::vector<Observed> out;
    gather(*program.root, SourcePieces(text), out);
    // The one of several parts of one extent that was evaluated least often is the outer one.
    std::sort(out.begin(), out.end(), [](const Observed& left, const Observed& right) {
      if (left.from != right.from) return left.from < right.from;
      if (left.to != right.to) return left.to > right.to;
      return left.times < right.times;
    });
    return out;
  }

 private:
  void gather(const Op& op, const SourcePieces& pieces, std::vector<Observed>& out) {
    bool telling = op.kind != Op::Kind::literal && op.kind != Op::Kind::builtin && op.kind != Op::Kind::placeholder;
    if (auto note = notes_.find(&op); telling && note != notes_.end()) {
      std::tie(note->second.from, note->second.to) = pieces.extent(op);
      if (note->second.from < note->second.to) out.push_back(std::move(note->second));
      notes_.erase(note);
    }
    if (stack_is_short(stack_floor())) return;
    each_part(op, [&](const Op& part, bool) { gather(part, pieces, out); });
  }

  std::unordered_map<const Op*, Observed> notes_;
};

}  // namespace

Result<Node> evaluate_observed(std::string_view text, Scope& scope, Arena& arena, std::vector<Observed>& parts,
                               const ExpressionLanguage& language) {
  parts.clear();
  Arena compiled_in;
  VariableNames names;
  CompileOptions options;
  options.unknown_functions_fail = false;
  options.optimise = false;
  options.library = library_of(language);
  auto program = compile(text, compiled_in, names, options);
  if (!program) return std::unexpected(program.error());
  Notes notes;
  Evaluation evaluation(*program, names, scope, arena);
  evaluation.observe(notes);
  auto result = evaluation.run();
  parts = notes.of(*program, text);
  return result;
}

}  // namespace busway::jsonata
