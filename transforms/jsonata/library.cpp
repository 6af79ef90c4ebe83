#include "transforms/jsonata/library.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <new>
#include <set>

#include "transforms/jsonata/builtins.hpp"
#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/parser.hpp"

namespace busway::jsonata {

namespace {

// No deeper than the parser lets texts nest.
template <class Visit>
void walk(Ast& ast, const Visit& visit) {
  visit(ast);
  for (Ast* part : {ast.left, ast.right, ast.third}) {
    if (part != nullptr) walk(*part, visit);
  }
  for (Ast* part : ast.list) walk(*part, visit);
  for (Ast::Pair& pair : ast.pairs) {
    walk(*pair.key, visit);
    walk(*pair.value, visit);
  }
  for (Ast::Term& term : ast.terms) walk(*term.expression, visit);
}

Ast* make_block(std::int64_t position, Arena& arena) {
  auto* block = new (arena.allocate(sizeof(Ast), alignof(Ast))) Ast{};
  block->kind = Ast::Kind::block;
  block->position = position;
  return block;
}

Error refused(std::string text, std::int64_t position, std::string_view name) {
  return Error{.kind = ErrorKind::config,
               .text = std::move(text),
               .code = "BW3006",
               .position = position,
               .token = "$" + std::string(name)};
}

}  // namespace

Library::Library(const ExpressionLibrary& added, std::vector<ExpressionLibrary::Problem>& problems) : tables_(added.tables) {
  std::size_t before = problems.size();
  for (std::size_t i = 0; i < added.texts.size(); ++i) {
    texts_.push_back("(" + added.texts[i].text + "\n)");
    read(i, added, problems);
  }
  if (problems.size() != before) return;
  // Each text is compiled for what is wrong in it, with the names of all of them known.
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    Arena arena;
    VariableNames names;
    CompileOptions options;
    options.optimise = false;
    options.bound_outside = [this](std::string_view name) { return defines(name); };
    options.known = &added.variables;
    // Its own tables count too, its definitions are in the text itself.
    ExpressionLibrary tables_only;
    tables_only.tables = tables_;
    std::vector<ExpressionLibrary::Problem> none;
    Library tables(tables_only, none);
    options.library = &tables;
    if (auto compiled = jsonata::compile(texts_[i], arena, names, options); !compiled) {
      Error error = compiled.error();
      if (error.position > 0) --error.position;  // the bracket
      problems.push_back({i, std::move(error)});
    }
  }
  for (Definition& definition : definitions_) {
    walk(*definition.bind, [&](Ast& ast) {
      ast.position = -1;  // means nothing in the texts that use it
      if (ast.kind == Ast::Kind::variable && defines(ast.text)) definition.uses.push_back(ast.text);
    });
  }
}

Ast* Library::parse(std::size_t number, std::vector<ExpressionLibrary::Problem>& problems) {
  auto tree = Parser(texts_[number], arena_).parse();
  if (!tree) {
    Error error = tree.error();
    if (error.position > 0) --error.position;
    problems.push_back({number, std::move(error)});
    return nullptr;
  }
  return *tree;
}

void Library::read(std::size_t number, const ExpressionLibrary& added, std::vector<ExpressionLibrary::Problem>& problems) {
  Ast* block = parse(number, problems);
  if (block == nullptr) return;
  while (block->kind == Ast::Kind::block && block->list.size == 1 && block->list[0]->kind == Ast::Kind::block)
    block = block->list[0];
  if (block->kind != Ast::Kind::block) {
    problems.push_back({number, refused("a file of shared functions holds `$name := ...` only", 0, "")});
    return;
  }
  for (Ast* statement : block->list) {
    std::int64_t position = std::max<std::int64_t>(statement->position - 1, 0);  // without the bracket
    if (statement->kind == Ast::Kind::end) continue;
    if (statement->kind != Ast::Kind::bind) {
      problems.push_back({number, refused("a file of shared functions holds `$name := ...` only", position, "")});
      return;
    }
    std::string name(statement->text);
    std::string why;
    if (find_builtin(name) != nullptr) {
      why = "is a built-in function";
    } else if (std::find(added.variables.begin(), added.variables.end(), name) != added.variables.end()) {
      why = "is bound by routes";
    } else if (auto first = known_.find(name); first != known_.end()) {
      why = "is defined already, in " + added.texts[definitions_[first->second].text].name;
    }
    if (!why.empty()) {
      problems.push_back({number, refused("'$" + name + "' " + why + ": choose another name", position, name)});
      continue;
    }
    definitions_.push_back({.bind = statement, .text = number});
    known_.emplace(statement->text, definitions_.size() - 1);
  }
}

Ast* Library::around(Ast& tree, Arena& arena) const {
  if (definitions_.empty()) return &tree;
  std::set<std::size_t> needed;  // in the order of the files
  std::vector<std::size_t> open;
  auto need = [&](std::string_view name) {
    auto at = known_.find(name);
    if (at != known_.end() && needed.insert(at->second).second) open.push_back(at->second);
  };
  walk(tree, [&](Ast& ast) {
    if (ast.kind == Ast::Kind::variable) need(ast.text);
  });
  while (!open.empty()) {
    std::size_t next = open.back();
    open.pop_back();
    for (std::string_view name : definitions_[next].uses) need(name);
  }
  if (needed.empty()) return &tree;
  Ast* whole = make_block(tree.position, arena);
  for (std::size_t number : needed) whole->list.push(definitions_[number].bind, arena);
  // A scope of its own, so that what the text binds is not seen by the definitions.
  Ast* inner = make_block(tree.position, arena);
  inner->list.push(&tree, arena);
  whole->list.push(inner, arena);
  return whole;
}

const LookupTable* Library::table(std::string_view name) const {
  auto at = tables_.find(name);
  return at == tables_.end() ? nullptr : at->second.get();
}

std::vector<std::string_view> Library::table_names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, table] : tables_) names.push_back(name);
  return names;
}

}  // namespace busway::jsonata
