#pragma once

#include "transforms/jsonata/ast.hpp"
#include "transforms/jsonata/lexer.hpp"

namespace busway::jsonata {

// Parses a whole expression by precedence climbing (Pratt). Nesting, of brackets and of operator chains alike, is limited to
// `Parser::most_levels`. One use each.
class Parser {
 public:
  static constexpr int most_levels = 500;

  Parser(std::string_view text, Arena& arena);
  Result<Ast*> parse();

 private:
  // Each gives null when an error was noted.
  Ast* expression(int right_power);
  Ast* prefix(const Token& token);
  Ast* infix(const Token& token, Ast* left);
  Ast* call(const Token& token, Ast* left);
  Ast* lambda(Ast* call);
  Ast* block(const Token& token);
  Ast* array(const Token& token);
  Ast* object(const Token& token, Ast* left);
  Ast* filter(const Token& token, Ast* left);
  Ast* sort(const Token& token, Ast* left);
  Ast* transform(const Token& token);
  Ast* conditional(const Token& token, Ast* left);
  bool signature(Ast* lambda);

  Ast* make(Ast::Kind kind, const Token& token);
  bool advance(bool after_value = false);
  // Checks that the token is `symbol` and steps over it.
  bool expect(std::string_view symbol, bool after_value = false);
  Ast* fail(std::string_view code, std::int64_t position, std::string_view token = {}, std::string_view detail = {});

  Lexer lexer_;
  Arena& arena_;
  Token token_;
  Error error_;
  bool failed_ = false;
  int level_ = 0;
  std::uintptr_t floor_;
};

}  // namespace busway::jsonata
