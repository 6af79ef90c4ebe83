#include <re2/re2.h>

#include <array>
#include <memory>
#include <new>
#include <utility>

#include "transforms/jsonata/builtins.hpp"
#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/errors.hpp"
#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/library.hpp"
#include "transforms/jsonata/signature.hpp"

namespace busway::jsonata {

void Evaluation::note_call(const Op& op) {
  if (error_.position < 0) error_.position = op.position;
  if (error_.token.empty()) error_.token = op.text;
}

Node Evaluation::evaluate_call(const Op& op, const Node& input, Frame* frame, const Node* first) {
  Node function;
  const Builtin* builtin = op.left->kind == Op::Kind::builtin && op.left->predicates.empty() ? op.left->builtin : nullptr;
  if (builtin == nullptr) {
    function = evaluate(*op.left, input, frame);
    if (failed_) return {};
    if (function.is_nothing() && op.left->kind == Op::Kind::path && find_builtin(op.text) != nullptr) {
      return fail("T1005", {}, op.position, op.text);
    }
  }
  std::size_t count = op.list.size + (first != nullptr ? 1 : 0);
  std::array<Node, 4> few;
  // The arguments of a tail call outlive this frame.
  Node* arguments = count <= few.size() && !op.tail_call ? few.data() : arena_.array<Node>(count);
  std::size_t filled = 0;
  if (first != nullptr) arguments[filled++] = *first;
  for (const Op* argument : op.list) {
    arguments[filled++] = evaluate(*argument, input, frame);
    if (failed_) return {};
  }
  std::span<const Node> given(arguments, filled);
  Frame* outer = call_frame_;
  call_frame_ = frame;
  Node result;
  if (builtin != nullptr) {
    result = call_builtin(*builtin, given, op.tail_call ? apply_input_ : input);
  } else if (op.tail_call && first == nullptr && function.is_function() && closure_of(function).kind == Closure::Kind::lambda) {
    tail_ = {.function = function, .arguments = given, .op = &op};
    result = Node::function(&tail_);
  } else {
    result = apply(function, given, input);
  }
  call_frame_ = outer;
  if (failed_) note_call(op);
  return failed_ ? Node() : result;
}

const LookupTable* Evaluation::table(std::string_view name) const {
  return program_.library == nullptr ? nullptr : program_.library->table(name);
}

Node Evaluation::evaluate_lambda(const Op& op, const Node& input, Frame* frame) {
  return make_function({.kind = Closure::Kind::lambda, .op = &op, .frame = frame, .input = input});
}

Node Evaluation::evaluate_partial(const Op& op, const Node& input, Frame* frame) {
  Node* given = arena_.array<Node>(op.list.size);
  bool* open = arena_.array<bool>(op.list.size);
  for (std::size_t i = 0; i < op.list.size; ++i) {
    open[i] = op.list[i]->kind == Op::Kind::placeholder;
    given[i] = evaluate(*op.list[i], input, frame);
    if (failed_) return {};
  }
  Node function = evaluate(*op.left, input, frame);
  if (failed_) return {};
  if (function.is_nothing() && op.left->kind == Op::Kind::path && find_builtin(op.text) != nullptr) {
    return fail("T1007", {}, op.position, op.text);
  }
  if (!function.is_function()) return fail("T1008", {}, op.position, op.text);
  return make_function(
      {.kind = Closure::Kind::partial, .target = function, .given = {given, op.list.size}, .open = {open, op.list.size}});
}

Node Evaluation::evaluate_apply(const Op& op, const Node& input, Frame* frame) {
  Node left = evaluate(*op.left, input, frame);
  if (failed_) return {};
  if (op.right->kind == Op::Kind::call && op.right->predicates.empty() && op.right->group == nullptr) {
    return evaluate_call(*op.right, input, frame, &left);
  }
  if (op.right->kind == Op::Kind::call) {
    Node result = evaluate_call(*op.right, input, frame, &left);
    for (const Op::Stage& stage : op.right->predicates) {
      if (failed_) return {};
      result = evaluate_filter(*stage.filter, result, frame);
    }
    return failed_ ? Node() : normalize(*op.right, result);
  }
  Node function = evaluate(*op.right, input, frame);
  if (failed_) return {};
  if (!function.is_function()) return fail("T2006", {}, op.position, op.text);
  if (left.is_function()) return make_function({.kind = Closure::Kind::chain, .target = left, .then = function});
  Node result = apply(function, {&left, 1}, Node::null());
  if (failed_) note_call(op);
  return result;
}

Node Evaluation::apply(const Node& function, std::span<const Node> arguments, const Node& input) {
  const Node outer = std::exchange(apply_input_, input);
  Node result = call_once(function, arguments, input);
  while (!failed_ && is_tail_call(result)) {
    TailCall next = tail_;
    if (!spend(4)) break;
    result = call_once(next.function, next.arguments, input);
    if (failed_) note_call(*next.op);
  }
  apply_input_ = outer;
  return failed_ ? Node() : result;
}

Node Evaluation::apply_to(const Node& function, const Node& value, const Node& key, const Node& whole) {
  // $sift and $each may be called without one.
  if (!function.is_function()) return fail("T1006");
  const std::array<Node, 3> arguments = {value, key, whole};
  int arity = arity_of(function);
  std::size_t count = arity >= 3 ? 3 : arity == 2 ? 2 : 1;
  return apply(function, {arguments.data(), count}, Node::null());
}

Node Evaluation::call_once(const Node& function, std::span<const Node> arguments, const Node& input) {
  if (!function.is_function()) return fail("T1006");
  if (depth_ >= limits_.depth || !spend(1)) return fail("U1001", "recursion is too deep");
  const Closure& closure = closure_of(function);
  switch (closure.kind) {
    case Closure::Kind::lambda: return call_lambda(closure, arguments, input);
    case Closure::Kind::builtin: return call_builtin(*closure.builtin, arguments, input);
    case Closure::Kind::partial: return call_partial(closure, arguments, input);
    case Closure::Kind::regex:
      return arguments.empty() || !arguments[0].is_string() ? Node() : make_match(closure, arguments[0], 0, 0);
    case Closure::Kind::next_match:
      return make_match(*static_cast<const Closure*>(closure.regex), closure.input, closure.from, closure.from_points);
    case Closure::Kind::transform: return run_transform(closure, arguments);
    case Closure::Kind::chain: {
      // As function($x) { $then($target($x)) }.
      const Node given = arguments.empty() ? Node() : arguments[0];
      Node between = apply(closure.target, {&given, 1}, Node::null());
      if (failed_) return {};
      if (is_sequence(between) && !is_tuples(between) && (between.marks() & mark::keep_singleton) == 0 && between.size() < 2) {
        between = between.size() == 0 ? Node() : between.items()[0];
      }
      return apply(closure.then, {&between, 1}, input);
    }
  }
  return {};
}

Node Evaluation::call_builtin(const Builtin& builtin, std::span<const Node> arguments, const Node& input) {
  std::span<const Node> fitted;
  Signature::Mismatch mismatch;
  Node context = is_wrapper(input) ? input.items()[0] : input;
  if (!builtin.signature->fit(arguments, context, arena_, fitted, mismatch)) {
    std::string detail = "argument " + std::to_string(mismatch.argument) + " of $" + std::string(builtin.name);
    if (!mismatch.type.empty()) detail += " must be an array of " + std::string(mismatch.type);
    return fail(mismatch.code, detail);
  }
  Node result = builtin.run(*this, fitted, context);
  return failed_ ? Node() : result;
}

Node Evaluation::call_lambda(const Closure& closure, std::span<const Node> arguments, const Node& input) {
  const Op& op = *closure.op;
  if (op.signature != nullptr) {
    Signature::Mismatch mismatch;
    Node context = is_wrapper(input) ? input.items()[0] : input;
    if (!op.signature->fit(arguments, context, arena_, arguments, mismatch)) {
      std::string detail = "argument " + std::to_string(mismatch.argument);
      if (!mismatch.type.empty()) detail += " must be an array of " + std::string(mismatch.type);
      return fail(mismatch.code, detail);
    }
  }
  constexpr std::size_t few = 4;
  if (!op.keeps_frame && op.parameters.size <= few) {
    Frame frame{.parent = closure.frame};
    std::array<Binding, few> bindings;
    for (std::size_t i = 0; i < op.parameters.size; ++i) {
      bindings[i] = {op.parameters[i], i < arguments.size() ? arguments[i] : Node(), frame.bindings};
      frame.bindings = &bindings[i];
    }
    return evaluate(*op.left, closure.input, &frame);
  }
  auto* frame = new (arena_.allocate(sizeof(Frame), alignof(Frame))) Frame{.parent = closure.frame};
  auto* bindings = arena_.array<Binding>(op.parameters.size);
  for (std::size_t i = 0; i < op.parameters.size; ++i) {
    bindings[i] = {op.parameters[i], i < arguments.size() ? arguments[i] : Node(), frame->bindings};
    frame->bindings = &bindings[i];
  }
  return evaluate(*op.left, closure.input, frame);
}

Node Evaluation::call_partial(const Closure& closure, std::span<const Node> arguments, const Node&) {
  std::size_t next = 0;
  Node* complete = arena_.array<Node>(closure.given.size());
  for (std::size_t i = 0; i < closure.given.size(); ++i) {
    complete[i] = closure.given[i];
    if (closure.open[i]) complete[i] = next < arguments.size() ? arguments[next++] : Node();
  }
  return apply(closure.target, {complete, closure.given.size()}, Node());
}

Node Evaluation::evaluate_text(std::string_view text, const Node* focus) {
  if (names_ == nullptr) names_ = std::make_unique<VariableNames>(&base_names_);
  Frame* scope = call_frame_;
  CompileOptions options;
  options.unknown_functions_fail = false;
  options.copy_constants = false;
  options.optimise = false;  // evaluated once
  options.bound_outside = [this, scope](std::string_view name) {
    VariableId id = names_->find(name);
    return id != no_variable && find(id, scope) != nullptr;
  };
  constexpr std::size_t bytes_a_character = 512;  // of tree and program, for the densest text
  if (!spend(text.size()) || !room(text.size() * bytes_a_character)) return {};
  auto compiled = compile(text, arena_, *names_, options);
  if (!compiled) {
    if (compiled.error().code == "BW3001") return fail("U1001", "the text given to $eval is nested too deeply");
    return fail("D3120", std::string(meaning_of(compiled.error().code)) + " (" + compiled.error().code + ")");
  }
  programs_.push_back(std::make_unique<Program>(std::move(*compiled)));
  Node input = root_;
  if (focus != nullptr) {
    input = *focus;
    if (input.is_array() && !is_sequence(input)) {
      input = Node::array(make_array({&input, 1}).items()).with_marks(mark::sequence | mark::wrapper);
    }
  }
  Node result = evaluate(*programs_.back()->root, input, scope);
  if (is_wrapper(result)) result = result.items()[0];
  // A limit that was reached stays one; everything else is $eval's own error.
  if (failed_ && error_.code != "U1001") {
    error_.text = describe("D3121", {}, error_.code + ": " + error_.text);
    error_.code = "D3121";
    error_.position = -1;
    error_.token.clear();
  }
  return failed_ ? Node() : result;
}

}  // namespace busway::jsonata
