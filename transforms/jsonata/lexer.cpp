#include "transforms/jsonata/lexer.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "bus/pause.hpp"
#include "transforms/jsonata/errors.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata {

namespace {

constexpr std::string_view single_symbols = ".[]{}(),@#;:?+-*/%|=<>^&!~";
constexpr std::string_view double_symbols[] = {"..", ":=", "!=", ">=", "<=", "**", "~>", "?:", "??"};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void Lexer::skip(std::size_t bytes) {
  std::size_t end = std::min(at_ + bytes, text_.size());
  for (; at_ < end; ++at_) {
    if ((static_cast<unsigned char>(text_[at_]) & 0xC0U) != 0x80U) ++position_;
  }
}

Result<Token> Lexer::next(bool after_value) {
  pause_if_due();
  for (;;) {
    while (at_ < text_.size() && is_space(text_[at_])) skip(1);
    if (at(at_) != '/' || at(at_ + 1) != '*') break;
    std::int64_t start = position_;
    std::size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) return std::unexpected(text_error("S0106", start));
    skip(end + 2 - at_);
  }
  if (at_ >= text_.size()) return token(TokenKind::end, "(end)");
  char c = text_[at_];
  if (c == '/' && !after_value) {
    skip(1);
    return read_regex();
  }
  for (std::string_view symbol : double_symbols) {
    if (text_.substr(at_, 2) == symbol) {
      skip(2);
      return token(TokenKind::symbol, symbol);
    }
  }
  if (auto found = single_symbols.find(c); c != '\0' && found != std::string_view::npos) {
    skip(1);
    return token(TokenKind::symbol, single_symbols.substr(found, 1));
  }
  if (c == '"' || c == '\'') return read_string(c);
  if (is_digit(c)) return read_number();
  if (c == '`') {
    std::size_t end = text_.find('`', at_ + 1);
    if (end == std::string_view::npos) {
      skip(text_.size());
      return std::unexpected(text_error("S0105", position_));
    }
    std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
    skip(end + 1 - at_);
    return token(TokenKind::name, arena_.copy(name));
  }
  return read_name();
}

bool Lexer::read_unicode_escape(char32_t& code_point) {
  code_point = 0;
  for (std::size_t i = 1; i <= 4; ++i) {
    int digit = hex_value(at(at_ + i));
    if (digit < 0) return false;
    code_point = code_point * 16 + static_cast<char32_t>(digit);
  }
  return true;
}

Result<Token> Lexer::read_string(char quote) {
  skip(1);
  std::string decoded;
  while (at_ < text_.size()) {
    char c = text_[at_];
    if (c == quote) {
      skip(1);
      return token(TokenKind::string, arena_.copy(decoded));
    }
    if (c != '\\') {
      decoded += c;
      skip(1);
      continue;
    }
    skip(1);
    char escaped = at(at_);
    constexpr std::string_view from = "\"\\/bfnrt";
    constexpr std::string_view to = "\"\\/\b\f\n\r\t";
    if (auto known = from.find(escaped); at_ < text_.size() && known != std::string_view::npos) {
      decoded += to[known];
      skip(1);
    } else if (escaped == 'u') {
      char32_t code = 0;
      if (!read_unicode_escape(code)) return std::unexpected(text_error("S0104", position_));
      skip(5);
      char32_t low = 0;
      bool high = code >= 0xD800 && code < 0xDC00 && at(at_) == '\\' && at(at_ + 1) == 'u';
      if (high) {
        ++at_;
        high = read_unicode_escape(low) && low >= 0xDC00 && low < 0xE000;
        --at_;
      }
      if (high) {
        skip(6);
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      }
      append_code_point(decoded, code);
    } else {
      std::size_t end = at_;
      if (end < text_.size()) next_code_point(text_, end);
      return std::unexpected(text_error("S0103", position_, text_.substr(at_, end - at_)));
    }
  }
  return std::unexpected(text_error("S0101", position_));
}

Result<Token> Lexer::read_number() {
  std::size_t end = at_;
  if (text_[end] == '0') {
    ++end;
  } else {
    while (is_digit(at(end))) ++end;
  }
  if (at(end) == '.' && is_digit(at(end + 1))) {
    ++end;
    while (is_digit(at(end))) ++end;
  }
  if (at(end) == 'e' || at(end) == 'E') {
    std::size_t exponent = end + 1;
    if (at(exponent) == '+' || at(exponent) == '-') ++exponent;
    if (is_digit(at(exponent))) {
      end = exponent;
      while (is_digit(at(end))) ++end;
    }
  }
  std::string_view digits = text_.substr(at_, end - at_);
  if (!std::isfinite(Node::number_text(digits).as_double())) return std::unexpected(text_error("S0102", position_, digits));
  skip(digits.size());
  return token(TokenKind::number, arena_.copy(digits));
}

Result<Token> Lexer::read_regex() {
  std::size_t start = at_;
  int depth = 0;
  bool escaped = false;
  while (at_ < text_.size()) {
    char c = text_[at_];
    if (c == '/' && depth == 0 && !escaped) {
      std::string_view pattern = text_.substr(start, at_ - start);
      if (pattern.empty()) return std::unexpected(text_error("S0301", position_));
      skip(1);
      std::size_t flags = at_;
      while (at(at_) == 'i' || at(at_) == 'm') skip(1);
      Token regex = token(TokenKind::regex, arena_.copy(pattern));
      regex.flags = arena_.copy(text_.substr(flags, at_ - flags));
      return regex;
    }
    if (!escaped && (c == '(' || c == '[' || c == '{')) ++depth;
    if (!escaped && (c == ')' || c == ']' || c == '}')) --depth;
    escaped = c == '\\' && !escaped;
    skip(1);
  }
  return std::unexpected(text_error("S0302", position_));
}

Token Lexer::read_name() {
  std::size_t end = at_;
  while (end < text_.size() && !is_space(text_[end]) &&
         (text_[end] == '\0' || single_symbols.find(text_[end]) == std::string_view::npos)) {
    ++end;
  }
  std::string_view name = text_.substr(at_, end - at_);
  skip(name.size());
  if (name.starts_with('$')) return token(TokenKind::variable, arena_.copy(name.substr(1)));
  if (name == "and" || name == "or" || name == "in")
    return token(TokenKind::symbol, name == "and" ? "and" : name == "or" ? "or" : "in");
  if (name == "true" || name == "false" || name == "null") return token(TokenKind::value, arena_.copy(name));
  return token(TokenKind::name, arena_.copy(name));
}

}  // namespace busway::jsonata
