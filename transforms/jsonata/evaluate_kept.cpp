#include <new>

#include "transforms/jsonata/evaluation.hpp"

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

// The items that a predicate keeps, if an index answers it. False when each item must be looked at.
bool Evaluation::evaluate_lookup(const Op& predicate, std::span<const Node> items, Frame* frame, Collector<Node>& kept) {
  const Op::Lookup& lookup = *predicate.lookup;
  EqualityIndexes*& indexes = lookups_[lookup.number];
  if (indexes == nullptr) indexes = new (arena_.allocate(sizeof(EqualityIndexes), alignof(EqualityIndexes))) EqualityIndexes;
  EqualityIndexes::Entry* entry = indexes->entry_of(items, arena_);
  if (entry == nullptr) return false;
  if (!entry->seen) {
    entry->seen = true;
    return false;
  }
  if (entry->index == nullptr) {
    // Each key has been computed before without an error, when the array was seen first.
    if (!spend(items.size())) return true;
    Node* keys = arena_.array<Node>(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      keys[i] = evaluate(*lookup.key, items.data()[i], frame);
      if (failed_ || !count()) return true;
    }
    entry->index = new (arena_.allocate(sizeof(EqualityIndex), alignof(EqualityIndex))) EqualityIndex({keys, items.size()}, arena_);
  }
  Node probe = evaluate(*lookup.probe, items.front(), frame);
  if (failed_ || probe.is_nothing()) return true;
  for (std::uint32_t at = entry->index->first(probe); at != EqualityIndex::none; at = entry->index->next(at, probe)) {
    const Node& item = items.data()[at];
    if (!count()) return true;
    if (!lookup.whole && !is_true(evaluate(predicate, item, frame))) {
      if (failed_) return true;
      continue;
    }
    kept.push(item);
  }
  return true;
}

}  // namespace busway::jsonata
