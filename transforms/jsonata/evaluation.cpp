#include "transforms/jsonata/evaluation.hpp"

#include <chrono>
#include <cmath>
#include <cstring>
#include <new>

#include "bus/pause.hpp"
#include "bus/wall_clock.hpp"
#include "transforms/jsonata/builtins.hpp"
#include "transforms/jsonata/errors.hpp"
#include "transforms/jsonata/stack.hpp"

namespace busway::jsonata {

Evaluation::Evaluation(const Program& program, const VariableNames& names, Scope& scope, Arena& arena, const Limits& limits)
    : program_(program),
      scope_(scope),
      arena_(arena),
      growth_(arena),
      limits_(limits),
      base_names_(names),
      memory_before_(arena.reserved()),
      floor_(stack_floor()) {}

Result<Node> Evaluation::run() {
  prepare_plan();
  Node context;
  if (program_.reads_input) {
    auto input = scope_.input(arena_);
    if (!input) return input;
    root_ = *input;
    context = root_;
    if (root_.is_array()) {
      // An array as the whole input is one value, not a sequence of values.
      Node* single = arena_.array<Node>(1);
      single[0] = root_;
      context = Node::array({single, 1}).with_marks(mark::sequence | mark::wrapper);
    }
  }
  auto* frame = new (arena_.allocate(sizeof(Frame), alignof(Frame))) Frame{};
  Node result = evaluate(*program_.root, context, frame);
  constexpr std::uint64_t long_work = 4096;  // steps of 50 to 100 ns
  if (steps_ > long_work) scope_.took_long();
  if (!failed_ && is_wrapper(result)) result = result.items()[0];
  if (!failed_ && (result.is_array() || result.is_object())) {
    switch (measure(result, limits_.output)) {
      case Measure::fits: break;
      case Measure::too_deep: fail("U1001", "the result is nested too deeply"); break;
      case Measure::too_large: fail("U1001", "the result is too large"); break;
    }
  }
  if (!failed_ && non_finite_ >= 0 && holds_non_finite(result)) fail("D1001", {}, non_finite_);
  if (failed_) return std::unexpected(std::move(error_));
  return result;
}

[[gnu::noinline]] Node Evaluation::fail(std::string_view code, std::string_view detail, std::int64_t position,
                                        std::string_view token) {
  if (!failed_) {
    error_ = Error{.kind = ErrorKind::mapping,
                   .text = describe(code, {}, detail),
                   .code = std::string(code),
                   .position = position,
                   .token = std::string(token)};
    failed_ = true;
  }
  return {};
}

bool Evaluation::spend(std::uint64_t steps) {
  steps_ += steps;
  if (steps_ > limits_.steps) {
    fail("U1001", "too many steps");
    return false;
  }
  if (arena_.reserved() - memory_before_ + held_ > limits_.memory) {
    fail("U1001", "too much memory");
    return false;
  }
  return pause_if_due(32) || give_up();
}

bool Evaluation::give_up() {
  if (!failed_) error_ = Error{.kind = ErrorKind::deadline, .text = "the time was up before the expression had its result"};
  failed_ = true;
  return false;
}

bool Evaluation::has_room(std::size_t bytes) {
  std::size_t taken = arena_.reserved() - memory_before_ + held_;
  if (!failed_ && (taken > limits_.memory || bytes > limits_.memory - taken)) fail("U1001", "too much memory");
  return !failed_;
}

bool Evaluation::refuse_infinite(std::span<const Node> items, std::int64_t position) {
  for (const Node& item : items) {
    pause_if_due();
    if (!item.is_number() || !std::isinf(item.as_double())) continue;
    fail("D1001", {}, position);
    return false;
  }
  return true;
}

std::int64_t Evaluation::now() {
  if (now_ < 0) {
    now_ = std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch()).count();
  }
  return now_;
}

Node Evaluation::make_array(std::span<const Node> items) {
  if (!room(items.size_bytes())) return {};
  Node* copied = arena_.array<Node>(items.size());
  std::size_t count = 0;
  PauseByBytes pause;
  for (const Node& item : items) {
    pause.at(count);
    copied[count++] = item;
  }
  return Node::array({copied, count});
}

Node Evaluation::make_function(const Closure& closure) {
  return Node::function(new (arena_.allocate(sizeof(Closure), alignof(Closure))) Closure(closure));
}

Node Evaluation::evaluate_fully(const Op& op, const Node& input, Frame* frame) {
  if (failed_) return {};
  if (depth_ >= limits_.depth || stack_is_short(floor_)) return fail("U1001", "recursion is too deep", op.position, op.text);
  if (!count()) return {};
  ++depth_;
  Node result = evaluate_kind(op, input, frame);
  for (std::size_t i = 0; i < op.predicates.size && !failed_; ++i)
    result = evaluate_filter(*op.predicates[i].filter, result, frame);
  if (op.group != nullptr && op.kind != Op::Kind::path && !failed_) {
    result = evaluate_group(op.group->pairs, op.group->position, result, frame);
  }
  --depth_;
  if (failed_) return {};
  if (result.is_array()) result = normalize(op, result);
  if (observer_ != nullptr && !is_tail_call(result)) [[unlikely]]
    observer_->saw(op, result);
  return result;
}

Node Evaluation::normalize(const Op& op, const Node& result) {
  if (!is_sequence(result) || is_tuples(result) || op.tail) return result;
  Node kept = op.keep_array ? with_mark(result, mark::keep_singleton) : result;
  if (kept.size() == 0) return {};
  if (kept.size() == 1 && (kept.marks() & mark::keep_singleton) == 0 && !is_wrapper(kept)) return kept.items()[0];
  return kept;
}

Node Evaluation::evaluate_kind(const Op& op, const Node& input, Frame* frame) {
  switch (op.kind) {
    case Op::Kind::path: return op.plain ? walk_names(op, input) : evaluate_path(op, input, frame);
    case Op::Kind::literal: return op.constant == 0 ? op.value : literal(op);
    case Op::Kind::context: return is_wrapper(input) ? input.items()[0] : input;
    case Op::Kind::root: return root_;
    case Op::Kind::local: return evaluate_local(op, frame);
    case Op::Kind::free: return free_variable(op);
    case Op::Kind::builtin: return Node::function(op.builtin->closure);
    case Op::Kind::name: return lookup(input, op.text);
    case Op::Kind::wildcard: return evaluate_wildcard(input);
    case Op::Kind::descendant: return evaluate_descendants(input);
    case Op::Kind::parent: {
      const Binding* found = find(op.slot->variable, frame);
      return found == nullptr ? Node() : found->value;
    }
    case Op::Kind::regex: return make_function({.kind = Closure::Kind::regex, .op = &op});
    case Op::Kind::placeholder: return {};
    case Op::Kind::negate: return evaluate_negation(op, input, frame);
    case Op::Kind::add:
    case Op::Kind::subtract:
    case Op::Kind::multiply:
    case Op::Kind::divide:
    case Op::Kind::modulo: return evaluate_arithmetic(op, input, frame);
    case Op::Kind::equal:
    case Op::Kind::not_equal: return evaluate_equality(op, input, frame);
    case Op::Kind::less:
    case Op::Kind::less_equal:
    case Op::Kind::greater:
    case Op::Kind::greater_equal: return evaluate_comparison(op, input, frame);
    case Op::Kind::concatenate: return evaluate_concatenation(op, input, frame);
    case Op::Kind::both:
    case Op::Kind::either: return evaluate_logic(op, input, frame);
    case Op::Kind::contained: return evaluate_contained(op, input, frame);
    case Op::Kind::range: return evaluate_range(op, input, frame);
    case Op::Kind::array: return evaluate_array(op, input, frame);
    case Op::Kind::object: return evaluate_object(op, input, frame);
    case Op::Kind::condition:
    case Op::Kind::coalesce:
    case Op::Kind::elvis: return evaluate_condition(op, input, frame);
    case Op::Kind::block: return evaluate_block(op, input, frame);
    case Op::Kind::bind: return evaluate_bind(op, input, frame);
    case Op::Kind::call: return evaluate_call(op, input, frame, nullptr);
    case Op::Kind::partial: return evaluate_partial(op, input, frame);
    case Op::Kind::lambda: return evaluate_lambda(op, input, frame);
    case Op::Kind::apply: return evaluate_apply(op, input, frame);
    case Op::Kind::transform: return make_function({.kind = Closure::Kind::transform, .op = &op, .frame = frame});
    case Op::Kind::sort: break;  // only ever a step
  }
  return {};
}

Node Evaluation::literal(const Op& op) {
  Node& copied = constants_[op.constant - 1];
  if (copied.is_nothing()) {
    std::string_view text = arena_.copy(op.value.text());
    copied = op.value.is_string() ? Node::string(text) : Node::number_text(text);
  }
  return copied;
}

const Binding* Evaluation::find(VariableId id, const Frame* frame) const {
  for (; frame != nullptr; frame = frame->parent) {
    for (const Binding* binding = frame->bindings; binding != nullptr; binding = binding->next) {
      if (binding->id == id) return binding;
    }
  }
  return nullptr;
}

Node Evaluation::evaluate_local(const Op& op, Frame* frame) {
  if (const Binding* found = find(op.variable, frame)) return found->value;
  // Not bound yet where it is read: what lies outside has the name.
  if (op.builtin != nullptr) return Node::function(op.builtin->closure);
  return free_variable(op);
}

Node Evaluation::free_variable(const Op& op) {
  for (const FreeValue* known = free_values_; known != nullptr; known = known->next) {
    if (known->id == op.variable) return known->value;
  }
  auto value = scope_.variable(op.text, arena_);
  if (!value) {
    if (!failed_) error_ = value.error();
    failed_ = true;
    return {};
  }
  free_values_ = new (arena_.allocate(sizeof(FreeValue), alignof(FreeValue))) FreeValue{op.variable, *value, free_values_};
  return *value;
}

Node Evaluation::evaluate_condition(const Op& op, const Node& input, Frame* frame) {
  Node value = evaluate(*op.left, input, frame);
  if (failed_) return {};
  if (op.kind == Op::Kind::condition) {
    if (is_true(value, op.position)) return evaluate(*op.right, input, frame);
    return op.third == nullptr || failed_ ? Node() : evaluate(*op.third, input, frame);
  }
  bool keep = op.kind == Op::Kind::coalesce ? !value.is_nothing() : is_true(value, op.position);
  return keep || failed_ ? value : evaluate(*op.third, input, frame);
}

Node Evaluation::evaluate_block(const Op& op, const Node& input, Frame* frame) {
  Frame* scope = frame;
  if (op.binds) scope = new (arena_.allocate(sizeof(Frame), alignof(Frame))) Frame{.parent = frame};
  Node result;
  for (const Op* statement : op.list) {
    result = evaluate(*statement, input, scope);
    if (failed_) return {};
  }
  return result;
}

Node Evaluation::evaluate_bind(const Op& op, const Node& input, Frame* frame) {
  Node value = evaluate(*op.right, input, frame);
  if (failed_) return {};
  if (!frame->shared) {
    for (Binding* binding = frame->bindings; binding != nullptr; binding = binding->next) {
      if (binding->id == op.variable) {
        binding->value = value;
        return value;
      }
    }
  }
  frame->bindings = new (arena_.allocate(sizeof(Binding), alignof(Binding))) Binding{op.variable, value, frame->bindings};
  return value;
}

}  // namespace busway::jsonata
