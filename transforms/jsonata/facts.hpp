#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "transforms/jsonata/ir.hpp"

namespace busway::jsonata {

// What can be said about an operation's value before anything is evaluated. "Pure" is meant strictly: evaluated again with the
// same context and the same variables it gives the same value or the same error, and nothing else can tell how often it was
// evaluated. Not pure are: $random, $shuffle, $eval, a call of a function that is not known here, a binding, `%`, and paths that
// carry variables (`@$x`, `#$i`).
struct Facts {
  static constexpr std::size_t most_inputs = 4;

  bool pure = true;
  bool context = false;                             // the value depends on the context
  std::uint8_t count = 0;                           // of `variables`
  std::array<VariableId, most_inputs> variables{};  // that it depends on, bound outside of it
  std::uint32_t weight = 0;                         // about how many look-ups it costs; loops count more

  std::span<const VariableId> inputs() const { return {variables.data(), count}; }
  void add(VariableId id);
  void add(const Facts& part, bool same_context);
};

Facts facts_of(const Op& op);

// Calls `visit(child, loop)` for each operation directly below; `loop` says that it may be evaluated more than once for one
// evaluation of `op`, each time with another context or other variables.
template <class Visit>
void each_part(const Op& op, const Visit& visit) {
  bool path = op.kind == Op::Kind::path;
  if (op.left != nullptr) visit(*op.left, op.kind == Op::Kind::lambda || op.kind == Op::Kind::transform);
  if (op.right != nullptr) visit(*op.right, op.kind == Op::Kind::transform);
  if (op.third != nullptr) visit(*op.third, op.kind == Op::Kind::transform);
  for (std::size_t i = 0; i < op.list.size; ++i) visit(*op.list[i], path && (i > 0 || !op.absolute));
  for (const Op::Stage& stage : op.predicates) {
    if (stage.filter != nullptr) visit(*stage.filter, true);
  }
  for (const Op::Stage& stage : op.stages) {
    if (stage.filter != nullptr) visit(*stage.filter, true);
  }
  for (const Op::Pair& pair : op.pairs) {
    visit(*pair.key, true);
    visit(*pair.value, true);
  }
  for (const Op::Term& term : op.terms) visit(*term.expression, true);
  if (op.group != nullptr) {
    for (const Op::Pair& pair : op.group->pairs) {
      visit(*pair.key, true);
      visit(*pair.value, true);
    }
  }
}

}  // namespace busway::jsonata
