#include "transforms/jsonata/plan.hpp"

#include <algorithm>
#include <new>

#include "transforms/jsonata/builtins.hpp"
#include "transforms/jsonata/signature.hpp"
#include "transforms/jsonata/stack.hpp"
#include "transforms/jsonata/values.hpp"

namespace busway::jsonata {

namespace {

// Texts of constants beyond this are copied one by one, when they are needed.
constexpr std::size_t most_constant_text = 4096;

bool is_bare(const Op& op) {
  return op.predicates.empty() && op.group == nullptr;
}

bool is_plain_name(const Op& step) {
  return step.kind == Op::Kind::name && !step.keep_array && !step.tuple && step.stages.empty() && is_bare(step) &&
         step.focus == no_variable && step.index == no_variable && step.ancestor == nullptr;
}

void collect_changing(const Op& op, std::vector<VariableId>& found) {
  if (stack_is_short(stack_floor())) return;
  if (op.kind == Op::Kind::bind) found.push_back(op.variable);
  for (VariableId parameter : op.parameters) found.push_back(parameter);
  for (VariableId id : {op.focus, op.index, op.ancestor == nullptr ? no_variable : op.ancestor->variable}) {
    if (id != no_variable) found.push_back(id);
  }
  for (const Op::Stage& stage : op.stages) {
    if (stage.index != no_variable) found.push_back(stage.index);
  }
  each_part(op, [&found](const Op& part, bool) { collect_changing(part, found); });
}

// True when a function's variables cannot be seen once it has returned.
bool drops_frame(const Op& op) {
  if (stack_is_short(stack_floor())) return false;
  if (op.kind == Op::Kind::lambda || op.kind == Op::Kind::transform || op.kind == Op::Kind::partial) return false;
  if (op.kind == Op::Kind::builtin && op.builtin->name == "eval") return false;
  bool drops = true;
  each_part(op, [&drops](const Op& part, bool) { drops = drops && drops_frame(part); });
  return drops;
}

}  // namespace

void Planner::run() {
  floor_ = stack_floor();
  look_for_change(*program_.root);
  walk(*program_.root, {});
}

void Planner::look_for_change(const Op& op) {
  if (stack_is_short(floor_)) {
    values_change_ = true;
    return;
  }
  if (op.kind == Op::Kind::transform) values_change_ = true;
  if (op.kind == Op::Kind::builtin && op.builtin->name == "eval") values_change_ = true;
  if (op.kind == Op::Kind::contained) program_.compares_identity = true;
  each_part(op, [this](const Op& part, bool) { look_for_change(part); });
}

void Planner::walk(Op& op, const Place& place) {
  if (stack_is_short(floor_)) return;
  Place within = place;
  bool keep = !place.covered && place.loop && keep_in_loop(op, place);
  if (keep) within.covered = true;
  each_part(op, [&](const Op& part, bool loop) { enter(const_cast<Op&>(part), op, within, loop); });
  choose_quick(op, place.fixed);
  if (keep) {
    op.memo->inner = op.quick;
    op.quick = Op::Quick::memo;
  }
}

void Planner::enter(Op& child, const Op& parent, const Place& place, bool loop) {
  if (!loop) return walk(child, place);
  std::vector<VariableId> changing;
  // The steps of a path see what the steps before them bind.
  if (parent.tuple || parent.kind == Op::Kind::path) {
    collect_changing(parent, changing);
    if (place.changing != nullptr && parent.tuple)
      changing.insert(changing.end(), place.changing->begin(), place.changing->end());
  } else {
    collect_changing(child, changing);
    if (parent.kind == Op::Kind::lambda) changing.insert(changing.end(), parent.parameters.begin(), parent.parameters.end());
  }
  bool predicate =
      std::any_of(parent.predicates.begin(), parent.predicates.end(), [&](const auto& one) { return one.filter == &child; }) ||
      std::any_of(parent.stages.begin(), parent.stages.end(), [&](const auto& one) { return one.filter == &child; });
  walk(child, {.loop = true, .fixed = predicate || parent.kind == Op::Kind::path, .changing = &changing});
  if (predicate && !values_change_) choose_lookup(child);
  if (parent.kind == Op::Kind::path && !values_change_) choose_join(child);
}

bool Planner::keep_in_loop(Op& op, const Place& place) {
  if (values_change_ || op.tuple) return false;
  switch (op.kind) {
    case Op::Kind::path:
    case Op::Kind::call:
    case Op::Kind::apply:
    case Op::Kind::local:
    case Op::Kind::root:
    case Op::Kind::concatenate:
    case Op::Kind::range:
    case Op::Kind::add:
    case Op::Kind::subtract:
    case Op::Kind::multiply:
    case Op::Kind::divide:
    case Op::Kind::modulo:
    case Op::Kind::condition:
    case Op::Kind::array: break;
    default: return false;
  }
  Facts facts = facts_of(op);
  if (!facts.pure || facts.context || facts.weight < 2) return false;
  for (VariableId id : facts.inputs()) {
    if (std::find(place.changing->begin(), place.changing->end(), id) != place.changing->end()) return false;
  }
  auto* memo = new (arena_.allocate(sizeof(Op::Memo), alignof(Op::Memo))) Op::Memo{};
  memo->number = program_.memos++;
  for (VariableId id : facts.inputs()) memo->inputs.push(id, arena_);
  op.memo = memo;
  return true;
}

void Planner::choose_lookup(Op& filter) {
  Op* equality = &filter;
  while (equality->kind == Op::Kind::both && is_bare(*equality)) equality = equality->left;
  if (equality->kind != Op::Kind::equal || !is_bare(*equality)) return;
  Facts left = facts_of(*equality->left);
  Facts right = facts_of(*equality->right);
  auto is_key = [](const Facts& facts) { return facts.pure && facts.context && facts.count == 0; };
  auto is_probe = [](const Facts& facts) { return facts.pure && !facts.context && facts.count > 0; };
  bool forward = is_key(left) && is_probe(right);
  if (!forward && !(is_probe(left) && is_key(right))) return;
  auto* lookup = new (arena_.allocate(sizeof(Op::Lookup), alignof(Op::Lookup))) Op::Lookup{};
  lookup->number = program_.lookups++;
  lookup->key = forward ? equality->left : equality->right;
  lookup->probe = forward ? equality->right : equality->left;
  lookup->whole = equality == &filter;
  filter.lookup = lookup;
}

// `@$x[$x.a = ..]` behind other steps. Both sides must be mere walks, which cannot fail: all pairs were made before any was
// compared.
void Planner::choose_join(Op& step) {
  if (step.focus == no_variable || step.stages.empty() || step.stages[0].filter == nullptr) return;
  const Op* equality = step.stages[0].filter;
  while (equality->kind == Op::Kind::both && is_bare(*equality)) equality = equality->left;
  if (equality->kind != Op::Kind::equal || !is_bare(*equality)) return;
  auto is_walk = [](const Op& op) { return op.quick == Op::Quick::names || op.quick == Op::Quick::name; };
  if (!is_walk(*equality->left) || !is_walk(*equality->right)) return;
  Facts left = facts_of(*equality->left);
  Facts right = facts_of(*equality->right);
  auto is_key = [&step](const Facts& facts) { return !facts.context && facts.count == 1 && facts.variables[0] == step.focus; };
  auto is_probe = [&step](const Facts& facts) {
    for (VariableId id : facts.inputs()) {
      if (id == step.focus || id == step.index) return false;
    }
    return true;
  };
  bool forward = is_key(left) && is_probe(right);
  if (!left.pure || !right.pure || (!forward && !(is_key(right) && is_probe(left)))) return;
  auto* lookup = new (arena_.allocate(sizeof(Op::Lookup), alignof(Op::Lookup))) Op::Lookup{};
  lookup->number = program_.lookups++;
  lookup->key = forward ? equality->left : equality->right;
  lookup->probe = forward ? equality->right : equality->left;
  step.lookup = lookup;
}

void Planner::choose_quick(Op& op, bool fixed) {
  if (op.kind == Op::Kind::lambda) op.keeps_frame = !drops_frame(*op.left);
  if (op.kind == Op::Kind::path) choose_path(op);
  if (op.kind == Op::Kind::name) op.hint = ++program_.hints;
  if (!is_bare(op)) return;
  if (!fixed) fold(op);
  switch (op.kind) {
    case Op::Kind::literal: number_constant(op); break;
    case Op::Kind::context: op.quick = Op::Quick::context; break;
    case Op::Kind::local: op.quick = Op::Quick::local; break;
    case Op::Kind::name:
      if (is_plain_name(op)) op.quick = Op::Quick::name;
      break;
    case Op::Kind::object: choose_object(op); break;
    case Op::Kind::call:
      if (op.left->kind == Op::Kind::builtin && is_bare(*op.left) && op.list.size <= Signature::most_plain &&
          op.left->builtin->signature->is_plain()) {
        op.quick = Op::Quick::call;
      }
      break;
    case Op::Kind::add:
    case Op::Kind::subtract:
    case Op::Kind::multiply:
    case Op::Kind::divide:
    case Op::Kind::modulo:
    case Op::Kind::equal:
    case Op::Kind::not_equal:
    case Op::Kind::less:
    case Op::Kind::less_equal:
    case Op::Kind::greater:
    case Op::Kind::greater_equal:
    case Op::Kind::concatenate:
    case Op::Kind::both:
    case Op::Kind::either:
    case Op::Kind::contained:
    case Op::Kind::condition:
    case Op::Kind::block: op.quick = Op::Quick::bare; break;
    default: break;
  }
}

void Planner::choose_path(Op& op) {
  if (op.tuple) return;
  const Op& first = *op.list[0];
  bool starts = (first.kind == Op::Kind::root || first.kind == Op::Kind::local || first.kind == Op::Kind::context) &&
                is_bare(first) && !first.keep_array && first.stages.empty() && !first.tuple && first.focus == no_variable &&
                first.index == no_variable;
  if (!starts && !is_plain_name(first)) return;
  std::uint32_t names = 1;
  while (names < op.list.size && is_plain_name(*op.list[names])) ++names;
  op.prefix = std::min<std::uint32_t>(names, static_cast<std::uint32_t>(op.list.size - 1));
  if (names < op.list.size || !is_bare(op) || op.keep_array || op.keep_singleton) return;
  if (op.list.size > 1 || starts) {
    op.quick = Op::Quick::names;
  } else if (op.text == first.text) {
    op.quick = Op::Quick::name;
    op.hint = first.hint;
  }
}

void Planner::choose_object(Op& op) {
  Arena scratch(1024);
  KeyIndex known(scratch);
  for (std::size_t i = 0; i < op.pairs.size; ++i) {
    const Op& key = *op.pairs[i].key;
    if (key.kind != Op::Kind::literal || !key.value.is_string() || key.quick == Op::Quick::none) return;
    if (known.find(key.value.text()) != KeyIndex::none) return;
    known.add(key.value.text());
  }
  op.quick = Op::Quick::object;
}

void Planner::number_constant(Op& op) {
  if (op.constant == 0) {
    op.quick = Op::Quick::value;
    return;
  }
  if (program_.constant_text.size() + op.value.size() > most_constant_text) return;
  program_.copied.push_back({.number = op.constant,
                             .offset = static_cast<std::uint32_t>(program_.constant_text.size()),
                             .size = op.value.size(),
                             .string = op.value.is_string()});
  program_.constant_text += op.value.text();
  op.quick = Op::Quick::constant;
}

}  // namespace busway::jsonata
