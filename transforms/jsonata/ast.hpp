#pragma once

#include <cstdint>
#include <string_view>

#include "transforms/jsonata/items.hpp"

namespace busway::jsonata {

class Signature;

// What the parser makes of the text, before paths are flattened and names resolved. Lives in an arena.
struct Ast {
  enum class Kind : std::uint8_t {
    name,
    string,
    number,
    value,
    variable,
    wildcard,
    descendant,
    parent,
    regex,
    word,         // `and`, `or`, `in` where a value is expected: a name
    placeholder,  // `?` among the arguments of a call
    end,          // the end of the text where a value is expected
    binary,       // text is the operator
    dot,
    filter,
    group,
    sort,
    bind,
    focus,
    index,
    apply,
    negate,
    array,
    object,
    call,
    partial,
    lambda,
    condition,
    coalesce,
    elvis,
    block,
    transform
  };
  struct Pair {
    Ast* key = nullptr;
    Ast* value = nullptr;
  };
  struct Term {
    Ast* expression = nullptr;
    bool descending = false;
  };

  Kind kind = Kind::name;
  bool keep_array = false;    // `[]` behind it
  std::int64_t position = 0;  // as Token::position
  std::string_view text{};    // name, literal, operator
  std::string_view flags{};   // of a regex
  Ast* left = nullptr;        // of operators; procedure of a call, body of a lambda, condition, pattern
  Ast* right = nullptr;       // ... then, update
  Ast* third = nullptr;       // else, deletions
  Items<Ast*> list{};         // arguments, parameters, elements, statements
  Items<Pair> pairs{};        // of objects and groupings
  Items<Term> terms{};        // of a sort
  const Signature* signature = nullptr;
};

// What jsonata-js calls this kind: the token of an error about it.
std::string_view name_of(Ast::Kind kind);

}  // namespace busway::jsonata
