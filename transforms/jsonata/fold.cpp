#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/plan.hpp"

namespace busway::jsonata {

namespace {

class NothingOutside final : public Scope {
 public:
  Result<Node> input(Arena&) override { return Node(); }
  Result<Node> variable(std::string_view, Arena&) override { return Node(); }
};

bool is_literal(const Op* op) {
  return op == nullptr || (op->kind == Op::Kind::literal && op->predicates.empty() && op->group == nullptr && !op->keep_array);
}

}  // namespace

// Operators over literals, bottom up. What fails stays as it is, to fail where it always did; so does a long text.
void Planner::fold(Op& op) {
  switch (op.kind) {
    case Op::Kind::negate:
    case Op::Kind::add:
    case Op::Kind::subtract:
    case Op::Kind::multiply:
    case Op::Kind::divide:
    case Op::Kind::modulo:
    case Op::Kind::concatenate:
    case Op::Kind::equal:
    case Op::Kind::not_equal:
    case Op::Kind::less:
    case Op::Kind::less_equal:
    case Op::Kind::greater:
    case Op::Kind::greater_equal:
    case Op::Kind::both:
    case Op::Kind::either:
    case Op::Kind::condition: break;
    default: return;
  }
  if (op.keep_array || !is_literal(op.left) || !is_literal(op.right) || !is_literal(op.third)) return;
  constexpr std::size_t longest = 1024;
  Program part;
  part.root = &op;
  part.constants = program_.constants;
  part.copied = program_.copied;
  part.constant_text = program_.constant_text;
  Arena arena;
  VariableNames names;
  NothingOutside outside;
  auto value = Evaluation(part, names, outside, arena).run();
  if (!value || !(value->is_string() || value->is_number() || value->is_boolean() || value->is_null())) return;
  if (value->is_string() && value->size() > longest) return;
  op.folded = true;
  op.kind = Op::Kind::literal;
  op.left = op.right = op.third = nullptr;
  op.value = deep_copy(*value, arena_);
  op.constant = 0;
  if (program_.copies_constants && (op.value.is_string() || op.value.has_number_text())) op.constant = ++program_.constants;
}

}  // namespace busway::jsonata
