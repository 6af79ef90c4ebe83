#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "bus/expression.hpp"
#include "bus/lookup_table.hpp"
#include "transforms/jsonata/equality_index.hpp"
#include "transforms/jsonata/facts.hpp"
#include "transforms/jsonata/growth.hpp"
#include "transforms/jsonata/ir.hpp"
#include "transforms/jsonata/values.hpp"

namespace busway::jsonata {

template <class T>
class List;

// Bounds of one evaluation; reaching one is the error U1001. Memory is asked for before it is taken, and the work of a loop
// counted before it is done, so that none is exceeded by more than the arena's last chunk, 1 MiB at most, or 64 steps.
struct Limits {
  std::uint64_t steps = 200'000'000;
  std::size_t memory = 1024UL * 1024 * 1024;  // bytes the arena may grow by, with what texts take on their way into it
  std::size_t output = 1024UL * 1024 * 1024;  // bytes of the result as a document that shares nothing: each value and its text
  int depth = 20'000;                         // operations within operations, besides the thread's own stack
};

// Told what operations gave, as they are done. Values are good as long as the evaluation's arena.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void saw(const Op& op, const Node& value) = 0;
};

// One run of a program. All its state is here and in the arena; one thread, one use.
//
// No exceptions and no Results inside: an operation that fails notes the error once and gives nothing, and everyone checks
// failed() after what can fail.
class Evaluation {
 public:
  Evaluation(const Program& program, const VariableNames& names, Scope& scope, Arena& arena, const Limits& limits = {});
  Result<Node> run();
  // For a program without a plan, in which every operation is evaluated where it stands.
  void observe(Observer& observer) { observer_ = &observer; }

  // For the functions of the language.
  Arena& arena() { return arena_; }
  bool failed() const { return failed_; }
  Node fail(std::string_view code, std::string_view detail = {}, std::int64_t position = -1, std::string_view token = {});
  // Calls a function value; the context is `input`.
  Node apply(const Node& function, std::span<const Node> arguments, const Node& input);
  // ... with as many of value, key and whole as it takes.
  Node apply_to(const Node& function, const Node& value, const Node& key, const Node& whole);
  Node evaluate_text(std::string_view text, const Node* focus);  // $eval
  Node text_of(const Node& value, bool pretty = false);          // $string
  Node append(const Node& left, const Node& right);              // $append
  Node lookup(const Node& input, std::string_view key);          // $lookup
  Node make_function(const Closure& closure);
  Node make_string(std::string_view text) { return Node::string(arena_.copy(text)); }
  Node make_array(std::span<const Node> items);  // copies
  // The first match at or behind a place in the text as an object, nothing when there is none.
  Node make_match(const Closure& regex, const Node& text, std::size_t from, std::size_t from_points);
  // Null when the bundle has no such table.
  const LookupTable* table(std::string_view name) const;
  // Counts work; false, and the error noted, when a limit is reached. Everything that loops comes here every few operations, by
  // itself or through count(): the one place for what must happen every so often.
  bool spend(std::uint64_t steps);
  // Whether `bytes` more may be taken: false, and the error noted, when they may not.
  bool room(std::size_t bytes) {
    if (bytes <= small_change) return !failed_;
    return has_room(bytes);
  }
  // The time is up: the evaluation fails with the kind `deadline`. Always false.
  bool give_up();
  // Memory outside of the arena that comes and goes with the work.
  void hold(std::size_t more, std::size_t less) { held_ = held_ - less + more; }
  // How many values a walk through one (`Walk`, values.hpp) may look at; whoever walked says how many it were.
  Walk walk() const { return Walk{(limits_.steps - std::min(steps_, limits_.steps) + 1) * values_a_step}; }
  bool walked(const Walk& walk) {
    if (walk.late) return give_up();
    return walk.seen >= walk.most ? spend(walk.seen / values_a_step) : spend_for(walk.seen, values_a_step);
  }
  // For work of which a step does `a_step`; a little is free.
  bool spend_for(std::uint64_t work, std::uint64_t a_step) { return work < 16 * a_step || spend(work / a_step); }
  // One operation; the check of the limits is cheap enough for every 64th.
  bool count() { return (++steps_ & 63U) != 0 || spend(0); }
  std::int64_t now();  // milliseconds, the same throughout the evaluation
  // JSONata's idea of true. An infinite number is not used as a condition: error D1001.
  bool is_true(const Node& value, std::int64_t position = -1) {
    if (value.is_boolean()) return value.as_boolean();
    // Numbers from outside are finite as a rule: only after a computation that gave another is each item looked at.
    Walk through = value.is_array() ? walk() : Walk{};
    Truth truth = truth_of(value, non_finite_ >= 0, through);
    if (value.is_array() && !walked(through)) return false;
    if (truth == Truth::infinite) fail("D1001", {}, position);
    return truth == Truth::yes;
  }
  // False, and the error D1001 noted, when a number among the items is infinite: they are no indexes, and have no order.
  bool are_finite(std::span<const Node> items, std::int64_t position = -1) {
    return non_finite_ < 0 || refuse_infinite(items, position);
  }
  // A computation gave infinity or not-a-number; the result must not hold it.
  void note_non_finite(std::int64_t position = 0) {
    if (non_finite_ < 0) non_finite_ = position < 0 ? 0 : position;  // shared definitions have none
  }

 private:
  static constexpr std::size_t small_change = 4096;  // what is not worth asking for; spend() finds it
  static constexpr std::uint64_t values_a_step = 4;
  bool has_room(std::size_t bytes);

  Node evaluate(const Op& op, const Node& input, Frame* frame) {
    switch (op.quick) {
      case Op::Quick::none: break;
      case Op::Quick::value: return op.value;
      case Op::Quick::constant: return constants_[op.constant - 1];
      case Op::Quick::context: return settled(op, is_wrapper(input) ? input.items()[0] : input);
      case Op::Quick::name:
        if (input.is_object()) return settled(op, find_member(input, op.text, hints_[op.hint]));
        if (input.is_array()) break;
        return {};
      case Op::Quick::local: return settled(op, evaluate_local(op, frame));
      default: return evaluate_quick(op, op.quick, input, frame);
    }
    return evaluate_fully(op, input, frame);
  }
  Node settled(const Op& op, const Node& value) { return value.is_array() ? normalize(op, value) : value; }
  Node settled(const Op& op, const Node* value) { return value == nullptr ? Node() : settled(op, *value); }
  bool refuse_infinite(std::span<const Node> items, std::int64_t position);
  Node evaluate_fully(const Op& op, const Node& input, Frame* frame);

  // What the plan has prepared.
  Node evaluate_quick(const Op& op, Op::Quick quick, const Node& input, Frame* frame);
  void prepare_plan();
  Node quick_names(const Op& op, const Node& input, Frame* frame);
  Node quick_object(const Op& op, const Node& input, Frame* frame);
  Node quick_call(const Op& op, const Node& input, Frame* frame);
  Node evaluate_memo(const Op& op, const Node& input, Frame* frame);
  bool evaluate_lookup(const Op& predicate, std::span<const Node> items, Frame* frame, List<Node>& kept);
  const EqualityIndex* index_of(const Op::Lookup& lookup, std::span<const Node> items, VariableId focus, const Node& context,
                                Frame* frame);
  bool join_matching(const Op& step, const Tuple& from, std::span<const Node> values, Frame* frame, List<Node>& stream);
  Node evaluate_kind(const Op& op, const Node& input, Frame* frame);
  Node normalize(const Op& op, const Node& result);

  // Paths.
  Node evaluate_path(const Op& op, const Node& input, Frame* frame);
  Node walk_names(const Op& op, const Node& input);
  std::size_t walk_prefix(const Op& op, const Node& input, Frame* frame, Node& at);
  Node evaluate_step(const Op& step, std::span<const Node> input, Frame* frame, bool last);
  Node evaluate_tuple_step(const Op& step, std::span<const Node> input, bool first, Frame* frame);
  Node evaluate_stages(const Items<Op::Stage>& stages, Node input, Frame* frame);
  Node evaluate_filter(const Op& predicate, const Node& input, Frame* frame);
  bool count_positions(std::span<const Node> indexes, std::size_t size, List<std::uint32_t>& times);
  Node evaluate_sort(const Op& step, const Node& input, Frame* frame);
  Node evaluate_wildcard(const Node& input);
  Node evaluate_descendants(const Node& input);
  bool descend(const Node& input, List<Node>& found, int level);
  bool flatten(const Node& input, List<Node>& found, int level);
  Node evaluate_group(const Items<Op::Pair>& pairs, std::int64_t position, const Node& input, Frame* frame);
  Node evaluate_object(const Op& op, const Node& input, Frame* frame);
  Tuple* extend(const Tuple& from);
  void bind(Tuple& tuple, VariableId id, const Node& value);
  Frame* frame_of(const Tuple& tuple, Frame* parent);
  Node tuple_node(const Tuple* tuple) { return Node::function(tuple); }
  Tuple* reduce(std::span<const Node> tuples);

  // Operators.
  Node evaluate_arithmetic(const Op& op, const Node& input, Frame* frame);
  Node evaluate_comparison(const Op& op, const Node& input, Frame* frame);
  Node evaluate_equality(const Op& op, const Node& input, Frame* frame);
  Node evaluate_concatenation(const Op& op, const Node& input, Frame* frame);
  Node evaluate_logic(const Op& op, const Node& input, Frame* frame);
  Node evaluate_contained(const Op& op, const Node& input, Frame* frame);
  Node evaluate_range(const Op& op, const Node& input, Frame* frame);
  Node evaluate_negation(const Op& op, const Node& input, Frame* frame);
  Node evaluate_array(const Op& op, const Node& input, Frame* frame);
  Node evaluate_condition(const Op& op, const Node& input, Frame* frame);
  Node evaluate_block(const Op& op, const Node& input, Frame* frame);
  Node evaluate_bind(const Op& op, const Node& input, Frame* frame);

  // Variables.
  Node evaluate_local(const Op& op, Frame* frame);
  Node free_variable(const Op& op);
  const Binding* find(VariableId id, const Frame* frame) const;
  Node literal(const Op& op);

  // Functions.
  Node evaluate_call(const Op& op, const Node& input, Frame* frame, const Node* first);
  Node evaluate_partial(const Op& op, const Node& input, Frame* frame);
  Node evaluate_apply(const Op& op, const Node& input, Frame* frame);
  Node evaluate_lambda(const Op& op, const Node& input, Frame* frame);
  Node call_once(const Node& function, std::span<const Node> arguments, const Node& input);
  Node call_builtin(const Builtin& builtin, std::span<const Node> arguments, const Node& input);
  Node call_lambda(const Closure& closure, std::span<const Node> arguments, const Node& input);
  Node call_partial(const Closure& closure, std::span<const Node> arguments, const Node& input);
  Node run_transform(const Closure& closure, std::span<const Node> arguments);
  void note_call(const Op& op);
  bool is_tail_call(const Node& node) const { return node.is_function() && node.closure() == &tail_; }

  struct TailCall {
    Node function{};
    std::span<const Node> arguments{};
    const Op* op = nullptr;
  };
  struct FreeValue {
    VariableId id = no_variable;
    Node value{};
    FreeValue* next = nullptr;
  };

  // The last value of what does not change in a loop, and what it was computed from.
  struct MemoValue {
    bool known = false;
    Node value{};
    Node inputs[Facts::most_inputs]{};
  };

  const Program& program_;
  Scope& scope_;
  Arena& arena_;
  Growth growth_;
  Limits limits_;
  const VariableNames& base_names_;
  std::unique_ptr<VariableNames> names_{};            // made when $eval needs more
  std::vector<std::unique_ptr<Program>> programs_{};  // compiled by $eval
  Node* constants_ = nullptr;
  std::uint32_t* hints_ = nullptr;
  MemoValue* memos_ = nullptr;
  EqualityIndexes** lookups_ = nullptr;
  Node root_{};
  FreeValue* free_values_ = nullptr;
  TailCall tail_{};
  Node apply_input_{};  // the context of the innermost apply(): that of the tail calls in it
  Error error_{};
  bool failed_ = false;
  std::int64_t non_finite_ = -1;
  std::uint64_t steps_ = 0;
  std::size_t memory_before_;
  std::size_t held_ = 0;
  std::uintptr_t floor_;
  int depth_ = 0;
  Frame* call_frame_ = nullptr;  // where the function called now was called: the scope of $eval
  std::int64_t now_ = -1;
  Observer* observer_ = nullptr;
};

}  // namespace busway::jsonata
