#include "transforms/jsonata/facts.hpp"

#include <algorithm>

#include "transforms/jsonata/builtins.hpp"
#include "transforms/jsonata/signature.hpp"
#include "transforms/jsonata/stack.hpp"

namespace busway::jsonata {

namespace {

constexpr std::uint32_t loop_weight = 8;

Facts impure() {
  Facts facts;
  facts.pure = false;
  return facts;
}

bool is_pure(const Builtin& builtin) {
  for (std::string_view name : {"random", "shuffle", "eval", "error", "assert", "uuid"}) {
    if (builtin.name == name) return false;
  }
  return true;
}

// A function as an argument: known when it is written out, or built in.
bool is_known_function(const Op& op) {
  return op.kind == Op::Kind::lambda || op.kind == Op::Kind::regex || (op.kind == Op::Kind::builtin && is_pure(*op.builtin));
}

bool gives_no_function(const Op& op) {
  switch (op.kind) {
    case Op::Kind::literal:
    case Op::Kind::add:
    case Op::Kind::subtract:
    case Op::Kind::multiply:
    case Op::Kind::divide:
    case Op::Kind::modulo:
    case Op::Kind::negate:
    case Op::Kind::concatenate: return op.predicates.empty();
    default: return false;
  }
}

bool takes_function(const Builtin& builtin) {
  return builtin.signature_text.find('f') != std::string_view::npos;
}

// `extra`: arguments that come from elsewhere (`~>`).
Facts call_facts(const Op& op, std::size_t extra) {
  if (op.left->kind != Op::Kind::builtin || !op.left->predicates.empty() || op.left->group != nullptr) return impure();
  const Builtin& builtin = *op.left->builtin;
  if (!is_pure(builtin)) return impure();
  Facts facts;
  facts.weight = 1;
  bool hands_function = takes_function(builtin);
  facts.context = builtin.signature->may_use_context(op.list.size + extra);
  if (facts.context && op.tail_call) return impure();  // its context is that of the function's caller
  for (const Op* argument : op.list) {
    if (argument->kind == Op::Kind::placeholder) return impure();
    bool function = is_known_function(*argument);
    if (function && !hands_function) return impure();
    // Where a function may go, a variable may hold any; the data it works on come first.
    bool data = argument == op.list[0] && extra == 0 && op.list.size >= 2;
    if (hands_function && !function && !data && !gives_no_function(*argument)) return impure();
    if (argument->kind == Op::Kind::lambda) {
      Facts body = facts_of(*argument->left);
      if (argument->signature != nullptr) return impure();
      for (VariableId parameter : argument->parameters) {
        auto* end = std::remove(body.variables.begin(), body.variables.begin() + body.count, parameter);
        body.count = static_cast<std::uint8_t>(end - body.variables.begin());
      }
      facts.add(body, true);
      facts.weight += loop_weight;
    } else if (!function) {
      facts.add(facts_of(*argument), true);
    }
  }
  return facts;
}

Facts path_facts(const Op& op) {
  Facts facts;
  for (std::size_t i = 0; i < op.list.size; ++i) {
    const Op& step = *op.list[i];
    if (step.tuple || step.focus != no_variable || step.index != no_variable || step.ancestor != nullptr) return impure();
    if (i == 0) {
      facts.add(facts_of(step), true);
      if (!op.absolute) facts.context = true;
    } else {
      facts.add(facts_of(step), false);
    }
    if (step.kind != Op::Kind::name && i > 0) facts.weight += loop_weight;
  }
  return facts;
}

Facts kind_facts(const Op& op) {
  Facts facts;
  switch (op.kind) {
    case Op::Kind::literal:
    case Op::Kind::root: return facts;
    case Op::Kind::context: facts.context = true; return facts;
    case Op::Kind::free: return facts;  // the same throughout the evaluation
    case Op::Kind::local: facts.add(op.variable); return facts;
    case Op::Kind::name:
    case Op::Kind::wildcard:
      facts.context = true;
      facts.weight = 1;
      return facts;
    case Op::Kind::descendant:
      facts.context = true;
      facts.weight = loop_weight;
      return facts;
    case Op::Kind::path: return path_facts(op);
    case Op::Kind::call: return call_facts(op, 0);
    case Op::Kind::apply:
      if (op.right->kind != Op::Kind::call || !op.right->predicates.empty() || op.right->group != nullptr) return impure();
      facts = facts_of(*op.left);
      facts.add(call_facts(*op.right, 1), true);
      return facts;
    case Op::Kind::builtin:
    case Op::Kind::parent:
    case Op::Kind::regex:
    case Op::Kind::placeholder:
    case Op::Kind::bind:
    case Op::Kind::partial:
    case Op::Kind::lambda:
    case Op::Kind::transform: return impure();
    case Op::Kind::block:
      if (op.binds) return impure();
      for (const Op* statement : op.list) facts.add(facts_of(*statement), true);
      return facts;
    case Op::Kind::sort:
      facts.weight = loop_weight;
      for (const Op::Term& term : op.terms) facts.add(facts_of(*term.expression), false);
      return facts;
    case Op::Kind::object:
      facts.context = true;  // an array as the context makes it a grouping
      facts.weight = 1;
      for (const Op::Pair& pair : op.pairs) {
        facts.add(facts_of(*pair.key), true);
        facts.add(facts_of(*pair.value), true);
      }
      return facts;
    default: break;
  }
  // Operators, conditions and arrays: what they are made of.
  facts.weight = op.kind == Op::Kind::range ? loop_weight : 0;
  for (const Op* part : {op.left, op.right, op.third}) {
    if (part != nullptr) facts.add(facts_of(*part), true);
  }
  for (const Op* element : op.list) facts.add(facts_of(*element), true);
  return facts;
}

}  // namespace

void Facts::add(VariableId id) {
  if (std::find(variables.begin(), variables.begin() + count, id) != variables.begin() + count) return;
  if (count == most_inputs) {
    pure = false;
  } else {
    variables[count++] = id;
  }
}

void Facts::add(const Facts& part, bool same_context) {
  pure = pure && part.pure;
  context = context || (same_context && part.context);
  weight += part.weight;
  for (VariableId id : part.inputs()) add(id);
}

Facts facts_of(const Op& op) {
  if (stack_is_short(stack_floor())) return impure();
  Facts facts = kind_facts(op);
  for (const Items<Op::Stage>* stages : {&op.predicates, &op.stages}) {
    for (const Op::Stage& stage : *stages) {
      if (stage.filter == nullptr) return impure();
      facts.add(facts_of(*stage.filter), false);
      facts.weight += loop_weight;
    }
  }
  if (op.group != nullptr) {
    facts.weight += loop_weight;
    for (const Op::Pair& pair : op.group->pairs) {
      facts.add(facts_of(*pair.key), false);
      facts.add(facts_of(*pair.value), false);
    }
  }
  return facts;
}

}  // namespace busway::jsonata
