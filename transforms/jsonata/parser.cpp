#include "transforms/jsonata/parser.hpp"

#include <string>

#include "transforms/jsonata/errors.hpp"
#include "transforms/jsonata/signature.hpp"
#include "transforms/jsonata/stack.hpp"

namespace busway::jsonata {

namespace {

struct Power {
  std::string_view symbol;
  int power;
};

// How strongly an operator binds what stands to its left; what is missing ends an expression.
constexpr Power powers[] = {{".", 75},  {"[", 80},  {"{", 70},   {"(", 80},  {"@", 80},  {"#", 80},  {"?", 20},
                            {"+", 50},  {"-", 50},  {"*", 60},   {"/", 60},  {"%", 60},  {"=", 40},  {"<", 40},
                            {">", 40},  {"^", 40},  {":=", 10},  {"!=", 40}, {"<=", 40}, {">=", 40}, {"~>", 40},
                            {"?:", 40}, {"??", 40}, {"and", 30}, {"or", 25}, {"in", 40}, {"&", 50}};

int power_of(const Token& token) {
  if (token.kind != TokenKind::symbol) return 0;
  for (const Power& row : powers) {
    if (row.symbol == token.text) return row.power;
  }
  return 0;
}

Ast::Kind infix_kind(std::string_view symbol) {
  if (symbol == ".") return Ast::Kind::dot;
  if (symbol == "~>") return Ast::Kind::apply;
  if (symbol == ":=") return Ast::Kind::bind;
  if (symbol == "@") return Ast::Kind::focus;
  if (symbol == "#") return Ast::Kind::index;
  return Ast::Kind::binary;
}

}  // namespace

std::string_view name_of(Ast::Kind kind) {
  switch (kind) {
    case Ast::Kind::name:
    case Ast::Kind::word: return "name";
    case Ast::Kind::string: return "string";
    case Ast::Kind::number: return "number";
    case Ast::Kind::value: return "value";
    case Ast::Kind::variable: return "variable";
    case Ast::Kind::wildcard: return "wildcard";
    case Ast::Kind::descendant: return "descendant";
    case Ast::Kind::parent: return "parent";
    case Ast::Kind::regex: return "regex";
    case Ast::Kind::placeholder: return "operator";
    case Ast::Kind::end: return "(end)";
    case Ast::Kind::dot: return "path";
    case Ast::Kind::bind: return "bind";
    case Ast::Kind::apply: return "apply";
    case Ast::Kind::negate:
    case Ast::Kind::array:
    case Ast::Kind::object: return "unary";
    case Ast::Kind::call: return "function";
    case Ast::Kind::partial: return "partial";
    case Ast::Kind::lambda: return "lambda";
    case Ast::Kind::condition:
    case Ast::Kind::coalesce:
    case Ast::Kind::elvis: return "condition";
    case Ast::Kind::block: return "block";
    case Ast::Kind::transform: return "transform";
    default: return "binary";
  }
}

Parser::Parser(std::string_view text, Arena& arena) : lexer_(text, arena), arena_(arena), floor_(stack_floor()) {}

Result<Ast*> Parser::parse() {
  Ast* tree = advance() ? expression(0) : nullptr;
  if (!failed_ && token_.kind != TokenKind::end) tree = fail("S0201", token_.position, token_.text);
  if (failed_) return std::unexpected(error_);
  return tree;
}

Ast* Parser::fail(std::string_view code, std::int64_t position, std::string_view token, std::string_view detail) {
  if (!failed_) error_ = text_error(code, position, token, detail);
  failed_ = true;
  return nullptr;
}

Ast* Parser::make(Ast::Kind kind, const Token& token) {
  auto* node = new (arena_.allocate(sizeof(Ast), alignof(Ast))) Ast{};
  node->kind = kind;
  node->position = token.position;
  node->text = token.text;
  return node;
}

bool Parser::advance(bool after_value) {
  if (failed_) return false;
  auto next = lexer_.next(after_value);
  if (!next) {
    error_ = next.error();
    failed_ = true;
    return false;
  }
  token_ = *next;
  if (token_.is("!") || token_.is("~")) return fail("S0204", token_.position, token_.text) != nullptr;
  return true;
}

bool Parser::expect(std::string_view symbol, bool after_value) {
  if (failed_) return false;
  if (!token_.is(symbol)) {
    std::string detail = "expected '" + std::string(symbol) + "'";
    return fail(token_.kind == TokenKind::end ? "S0203" : "S0202", token_.position, token_.text, detail) != nullptr;
  }
  return advance(after_value);
}

Ast* Parser::expression(int right_power) {
  if (level_ >= most_levels || stack_is_short(floor_)) return fail("BW3001", token_.position, token_.text);
  int entered = level_++;
  Token first = token_;
  // A value follows everything but an operator that still wants its operand.
  Ast* left = advance(true) ? prefix(first) : nullptr;
  while (!failed_ && right_power < power_of(token_)) {
    // A chain of operators is a tree that leans left: it nests as deep as it is long.
    if (level_ >= most_levels) return fail("BW3001", token_.position, token_.text);
    ++level_;
    Token symbol = token_;
    left = advance() ? infix(symbol, left) : nullptr;
  }
  level_ = entered;
  return failed_ ? nullptr : left;
}

Ast* Parser::prefix(const Token& token) {
  switch (token.kind) {
    case TokenKind::end: return make(Ast::Kind::end, token);
    case TokenKind::name: return make(Ast::Kind::name, token);
    case TokenKind::variable: return make(Ast::Kind::variable, token);
    case TokenKind::number: return make(Ast::Kind::number, token);
    case TokenKind::string: return make(Ast::Kind::string, token);
    case TokenKind::value: return make(Ast::Kind::value, token);
    case TokenKind::regex: {
      Ast* regex = make(Ast::Kind::regex, token);
      regex->flags = token.flags;
      return regex;
    }
    case TokenKind::symbol: break;
  }
  std::string_view symbol = token.text;
  if (symbol == "and" || symbol == "or" || symbol == "in") return make(Ast::Kind::word, token);
  if (symbol == "*") return make(Ast::Kind::wildcard, token);
  if (symbol == "**") return make(Ast::Kind::descendant, token);
  if (symbol == "%") return make(Ast::Kind::parent, token);
  if (symbol == "-") {
    Ast* negation = make(Ast::Kind::negate, token);
    negation->left = expression(70);
    return failed_ ? nullptr : negation;
  }
  if (symbol == "(") return block(token);
  if (symbol == "[") return array(token);
  if (symbol == "{") return object(token, nullptr);
  if (symbol == "|") return transform(token);
  return fail("S0211", token.position, token.text);
}

Ast* Parser::infix(const Token& token, Ast* left) {
  std::string_view symbol = token.text;
  if (symbol == "(") return call(token, left);
  if (symbol == "[") return filter(token, left);
  if (symbol == "{") return object(token, left);
  if (symbol == "^") return sort(token, left);
  if (symbol == "?" || symbol == "??" || symbol == "?:") return conditional(token, left);
  Ast* node = make(infix_kind(symbol), token);
  node->left = left;
  if (symbol == ":=") {
    if (left->kind != Ast::Kind::variable) return fail("S0212", left->position, left->text);
    node->text = left->text;
    node->right = expression(9);
  } else {
    node->right = expression(power_of(token));
  }
  if (failed_) return nullptr;
  if ((symbol == "@" || symbol == "#") && node->right->kind != Ast::Kind::variable) {
    return fail("S0214", node->right->position, symbol);
  }
  return node;
}

Ast* Parser::call(const Token& token, Ast* left) {
  Ast* node = make(Ast::Kind::call, token);
  node->left = left;
  if (!token_.is(")")) {
    for (;;) {
      if (token_.is("?")) {
        node->kind = Ast::Kind::partial;
        node->list.push(make(Ast::Kind::placeholder, token_), arena_);
        if (!advance()) return nullptr;
      } else {
        Ast* argument = expression(0);
        if (failed_) return nullptr;
        node->list.push(argument, arena_);
      }
      if (!token_.is(",")) break;
      if (!advance()) return nullptr;
    }
  }
  if (!expect(")", true)) return nullptr;
  bool defines = left->kind == Ast::Kind::name && (left->text == "function" || left->text == "\xCE\xBB");
  return defines ? lambda(node) : node;
}

Ast* Parser::lambda(Ast* node) {
  std::size_t index = 0;
  for (Ast* parameter : node->list) {
    ++index;
    if (parameter->kind != Ast::Kind::variable) {
      return fail("S0208", parameter->position, parameter->text, "parameter " + std::to_string(index));
    }
  }
  node->kind = Ast::Kind::lambda;
  if (token_.is("<") && !signature(node)) return nullptr;
  if (!expect("{")) return nullptr;
  node->left = expression(0);
  if (failed_ || !expect("}", true)) return nullptr;
  return node;
}

bool Parser::signature(Ast* node) {
  std::int64_t start = token_.position;
  std::string text = "<";
  for (int depth = 1; depth > 0 && !token_.is("{") && token_.kind != TokenKind::end;) {
    if (!advance()) return false;
    if (token_.is(">")) --depth;
    if (token_.is("<")) ++depth;
    text += token_.text;
  }
  if (!expect(">")) return false;
  auto signature = Signature::parse(text, arena_);
  if (!signature) {
    error_ = signature.error();
    error_.position += start;
    failed_ = true;
    return false;
  }
  node->signature = *signature;
  return true;
}

Ast* Parser::block(const Token& token) {
  Ast* node = make(Ast::Kind::block, token);
  while (!token_.is(")")) {
    Ast* statement = expression(0);
    if (failed_) return nullptr;
    node->list.push(statement, arena_);
    if (!token_.is(";")) break;
    if (!advance()) return nullptr;
  }
  return expect(")", true) ? node : nullptr;
}

Ast* Parser::array(const Token& token) {
  Ast* node = make(Ast::Kind::array, token);
  if (!token_.is("]")) {
    for (;;) {
      Ast* item = expression(0);
      if (failed_) return nullptr;
      if (token_.is("..")) {
        Ast* range = make(Ast::Kind::binary, token_);
        range->left = item;
        if (!advance()) return nullptr;
        range->right = expression(0);
        if (failed_) return nullptr;
        item = range;
      }
      node->list.push(item, arena_);
      if (!token_.is(",")) break;
      if (!advance()) return nullptr;
    }
  }
  return expect("]", true) ? node : nullptr;
}

Ast* Parser::object(const Token& token, Ast* left) {
  Ast* node = make(left == nullptr ? Ast::Kind::object : Ast::Kind::group, token);
  node->left = left;
  if (!token_.is("}")) {
    for (;;) {
      Ast::Pair pair;
      pair.key = expression(0);
      if (failed_ || !expect(":")) return nullptr;
      pair.value = expression(0);
      if (failed_) return nullptr;
      node->pairs.push(pair, arena_);
      if (!token_.is(",")) break;
      if (!advance()) return nullptr;
    }
  }
  return expect("}", true) ? node : nullptr;
}

Ast* Parser::filter(const Token& token, Ast* left) {
  if (token_.is("]")) {
    Ast* step = left;
    while (step->kind == Ast::Kind::filter) step = step->left;
    step->keep_array = true;
    return advance(true) ? left : nullptr;
  }
  Ast* node = make(Ast::Kind::filter, token);
  node->left = left;
  node->right = expression(0);
  return !failed_ && expect("]", true) ? node : nullptr;
}

Ast* Parser::sort(const Token& token, Ast* left) {
  Ast* node = make(Ast::Kind::sort, token);
  node->left = left;
  if (!expect("(")) return nullptr;
  for (;;) {
    Ast::Term term;
    if (token_.is("<") || token_.is(">")) {
      term.descending = token_.is(">");
      if (!advance()) return nullptr;
    }
    term.expression = expression(0);
    if (failed_) return nullptr;
    node->terms.push(term, arena_);
    if (!token_.is(",")) break;
    if (!advance()) return nullptr;
  }
  return expect(")", true) ? node : nullptr;
}

Ast* Parser::transform(const Token& token) {
  Ast* node = make(Ast::Kind::transform, token);
  node->left = expression(0);
  if (failed_ || !expect("|")) return nullptr;
  node->right = expression(0);
  if (failed_) return nullptr;
  if (token_.is(",")) {
    if (!advance()) return nullptr;
    node->third = expression(0);
    if (failed_) return nullptr;
  }
  return expect("|", true) ? node : nullptr;
}

Ast* Parser::conditional(const Token& token, Ast* left) {
  bool plain = token.text == "?";
  Ast* node = make(plain ? Ast::Kind::condition : token.text == "??" ? Ast::Kind::coalesce : Ast::Kind::elvis, token);
  node->left = left;
  if (!plain) {
    node->third = expression(0);
    return failed_ ? nullptr : node;
  }
  node->right = expression(0);
  if (failed_) return nullptr;
  if (token_.is(":")) {
    if (!advance()) return nullptr;
    node->third = expression(0);
  }
  return failed_ ? nullptr : node;
}

}  // namespace busway::jsonata
