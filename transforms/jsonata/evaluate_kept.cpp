#include <new>

#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/list.hpp"

namespace busway::jsonata {

// A value that is the same as long as its inputs are the same nodes: values never change, so equal pointers are equal values.
Node Evaluation::evaluate_memo(const Op& op, const Node& input, Frame* frame) {
  const Op::Memo& memo = *op.memo;
  if (!count()) return {};
  MemoValue& kept = memos_[memo.number];
  Node inputs[Facts::most_inputs];
  bool unchanged = kept.known;
  for (std::size_t i = 0; i < memo.inputs.size; ++i) {
    const Binding* found = find(memo.inputs[i], frame);
    // Not bound yet: what lies outside has the name, and may be bound next time.
    if (found == nullptr) return evaluate_quick(op, memo.inner, input, frame);
    inputs[i] = found->value;
    unchanged = unchanged && is_identical(inputs[i], kept.inputs[i]);
  }
  if (unchanged) return kept.value;
  Node value = evaluate_quick(op, memo.inner, input, frame);
  if (failed_) return {};
  // Where `in` compares, each evaluation must give an array or object of its own.
  if (program_.compares_identity && (value.is_array() || value.is_object())) return value;
  kept.known = true;
  kept.value = value;
  for (std::size_t i = 0; i < memo.inputs.size; ++i) kept.inputs[i] = inputs[i];
  return value;
}

// The index of an array, from its second use on; null before, and after a failure. With a focus the key is that of the variable,
// otherwise of the context.
const EqualityIndex* Evaluation::index_of(const Op::Lookup& lookup, std::span<const Node> items, VariableId focus,
                                          const Node& context, Frame* frame) {
  EqualityIndexes*& indexes = lookups_[lookup.number];
  if (indexes == nullptr) indexes = new (arena_.allocate(sizeof(EqualityIndexes), alignof(EqualityIndexes))) EqualityIndexes;
  EqualityIndexes::Entry* entry = indexes->entry_of(items, arena_);
  if (entry == nullptr) return nullptr;
  if (!entry->seen) {
    entry->seen = true;
    return nullptr;
  }
  if (entry->index != nullptr) return entry->index;
  constexpr std::size_t bytes_an_item = sizeof(Node) + 36;  // as equality_index.hpp has it
  if (!spend(items.size()) || !room(items.size() * bytes_an_item)) return nullptr;
  Node* keys = arena_.array<Node>(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Node& item = items.data()[i];
    Binding binding{.id = focus, .value = item};
    Frame scope{.parent = frame, .bindings = &binding, .shared = true};
    keys[i] = focus == no_variable ? evaluate(*lookup.key, item, frame) : evaluate(*lookup.key, context, &scope);
    if (failed_ || !count()) return nullptr;
  }
  entry->index = new (arena_.allocate(sizeof(EqualityIndex), alignof(EqualityIndex))) EqualityIndex({keys, items.size()}, arena_);
  return entry->index;
}

// The items that a predicate keeps, if an index answers it. False when each item must be looked at. Each key has been computed
// before without an error, when the array was seen first.
bool Evaluation::evaluate_lookup(const Op& predicate, std::span<const Node> items, Frame* frame, List<Node>& kept) {
  const Op::Lookup& lookup = *predicate.lookup;
  const EqualityIndex* index = index_of(lookup, items, no_variable, Node(), frame);
  if (index == nullptr) return failed_;
  Node probe = evaluate(*lookup.probe, items.front(), frame);
  if (failed_ || probe.is_nothing()) return true;
  for (std::uint32_t at = index->first(probe); at != EqualityIndex::none; at = index->next(at, probe)) {
    const Node& item = items.data()[at];
    if (!count()) return true;
    if (!lookup.whole && !is_true(evaluate(predicate, item, frame), predicate.position)) {
      if (failed_) return true;
      continue;
    }
    kept.push(item);
  }
  return true;
}

// The tuples of a step `@$x[..]` that its equality can keep; the predicate itself still judges them. False when all must be made.
bool Evaluation::join_matching(const Op& step, const Tuple& from, std::span<const Node> values, Frame* frame,
                               List<Node>& stream) {
  const Op::Lookup& lookup = *step.lookup;
  const EqualityIndex* index = index_of(lookup, values, step.focus, from.value, frame);
  if (index == nullptr) return failed_;
  Node probe = evaluate(*lookup.probe, from.value, frame);
  if (failed_ || probe.is_nothing()) return true;
  for (std::uint32_t at = index->first(probe); at != EqualityIndex::none; at = index->next(at, probe)) {
    if (!count()) return true;
    Tuple* tuple = extend(from);
    bind(*tuple, step.focus, values.data()[at]);
    if (step.index != no_variable) bind(*tuple, step.index, Node::number(at));
    if (step.ancestor != nullptr) bind(*tuple, step.ancestor->variable, from.value);
    stream.push(tuple_node(tuple));
  }
  return true;
}

}  // namespace busway::jsonata
