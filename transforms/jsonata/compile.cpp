#include "transforms/jsonata/compile.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <new>

#include "transforms/jsonata/builtins.hpp"
#include "transforms/jsonata/errors.hpp"
#include "transforms/jsonata/library.hpp"
#include "transforms/jsonata/parser.hpp"
#include "transforms/jsonata/plan.hpp"
#include "transforms/jsonata/regex.hpp"
#include "transforms/jsonata/signature.hpp"
#include "transforms/jsonata/stack.hpp"

namespace busway::jsonata {

VariableId VariableNames::find(std::string_view name) const {
  if (auto known = ids_.find(name); known != ids_.end()) return known->second;
  return outer_ == nullptr ? no_variable : outer_->find(name);
}

VariableId VariableNames::id_of(std::string_view name) {
  if (VariableId known = find(name); known != no_variable) return known;
  VariableId id = size() + 1;
  names_.emplace_back(name);
  ids_.emplace(names_.back(), id);
  return id;
}

std::string_view VariableNames::name_of(VariableId id) const {
  for (const auto& [name, known] : ids_) {
    if (known == id) return name;
  }
  return {};
}

Result<Program> compile(std::string_view text, Arena& arena, VariableNames& names, const CompileOptions& options) {
  Arena scratch;
  auto tree = Parser(text, scratch).parse();
  if (!tree) return std::unexpected(tree.error());
  Program program;
  program.copies_constants = options.copy_constants;
  program.library = options.library;
  Compiler compiler(arena, names, options, program);
  Ast* whole = options.library == nullptr ? *tree : options.library->around(**tree, scratch);
  program.root = compiler.compile_root(*whole);
  if (program.root == nullptr) return std::unexpected(compiler.error());
  if (options.optimise) Planner(program, arena).run();
  return program;
}

Compiler::Compiler(Arena& arena, VariableNames& names, const CompileOptions& options, Program& program)
    : arena_(arena), names_(names), options_(options), program_(program), floor_(stack_floor()) {}

Op* Compiler::compile_root(const Ast& tree) {
  scopes_.emplace_back();
  collect_bound(tree, scopes_.back());
  Op* root = compile(tree, true);
  if (failed_) return nullptr;
  if (root->kind == Op::Kind::parent || seeking_.contains(root)) {
    return fail("S0217", root->position, name_of(tree.kind == Ast::Kind::name ? Ast::Kind::dot : tree.kind));
  }
  return root;
}

Op* Compiler::fail(std::string_view code, std::int64_t position, std::string_view token, std::string_view detail) {
  if (!failed_) error_ = text_error(code, position, token, detail);
  failed_ = true;
  return nullptr;
}

Op* Compiler::make(Op::Kind kind, const Ast& ast) {
  auto* op = new (arena_.allocate(sizeof(Op), alignof(Op))) Op{};
  op->kind = kind;
  op->position = static_cast<std::int32_t>(ast.position);
  op->text = arena_.copy(ast.text);
  return op;
}

Op* Compiler::compile(const Ast& ast, bool outer) {
  if (failed_) return nullptr;
  if (stack_is_short(floor_)) return fail("BW3001", ast.position);
  Op* op = nullptr;
  switch (ast.kind) {
    case Ast::Kind::binary: op = compile_binary(ast, outer); break;
    case Ast::Kind::dot: op = compile_dot(ast, outer); break;
    case Ast::Kind::filter: op = compile_filter(ast, outer); break;
    case Ast::Kind::group: op = compile_group(ast, outer); break;
    case Ast::Kind::sort: op = compile_sort(ast, outer); break;
    case Ast::Kind::bind: op = compile_bind(ast, outer); break;
    case Ast::Kind::focus: op = compile_focus(ast, outer); break;
    case Ast::Kind::index: op = compile_index(ast, outer); break;
    case Ast::Kind::apply: op = compile_apply(ast, outer); break;
    case Ast::Kind::negate: op = compile_negate(ast, outer); break;
    case Ast::Kind::array: op = compile_array(ast, outer); break;
    case Ast::Kind::object: op = compile_object(ast, outer); break;
    case Ast::Kind::call:
    case Ast::Kind::partial: op = compile_call(ast, outer); break;
    case Ast::Kind::lambda: op = compile_lambda(ast, outer); break;
    case Ast::Kind::condition:
    case Ast::Kind::coalesce:
    case Ast::Kind::elvis: op = compile_condition(ast, outer); break;
    case Ast::Kind::block: op = compile_block(ast, outer); break;
    case Ast::Kind::transform: op = compile_transform(ast, outer); break;
    default: op = compile_leaf(ast, outer); break;
  }
  if (failed_) return nullptr;
  if (ast.keep_array) op->keep_array = true;
  return op;
}

Op* Compiler::compile_leaf(const Ast& ast, bool outer) {
  switch (ast.kind) {
    case Ast::Kind::name:
    case Ast::Kind::word: return compile_name(ast, outer);
    case Ast::Kind::string:
    case Ast::Kind::number:
    case Ast::Kind::value: return compile_literal(ast);
    case Ast::Kind::variable: return compile_variable(ast, outer);
    case Ast::Kind::regex: return compile_regex(ast);
    case Ast::Kind::placeholder: return make(Op::Kind::placeholder, ast);
    case Ast::Kind::end: return fail("S0207", ast.position, ast.text);
    case Ast::Kind::wildcard:
    case Ast::Kind::descendant:
      if (outer) program_.reads_input = true;
      return make(ast.kind == Ast::Kind::wildcard ? Op::Kind::wildcard : Op::Kind::descendant, ast);
    case Ast::Kind::parent: {
      Op* op = make(Op::Kind::parent, ast);
      op->slot = new (arena_.allocate(sizeof(ParentSlot), alignof(ParentSlot))) ParentSlot{};
      op->slot->variable = names_.make_hidden();
      return op;
    }
    default: return fail("S0206", ast.position, ast.text);
  }
}

Op* Compiler::path_of(Op* step, const Ast& ast) {
  Op* path = make(Op::Kind::path, ast);
  path->list.push(step, arena_);
  return path;
}

Op* Compiler::compile_name(const Ast& ast, bool outer) {
  if (outer) program_.reads_input = true;
  Op* path = path_of(make(Op::Kind::name, ast), ast);
  path->list[0]->keep_array = ast.keep_array;
  path->keep_singleton = ast.keep_array;
  path->plain = !ast.keep_array;
  return path;
}

Op* Compiler::compile_literal(const Ast& ast) {
  Op* op = make(Op::Kind::literal, ast);
  if (ast.kind == Ast::Kind::string) {
    op->value = Node::string(op->text);
  } else if (ast.kind == Ast::Kind::number) {
    op->value = Node::number_text(op->text);
  } else {
    op->value = op->text == "null" ? Node::null() : Node::boolean(op->text == "true");
    return op;
  }
  if (options_.copy_constants) op->constant = ++program_.constants;
  return op;
}

Op* Compiler::compile_regex(const Ast& ast) {
  auto regex = make_regex(ast.text, ast.flags, ast.position);
  if (!regex) {
    if (!failed_) error_ = regex.error();
    failed_ = true;
    return nullptr;
  }
  Op* op = make(Op::Kind::regex, ast);
  op->regex = regex->get();
  program_.regexes.push_back(std::move(*regex));
  return op;
}

Op* Compiler::compile_variable(const Ast& ast, bool outer) {
  if (ast.text.empty()) {
    if (outer) program_.reads_input = true;
    return make(Op::Kind::context, ast);
  }
  if (ast.text == "$") {
    program_.reads_input = true;
    return make(Op::Kind::root, ast);
  }
  bool local = is_bound(ast.text);
  const Builtin* builtin = find_builtin(ast.text);
  Op* op = make(local ? Op::Kind::local : builtin != nullptr ? Op::Kind::builtin : Op::Kind::free, ast);
  op->builtin = builtin;
  op->variable = names_.id_of(op->text);
  if (op->kind == Op::Kind::builtin && (builtin->signature->may_use_context(0) || builtin->name == "eval")) {
    program_.reads_input = true;  // as a value it may be called without arguments; compile_call knows of those it calls
  }
  if (op->kind == Op::Kind::free) {
    if (options_.known != nullptr &&
        std::find(options_.known->begin(), options_.known->end(), ast.text) == options_.known->end()) {
      return fail("BW3003", ast.position, "$" + std::string(ast.text));
    }
    bool known = false;
    for (const std::string& name : program_.free_variables) known = known || name == op->text;
    if (!known) program_.free_variables.emplace_back(op->text);
  }
  return op;
}

void Compiler::collect_bound(const Ast& ast, std::unordered_set<std::string_view>& names) const {
  if (stack_is_short(floor_)) return;  // compile() stops at the same depth
  switch (ast.kind) {
    case Ast::Kind::lambda:
    case Ast::Kind::block: return;  // scopes of their own
    case Ast::Kind::bind: names.insert(ast.text); break;
    case Ast::Kind::focus:
    case Ast::Kind::index:
      if (ast.right != nullptr) names.insert(ast.right->text);
      break;
    default: break;
  }
  for (const Ast* part : {ast.left, ast.right, ast.third}) {
    if (part != nullptr) collect_bound(*part, names);
  }
  for (const Ast* part : ast.list) collect_bound(*part, names);
  for (const Ast::Pair& pair : ast.pairs) {
    collect_bound(*pair.key, names);
    collect_bound(*pair.value, names);
  }
  for (const Ast::Term& term : ast.terms) collect_bound(*term.expression, names);
}

bool Compiler::is_bound(std::string_view name) const {
  for (const auto& scope : scopes_) {
    if (scope.contains(name)) return true;
  }
  return options_.bound_outside && options_.bound_outside(name);
}

Op* Compiler::compile_binary(const Ast& ast, bool outer) {
  struct Row {
    std::string_view symbol;
    Op::Kind kind;
  };
  static constexpr Row rows[] = {
      {"+", Op::Kind::add},         {"-", Op::Kind::subtract}, {"*", Op::Kind::multiply},       {"/", Op::Kind::divide},
      {"%", Op::Kind::modulo},      {"=", Op::Kind::equal},    {"!=", Op::Kind::not_equal},     {"<", Op::Kind::less},
      {"<=", Op::Kind::less_equal}, {">", Op::Kind::greater},  {">=", Op::Kind::greater_equal}, {"&", Op::Kind::concatenate},
      {"and", Op::Kind::both},      {"or", Op::Kind::either},  {"in", Op::Kind::contained},     {"..", Op::Kind::range}};
  for (const Row& row : rows) {
    if (row.symbol != ast.text) continue;
    Op* op = make(row.kind, ast);
    op->left = compile(*ast.left, outer);
    if (failed_) return nullptr;
    push_ancestry(*op->left, *op);
    op->right = compile(*ast.right, outer);
    if (failed_) return nullptr;
    push_ancestry(*op->right, *op);
    if (row.kind == Op::Kind::not_equal) check_not_equal(ast);
    return op;
  }
  return fail("S0206", ast.position, ast.text);
}

void Compiler::check_not_equal(const Ast& ast) {
  if (options_.warnings == nullptr) return;
  for (const Ast* side : {ast.left, ast.right}) {
    bool may_miss = side->kind == Ast::Kind::name || side->kind == Ast::Kind::dot || side->kind == Ast::Kind::filter ||
                    side->kind == Ast::Kind::word || side->kind == Ast::Kind::wildcard || side->kind == Ast::Kind::descendant;
    if (!may_miss) continue;
    options_.warnings->push_back(
        {.position = ast.position,
         .code = "BW3004",
         .text = "'!=' is false when a side is missing; write $not(a = b) if a missing one shall count as different"});
    return;
  }
}

Op* Compiler::compile_negate(const Ast& ast, bool outer) {
  Op* operand = compile(*ast.left, outer);
  if (failed_) return nullptr;
  if (ast.left->kind == Ast::Kind::number) {
    if (operand->value.as_double() == 0) {
      operand->text = "0";  // jsonata-js prints -0 so
      operand->value = Node::number_text(operand->text);
    } else {
      std::string negative =
          operand->text.starts_with('-') ? std::string(operand->text.substr(1)) : "-" + std::string(operand->text);
      operand->text = arena_.copy(negative);
      operand->value = Node::number_text(operand->text);
    }
    return operand;
  }
  Op* op = make(Op::Kind::negate, ast);
  op->left = operand;
  push_ancestry(*operand, *op);
  return op;
}

Op* Compiler::compile_array(const Ast& ast, bool outer) {
  Op* op = make(Op::Kind::array, ast);
  for (const Ast* item : ast.list) {
    Op* element = compile(*item, outer);
    if (failed_) return nullptr;
    push_ancestry(*element, *op);
    op->list.push(element, arena_);
  }
  return op;
}

Op* Compiler::compile_object(const Ast& ast, bool outer) {
  // Without a step before it, an object is made for each item of an array input.
  if (outer && !ast.pairs.empty()) program_.reads_input = true;
  Op* op = make(Op::Kind::object, ast);
  for (const Ast::Pair& pair : ast.pairs) {
    Op* key = compile(*pair.key, outer);
    if (failed_) return nullptr;
    push_ancestry(*key, *op);
    Op* value = compile(*pair.value, outer);
    if (failed_) return nullptr;
    push_ancestry(*value, *op);
    op->pairs.push({key, value}, arena_);
  }
  return op;
}

Op* Compiler::compile_condition(const Ast& ast, bool outer) {
  Op* op = make(ast.kind == Ast::Kind::condition  ? Op::Kind::condition
                : ast.kind == Ast::Kind::coalesce ? Op::Kind::coalesce
                                                  : Op::Kind::elvis,
                ast);
  Op** places[] = {&op->left, &op->right, &op->third};
  const Ast* parts[] = {ast.left, ast.right, ast.third};
  for (std::size_t i = 0; i < 3; ++i) {
    if (parts[i] == nullptr) continue;
    *places[i] = compile(*parts[i], outer);
    if (failed_) return nullptr;
    push_ancestry(**places[i], *op);
  }
  return op;
}

Op* Compiler::compile_block(const Ast& ast, bool outer) {
  Op* op = make(Op::Kind::block, ast);
  scopes_.emplace_back();
  for (const Ast* statement : ast.list) collect_bound(*statement, scopes_.back());
  op->binds = !scopes_.back().empty();
  for (const Ast* statement : ast.list) {
    Op* part = compile(*statement, outer);
    if (failed_) return nullptr;
    push_ancestry(*part, *op);
    if (part->constructor || (part->kind == Op::Kind::path && part->list[0]->constructor)) op->constructor = true;
    op->list.push(part, arena_);
  }
  scopes_.pop_back();
  return op;
}

Op* Compiler::compile_bind(const Ast& ast, bool outer) {
  Op* op = make(Op::Kind::bind, ast);
  op->variable = names_.id_of(ast.text);
  op->right = compile(*ast.right, outer);
  if (failed_) return nullptr;
  push_ancestry(*op->right, *op);
  return op;
}

Op* Compiler::compile_transform(const Ast& ast, bool) {
  Op* op = make(Op::Kind::transform, ast);
  op->left = compile(*ast.left, false);
  if (failed_) return nullptr;
  op->right = compile(*ast.right, false);
  if (failed_) return nullptr;
  if (ast.third != nullptr) op->third = compile(*ast.third, false);
  return failed_ ? nullptr : op;
}

}  // namespace busway::jsonata
