#include <cstring>

#include "transforms/jsonata/builtins.hpp"
#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/signature.hpp"
#include "transforms/jsonata/stack.hpp"

namespace busway::jsonata {

void Evaluation::prepare_plan() {
  if (program_.constants != 0) {
    constants_ = arena_.array<Node>(program_.constants);
    for (std::uint32_t i = 0; i < program_.constants; ++i) constants_[i] = Node();
  }
  const char* text = arena_.copy(program_.constant_text).data();
  for (const Program::Constant& one : program_.copied) {
    std::string_view part(text + one.offset, one.size);
    constants_[one.number - 1] = one.string ? Node::string(part) : Node::number_text(part);
  }
  // The first guess is shared by all names without one of their own.
  std::uint32_t hints = program_.hints + 1;
  hints_ = arena_.array<std::uint32_t>(hints);
  std::memset(hints_, 0, hints * sizeof(std::uint32_t));
  if (program_.memos != 0) {
    memos_ = arena_.array<MemoValue>(program_.memos);
    for (std::uint32_t i = 0; i < program_.memos; ++i) memos_[i] = MemoValue{};
  }
  if (program_.lookups != 0) {
    lookups_ = arena_.array<EqualityIndexes*>(program_.lookups);
    for (std::uint32_t i = 0; i < program_.lookups; ++i) lookups_[i] = nullptr;
  }
}

Node Evaluation::evaluate_quick(const Op& op, Op::Quick quick, const Node& input, Frame* frame) {
  switch (quick) {
    case Op::Quick::names: return quick_names(op, input, frame);
    case Op::Quick::object:
      if (input.is_array()) break;
      return quick_object(op, input, frame);
    case Op::Quick::call: return quick_call(op, input, frame);
    case Op::Quick::bare:
      if (stack_is_short(floor_)) return fail("U1001", "recursion is too deep", op.position, op.text);
      if (failed_ || !count()) return {};
      return settled(op, evaluate_kind(op, input, frame));
    case Op::Quick::memo: return evaluate_memo(op, input, frame);
    case Op::Quick::local: return settled(op, evaluate_local(op, frame));
    default: break;
  }
  return evaluate_fully(op, input, frame);
}

// One walk while there are only objects on the way. Of arrays only the last may be one, or the general way is taken from the
// start: nothing has happened that could not happen again.
Node Evaluation::quick_names(const Op& op, const Node& input, Frame* frame) {
  Op* const* step = op.list.data;
  Op* const* end = step + op.list.size;
  Node at = input;
  switch ((*step)->kind) {
    case Op::Kind::root:
      at = root_;
      ++step;
      break;
    case Op::Kind::local:
      at = settled(**step, evaluate_local(**step, frame));
      if (failed_) return {};
      ++step;
      break;
    case Op::Kind::context:
      if (is_wrapper(input)) return evaluate_fully(op, input, frame);
      ++step;
      break;
    default: break;
  }
  for (; step != end; ++step) {
    if (!at.is_object()) {
      if (at.is_array()) return evaluate_fully(op, input, frame);
      return {};
    }
    const Node* found = find_member(at, (*step)->text, hints_[(*step)->hint]);
    if (found == nullptr) return {};
    at = *found;
  }
  if (!at.is_array()) return at;
  return at.marks() == 0 ? at : evaluate_fully(op, input, frame);
}

Node Evaluation::quick_object(const Op& op, const Node& input, Frame* frame) {
  if (stack_is_short(floor_)) return fail("U1001", "recursion is too deep", op.position, op.text);
  if (failed_ || !count()) return {};
  Member* members = arena_.array<Member>(op.pairs.size + 1);
  Member* filled = members;
  for (const Op::Pair& pair : op.pairs) {
    filled->value = evaluate(*pair.value, input, frame);
    if (failed_) return {};
    if (filled->value.is_nothing()) continue;
    filled->key = pair.key->quick == Op::Quick::constant ? constants_[pair.key->constant - 1] : pair.key->value;
    ++filled;
  }
  return Node::object({members, static_cast<std::size_t>(filled - members)});
}

Node Evaluation::quick_call(const Op& op, const Node& input, Frame* frame) {
  if (stack_is_short(floor_)) return fail("U1001", "recursion is too deep", op.position, op.text);
  if (failed_ || !count()) return {};
  Node arguments[Signature::most_plain];
  std::size_t count = 0;
  for (const Op* argument : op.list) {
    arguments[count++] = evaluate(*argument, input, frame);
    if (failed_) return {};
  }
  const Builtin& builtin = *op.left->builtin;
  const Node& around = op.tail_call ? apply_input_ : input;
  Frame* outer = call_frame_;
  call_frame_ = frame;
  Node result;
  if (builtin.signature->fit_plain(arguments, count, arena_)) {
    Node context = is_wrapper(around) ? around.items()[0] : around;
    result = builtin.run(*this, {arguments, builtin.signature->size()}, context);
  } else {
    result = call_builtin(builtin, {arguments, count}, around);
  }
  call_frame_ = outer;
  if (failed_) {
    note_call(op);
    return {};
  }
  return settled(op, result);
}

}  // namespace busway::jsonata
