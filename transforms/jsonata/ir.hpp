#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bus/document.hpp"
#include "transforms/jsonata/items.hpp"

namespace re2 {
class RE2;
}

namespace busway::jsonata {

class Library;
class Signature;
struct Builtin;

using VariableId = std::uint32_t;
constexpr VariableId no_variable = 0;

// Names of variables as small numbers, the same for an expression and whatever its $eval compiles.
class VariableNames {
 public:
  explicit VariableNames(const VariableNames* outer = nullptr) : outer_(outer), first_(outer == nullptr ? 0 : outer->size()) {}
  VariableId id_of(std::string_view name);
  // no_variable when the name is not known.
  VariableId find(std::string_view name) const;
  VariableId make_hidden() { return ++hidden_ + first_ + static_cast<VariableId>(names_.size()); }
  // For people; empty when it is a hidden one.
  std::string_view name_of(VariableId id) const;
  VariableId size() const { return first_ + hidden_ + static_cast<VariableId>(names_.size()); }

 private:
  const VariableNames* outer_;
  VariableId first_;
  VariableId hidden_ = 0;
  std::deque<std::string> names_{};
  std::unordered_map<std::string_view, VariableId> ids_{};
};

// A `%` that looks for the step whose input it stands for. All that found the same step share the variable.
struct ParentSlot {
  VariableId variable = no_variable;
  int level = 1;
};

// One operation of a compiled expression. A tree in an arena, immutable once compile() is done; evaluation switches on `kind`.
struct Op {
  enum class Kind : std::uint8_t {
    path,
    literal,
    context,
    root,
    local,
    free,
    builtin,
    name,
    wildcard,
    descendant,
    parent,
    regex,
    placeholder,
    negate,
    add,
    subtract,
    multiply,
    divide,
    modulo,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    concatenate,
    both,
    either,
    contained,
    range,
    array,
    object,
    condition,
    coalesce,
    elvis,
    block,
    bind,
    call,
    partial,
    lambda,
    apply,
    transform,
    sort
  };
  struct Pair {
    Op* key = nullptr;
    Op* value = nullptr;
  };
  struct Term {
    Op* expression = nullptr;
    bool descending = false;
  };
  // What follows a step: a predicate, or `#$i` behind one.
  struct Stage {
    Op* filter = nullptr;
    VariableId index = no_variable;
  };
  struct Group {
    Items<Pair> pairs{};
    std::int64_t position = 0;
  };
  // How evaluate() gets at the value without the general way; set by the plan (plan.hpp), `none` without one.
  enum class Quick : std::uint8_t { none, value, constant, context, name, names, local, object, call, bare, memo };
  // What a value that does not change within a loop depends on: it is computed anew only when one of these is another.
  struct Memo {
    std::uint32_t number = 0;    // its place in the evaluation
    bool context = false;        // ... on the context
    Items<VariableId> inputs{};  // ... on variables
    Quick inner = Quick::none;   // how the value is computed
  };
  // An equality in a predicate that an index can answer (equality_index.hpp).
  struct Lookup {
    std::uint32_t number = 0;  // its place in the evaluation
    Op* key = nullptr;         // of an item
    Op* probe = nullptr;       // what is looked for, the same for all items
    bool whole = false;        // the predicate is nothing but the equality
  };

  Kind kind = Kind::literal;
  // `quick`, `folded`, `keeps_frame`, `hint`, `prefix`, `memo` and `lookup` are the plan's.
  Quick quick = Quick::none;
  bool folded = false;          // a literal that was an operation
  bool keeps_frame = true;      // a lambda whose variables may be seen after its call
  bool keep_array = false;      // `[]`
  bool keep_singleton = false;  // of a path: one of its steps has `[]`
  bool constructor = false;     // an array constructor whose items must not be flattened into the path's result
  bool tuple = false;           // a step, or path, that carries variables along
  bool tail_call = false;       // a call whose result is its function's result
  bool tail = false;            // such a call, or what hands its result on: whoever called the function unwraps it
  bool plain = false;           // a path of names only
  bool binds = false;           // a block that needs a scope of its own
  bool absolute = false;        // a path that starts at a variable
  std::uint32_t hint = 0;       // a name's place among the evaluation's guesses where the member lies
  std::uint32_t constant = 0;   // a literal's place in the evaluation's copies, from 1; 0: it needs no copy
  std::int32_t position = -1;
  std::string_view text{};            // name, operator, what an error calls it
  Node value{};                       // of a literal
  std::uint32_t prefix = 0;           // so many steps of a path are plain names, one at least is left
  VariableId variable = no_variable;  // local, free, bind, parent's (through slot)
  VariableId focus = no_variable;     // `@$x`
  VariableId index = no_variable;     // `#$i`
  Op* left = nullptr;
  Op* right = nullptr;
  Op* third = nullptr;
  Items<Op*> list{};              // steps, arguments, elements, statements
  Items<Op::Stage> predicates{};  // of an expression
  Items<Op::Stage> stages{};      // of a step
  Items<Pair> pairs{};
  Items<Term> terms{};
  Group* group = nullptr;
  ParentSlot* slot = nullptr;      // of a parent
  ParentSlot* ancestor = nullptr;  // of a step that some parent found
  Items<VariableId> parameters{};
  const Signature* signature = nullptr;
  const Builtin* builtin = nullptr;
  const re2::RE2* regex = nullptr;
  Memo* memo = nullptr;
  Lookup* lookup = nullptr;  // of a predicate; of a step `@$x[..]` for the first predicate behind it
};

// A compiled text. Owns nothing that an evaluation changes.
struct Program {
  Op* root = nullptr;
  const Library* library = nullptr;  // where its tables are; whoever owns the program keeps it
  bool reads_input = false;
  std::uint32_t constants = 0;
  // The plan's part.
  bool copies_constants = true;  // as CompileOptions::copy_constants
  std::uint32_t hints = 0;
  std::uint32_t memos = 0;
  std::uint32_t lookups = 0;
  bool compares_identity = false;  // `in` can tell a value from its equal
  struct Constant {
    std::uint32_t number = 0;  // Op::constant
    std::uint32_t offset = 0;  // in constant_text
    std::uint32_t size = 0;
    bool string = false;
  };
  std::vector<Constant> copied{};  // the constants that an evaluation copies at its start
  std::string constant_text{};
  std::vector<std::string> free_variables{};
  std::vector<std::shared_ptr<const re2::RE2>> regexes{};
};

}  // namespace busway::jsonata
