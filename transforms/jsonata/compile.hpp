#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "bus/error.hpp"
#include "bus/expression.hpp"
#include "transforms/jsonata/ast.hpp"
#include "transforms/jsonata/ir.hpp"

namespace busway::jsonata {

// How strict compile() is, and what lies around the text.
struct CompileOptions {
  bool unknown_functions_fail = true;                     // a call of an unbound name is T1006 already here
  bool optimise = true;                                   // make a plan (plan.hpp); without one the meaning is the same
  bool copy_constants = true;                             // the arena dies before the results do
  std::function<bool(std::string_view)> bound_outside{};  // variables in scope where $eval is called
  std::vector<ExpressionWarning>* warnings = nullptr;
  const Library* library = nullptr;                 // what the bundle adds
  const std::vector<std::string>* known = nullptr;  // any other free variable is BW3003
};

// Turns a text into operations: parses it, flattens paths, finds what each `%` stands for, resolves names, folds constants.
// Errors: kind `config`, code, position and token as ExpressionLanguage::compile has them.
Result<Program> compile(std::string_view text, Arena& arena, VariableNames& names, const CompileOptions& options);

// The work behind compile(). One use.
class Compiler {
 public:
  Compiler(Arena& arena, VariableNames& names, const CompileOptions& options, Program& program);
  Op* compile_root(const Ast& tree);
  bool check_table(const Ast& call);
  const Error& error() const { return error_; }

 private:
  // Each gives null when an error was noted. `outer`: the context is the expression's own input.
  Op* compile(const Ast& ast, bool outer);
  Op* compile_leaf(const Ast& ast, bool outer);
  Op* compile_variable(const Ast& ast, bool outer);
  Op* compile_name(const Ast& ast, bool outer);
  Op* compile_literal(const Ast& ast);
  Op* compile_regex(const Ast& ast);
  Op* compile_binary(const Ast& ast, bool outer);
  Op* compile_negate(const Ast& ast, bool outer);
  Op* compile_array(const Ast& ast, bool outer);
  Op* compile_object(const Ast& ast, bool outer);
  Op* compile_condition(const Ast& ast, bool outer);
  Op* compile_block(const Ast& ast, bool outer);
  Op* compile_bind(const Ast& ast, bool outer);
  Op* compile_lambda(const Ast& ast, bool outer);
  Op* compile_call(const Ast& ast, bool outer);
  Op* compile_apply(const Ast& ast, bool outer);
  Op* compile_transform(const Ast& ast, bool outer);
  Op* compile_dot(const Ast& ast, bool outer);
  Op* compile_filter(const Ast& ast, bool outer);
  Op* compile_group(const Ast& ast, bool outer);
  Op* compile_sort(const Ast& ast, bool outer);
  Op* compile_focus(const Ast& ast, bool outer);
  Op* compile_index(const Ast& ast, bool outer);
  void finish_path(Op& path);
  void mark_tail_calls(Op& body);
  void check_not_equal(const Ast& ast);
  bool check_called(const Ast& procedure, std::int64_t position);

  // What a `%` stands for.
  void push_ancestry(const Op& from, Op& to);
  void resolve_ancestry(Op& path);
  bool seek_parent(Op& node, ParentSlot& slot);

  // Names that the text binds, by scope.
  void collect_bound(const Ast& ast, std::unordered_set<std::string_view>& names) const;
  bool is_bound(std::string_view name) const;

  Op* make(Op::Kind kind, const Ast& ast);
  Op* path_of(Op* step, const Ast& ast);
  Op* fail(std::string_view code, std::int64_t position, std::string_view token = {}, std::string_view detail = {});

  Arena& arena_;
  VariableNames& names_;
  const CompileOptions& options_;
  Program& program_;
  Error error_;
  bool failed_ = false;
  std::uintptr_t floor_;
  std::vector<std::unordered_set<std::string_view>> scopes_;
  std::unordered_map<const Op*, std::vector<ParentSlot*>> seeking_;
};

}  // namespace busway::jsonata
