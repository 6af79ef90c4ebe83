#include <algorithm>
#include <new>

#include "transforms/jsonata/compile.hpp"

namespace busway::jsonata {

namespace {

bool is_plain_step(const Op& step) {
  return step.kind == Op::Kind::name && !step.keep_array && !step.tuple && step.stages.empty() && step.predicates.empty() &&
         step.group == nullptr && step.focus == no_variable && step.index == no_variable;
}

}  // namespace

void Compiler::finish_path(Op& path) {
  bool plain = path.group == nullptr && path.predicates.empty();
  for (Op* step : path.list) plain = plain && is_plain_step(*step);
  Op::Kind first = path.list[0]->kind;
  path.absolute = first == Op::Kind::context || first == Op::Kind::root || first == Op::Kind::local || first == Op::Kind::free ||
                  first == Op::Kind::builtin;
  path.plain = plain && !path.keep_singleton;
}

Op* Compiler::compile_dot(const Ast& ast, bool outer) {
  Op* left = compile(*ast.left, outer);
  if (failed_) return nullptr;
  Op* path = left->kind == Op::Kind::path ? left : path_of(left, ast);
  if (left->kind == Op::Kind::parent) seeking_[path].push_back(left->slot);
  // A first step that is no variable is evaluated for each item of an array input.
  if (path != left && outer && left->kind != Op::Kind::context && left->kind != Op::Kind::root && left->kind != Op::Kind::local &&
      left->kind != Op::Kind::free && left->kind != Op::Kind::builtin) {
    program_.reads_input = true;
  }
  Op* rest = compile(*ast.right, false);
  if (failed_) return nullptr;
  if (rest->kind == Op::Kind::path) {
    for (Op* step : rest->list) path->list.push(step, arena_);
    if (rest->group != nullptr) path->group = rest->group;
    if (rest->tuple) path->tuple = true;
  } else {
    rest->stages = rest->predicates;
    rest->predicates = {};
    path->list.push(rest, arena_);
  }
  for (Op* step : path->list) {
    if (step->kind != Op::Kind::literal) continue;
    if (!step->value.is_string()) return fail("S0213", step->position, step->text);
    step->kind = Op::Kind::name;
  }
  if (path->list[0]->kind == Op::Kind::array) path->list[0]->constructor = true;
  if (path->list.back()->kind == Op::Kind::array) path->list.back()->constructor = true;
  resolve_ancestry(*path);
  if (failed_) return nullptr;
  // Not so a path that only `^`, `#` or `@` make of one step: (a)[]^(b) gives up its list of one.
  for (Op* step : path->list) path->keep_singleton = path->keep_singleton || step->keep_array;
  finish_path(*path);
  return path;
}

Op* Compiler::compile_filter(const Ast& ast, bool outer) {
  Op* result = compile(*ast.left, outer);
  if (failed_) return nullptr;
  bool is_path = result->kind == Op::Kind::path;
  Op* step = is_path ? result->list.back() : result;
  if (step->group != nullptr) return fail("S0209", ast.position);
  Op* predicate = compile(*ast.right, false);
  if (failed_) return nullptr;
  if (predicate->kind == Op::Kind::parent) {
    // `[%...]` without a step of its own: the predicate is evaluated in the step's own context.
    seeking_[predicate].push_back(predicate->slot);
  }
  if (auto found = seeking_.find(predicate); found != seeking_.end()) {
    for (ParentSlot* slot : found->second) {
      if (slot->level == 1) {
        if (!seek_parent(*step, *slot)) return nullptr;
      } else {
        --slot->level;
      }
    }
    std::vector<ParentSlot*> slots = found->second;
    auto& into = seeking_[step];
    into.insert(into.end(), slots.begin(), slots.end());
  }
  Op::Stage stage{.filter = predicate, .index = no_variable};
  (is_path ? step->stages : step->predicates).push(stage, arena_);
  if (is_path) finish_path(*result);
  return result;
}

Op* Compiler::compile_group(const Ast& ast, bool outer) {
  Op* result = compile(*ast.left, outer);
  if (failed_) return nullptr;
  if (result->group != nullptr) return fail("S0210", ast.position);
  auto* group = new (arena_.allocate(sizeof(Op::Group), alignof(Op::Group))) Op::Group{};
  group->position = ast.position;
  for (const Ast::Pair& pair : ast.pairs) {
    Op* key = compile(*pair.key, false);
    if (failed_) return nullptr;
    Op* value = compile(*pair.value, false);
    if (failed_) return nullptr;
    group->pairs.push({key, value}, arena_);
  }
  result->group = group;
  if (result->kind == Op::Kind::path) finish_path(*result);
  return result;
}

Op* Compiler::compile_sort(const Ast& ast, bool outer) {
  Op* path = compile(*ast.left, outer);
  if (failed_) return nullptr;
  if (path->kind != Op::Kind::path) {
    if (outer && path->kind != Op::Kind::context && path->kind != Op::Kind::root && path->kind != Op::Kind::local &&
        path->kind != Op::Kind::free && path->kind != Op::Kind::builtin) {
      program_.reads_input = true;
    }
    path = path_of(path, ast);
  }
  Op* step = make(Op::Kind::sort, ast);
  for (const Ast::Term& term : ast.terms) {
    Op* expression = compile(*term.expression, false);
    if (failed_) return nullptr;
    push_ancestry(*expression, *step);
    step->terms.push({expression, term.descending}, arena_);
  }
  path->list.push(step, arena_);
  resolve_ancestry(*path);
  if (failed_) return nullptr;
  finish_path(*path);
  return path;
}

Op* Compiler::compile_focus(const Ast& ast, bool outer) {
  Op* result = compile(*ast.left, outer);
  if (failed_) return nullptr;
  Op* step = result->kind == Op::Kind::path ? result->list.back() : result;
  if (!step->stages.empty() || !step->predicates.empty()) return fail("S0215", ast.position);
  if (step->kind == Op::Kind::sort) return fail("S0216", ast.position);
  if (outer) program_.reads_input = true;  // what comes after the step starts from the context, whatever the step reads
  if (ast.keep_array) step->keep_array = true;
  step->focus = names_.id_of(ast.right->text);
  step->tuple = true;
  if (result->kind == Op::Kind::path) finish_path(*result);
  return result;
}

Op* Compiler::compile_index(const Ast& ast, bool outer) {
  Op* result = compile(*ast.left, outer);
  if (failed_) return nullptr;
  Op* step = result;
  if (result->kind == Op::Kind::path) {
    step = result->list.back();
  } else {
    step->stages = step->predicates;
    step->predicates = {};
    result = path_of(step, ast);
  }
  VariableId variable = names_.id_of(ast.right->text);
  if (step->stages.empty()) {
    step->index = variable;
  } else {
    step->stages.push({.filter = nullptr, .index = variable}, arena_);
  }
  step->tuple = true;
  finish_path(*result);
  return result;
}

void Compiler::push_ancestry(const Op& from, Op& to) {
  auto found = seeking_.find(&from);
  if (from.kind != Op::Kind::parent && found == seeking_.end()) return;
  std::vector<ParentSlot*> slots;
  if (found != seeking_.end()) slots = found->second;
  if (from.kind == Op::Kind::parent) slots.push_back(from.slot);
  auto& into = seeking_[&to];
  into.insert(into.end(), slots.begin(), slots.end());
}

// The last step's `%` are looked for in the steps before it; what none of them answers goes on outwards.
void Compiler::resolve_ancestry(Op& path) {
  Op& last = *path.list.back();
  std::vector<ParentSlot*> slots;
  if (auto found = seeking_.find(&last); found != seeking_.end()) slots = found->second;
  if (last.kind == Op::Kind::parent) slots.push_back(last.slot);
  for (ParentSlot* slot : slots) {
    auto index = static_cast<std::ptrdiff_t>(path.list.size) - 2;
    while (slot->level > 0) {
      if (index < 0) {
        seeking_[&path].push_back(slot);
        break;
      }
      Op* step = path.list[static_cast<std::size_t>(index--)];
      // Steps that bind the focus do not move the context.
      while (index >= 0 && step->focus != no_variable && path.list[static_cast<std::size_t>(index)]->focus != no_variable) {
        step = path.list[static_cast<std::size_t>(index--)];
      }
      if (!seek_parent(*step, *slot)) return;
    }
  }
}

bool Compiler::seek_parent(Op& node, ParentSlot& slot) {
  switch (node.kind) {
    case Op::Kind::name:
    case Op::Kind::wildcard:
      --slot.level;
      if (slot.level == 0) {
        if (node.ancestor != nullptr) slot.variable = node.ancestor->variable;
        node.ancestor = &slot;
        node.tuple = true;
      }
      return true;
    case Op::Kind::parent: ++slot.level; return true;
    case Op::Kind::block:
      if (!node.list.empty()) {
        node.tuple = true;
        return seek_parent(*node.list.back(), slot);
      }
      return true;
    case Op::Kind::path: {
      node.tuple = true;
      node.plain = false;
      std::size_t index = node.list.size;
      if (!seek_parent(*node.list[--index], slot)) return false;
      while (slot.level > 0 && index > 0) {
        if (!seek_parent(*node.list[--index], slot)) return false;
      }
      return true;
    }
    default: fail("S0217", node.position, node.text); return false;
  }
}

}  // namespace busway::jsonata
