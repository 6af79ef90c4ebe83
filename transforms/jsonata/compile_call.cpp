#include <algorithm>
#include <new>

#include "bus/finding.hpp"
#include "transforms/jsonata/builtins.hpp"
#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/library.hpp"
#include "transforms/jsonata/signature.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata {

Op* Compiler::compile_lambda(const Ast& ast, bool outer) {
  Op* op = make(Op::Kind::lambda, ast);
  op->signature = ast.signature;
  if (ast.signature != nullptr) {
    // The parser's signature lives in its arena; ours must outlive it.
    auto* kept = new (arena_.allocate(sizeof(Signature), alignof(Signature))) Signature(ast.signature->copy(arena_));
    op->signature = kept;
    if (kept->may_use_context(0)) program_.reads_input = true;
  }
  scopes_.emplace_back();
  collect_bound(*ast.left, scopes_.back());
  for (const Ast* parameter : ast.list) {
    scopes_.back().insert(parameter->text);
    op->parameters.push(names_.id_of(parameter->text), arena_);
  }
  op->left = compile(*ast.left, outer);
  if (failed_) return nullptr;
  scopes_.pop_back();
  mark_tail_calls(*op->left);
  return op;
}

void Compiler::mark_tail_calls(Op& body) {
  if (!body.predicates.empty() || body.group != nullptr || body.keep_array) return;
  switch (body.kind) {
    case Op::Kind::call:
    case Op::Kind::condition:
    case Op::Kind::coalesce:
    case Op::Kind::elvis:
    case Op::Kind::block: body.tail = true; break;
    default: return;
  }
  switch (body.kind) {
    case Op::Kind::call: body.tail_call = true; break;
    case Op::Kind::condition:
      if (body.right != nullptr) mark_tail_calls(*body.right);
      if (body.third != nullptr) mark_tail_calls(*body.third);
      break;
    case Op::Kind::coalesce:
    case Op::Kind::elvis: mark_tail_calls(*body.third); break;
    case Op::Kind::block:
      if (!body.list.empty()) mark_tail_calls(*body.list.back());
      break;
    default: break;
  }
}

bool Compiler::check_called(const Ast& procedure, std::int64_t position) {
  if (!options_.unknown_functions_fail) return true;
  if (procedure.kind == Ast::Kind::variable && !procedure.text.empty() && procedure.text != "$" && !is_bound(procedure.text) &&
      find_builtin(procedure.text) == nullptr) {
    fail("T1006", position, procedure.text, "there is no function $" + std::string(procedure.text));
    return false;
  }
  return true;
}

// A table named by a literal must be there: `$table('countries', code)`.
bool Compiler::check_table(const Ast& call) {
  if (!options_.unknown_functions_fail && options_.library == nullptr) return true;
  if (call.left->kind != Ast::Kind::variable || call.left->text != "table" || is_bound("table")) return true;
  if (call.list.size != 2 || call.list[0]->kind != Ast::Kind::string) return true;
  std::string name(call.list[0]->text);
  if (options_.library != nullptr && options_.library->table(name) != nullptr) return true;
  std::vector<std::string_view> names;
  if (options_.library != nullptr) names = options_.library->table_names();
  if (!failed_) {
    error_ = Error{
        .kind = ErrorKind::config,
        .text = "there is no table '" + name + "' in the bundle" + did_you_mean(name, names),
        .code = "BW3005",
        .position = std::max<std::int64_t>(call.list[0]->position - 2 - static_cast<std::int64_t>(count_code_points(name)), 0)};
  }
  failed_ = true;
  return false;
}

Op* Compiler::compile_call(const Ast& ast, bool outer) {
  if (!check_table(ast)) return nullptr;
  if (!check_called(*ast.left, ast.position)) return nullptr;
  Op* op = make(ast.kind == Ast::Kind::call ? Op::Kind::call : Op::Kind::partial, ast);
  for (const Ast* argument : ast.list) {
    Op* compiled = compile(*argument, outer);
    if (failed_) return nullptr;
    push_ancestry(*compiled, *op);
    op->list.push(compiled, arena_);
  }
  bool read_before = program_.reads_input;
  op->left = compile(*ast.left, outer);
  if (failed_) return nullptr;
  const Op& procedure = *op->left;
  // What an error about the call names.
  op->text = procedure.kind == Op::Kind::path ? procedure.list[0]->text : procedure.text;
  if (procedure.kind == Op::Kind::builtin) {
    // Called by its name, it takes its context only where an argument is missing.
    if (op->kind == Op::Kind::call && procedure.predicates.empty()) program_.reads_input = read_before;
    if (outer && procedure.builtin->signature->may_use_context(op->list.size)) program_.reads_input = true;
    if (procedure.builtin->name == "eval") program_.reads_input = true;
  }
  return op;
}

Op* Compiler::compile_apply(const Ast& ast, bool outer) {
  if (!check_called(*ast.right, ast.position)) return nullptr;
  Op* op = make(Op::Kind::apply, ast);
  op->left = compile(*ast.left, outer);
  if (failed_) return nullptr;
  op->right = compile(*ast.right, outer);
  if (failed_) return nullptr;
  op->keep_array = op->left->keep_array || op->right->keep_array;
  return op;
}

}  // namespace busway::jsonata
