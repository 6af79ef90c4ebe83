#pragma once

#include <cstdint>
#include <string_view>

#include "bus/document.hpp"
#include "bus/error.hpp"

namespace busway::jsonata {

enum class TokenKind : std::uint8_t { end, name, variable, number, string, value, symbol, regex };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text{};    // name, symbol, a string's decoded text, a number's text, a regex's pattern; lives in text or arena
  std::string_view flags{};   // of a regex
  std::int64_t position = 0;  // code points before the token's end, as jsonata-js counts

  bool is(std::string_view symbol) const { return kind == TokenKind::symbol && text == symbol; }
};

// Cuts the text of an expression into tokens, one at a time: whether `/` divides or starts a regular expression depends on what
// stands before it, and only the parser knows.
class Lexer {
 public:
  Lexer(std::string_view text, Arena& arena) : text_(text), arena_(arena) {}

  // `after_value`: the token before was a value, so `/` divides.
  Result<Token> next(bool after_value);

 private:
  char at(std::size_t index) const { return index < text_.size() ? text_[index] : '\0'; }
  void skip(std::size_t bytes);
  Token token(TokenKind kind, std::string_view text) const {
    return {.kind = kind, .text = text, .flags = {}, .position = position_};
  }
  Result<Token> read_string(char quote);
  bool read_unicode_escape(char32_t& code_point);
  Result<Token> read_number();
  Result<Token> read_regex();
  Token read_name();

  std::string_view text_;
  Arena& arena_;
  std::size_t at_ = 0;
  std::int64_t position_ = 0;
};

}  // namespace busway::jsonata
