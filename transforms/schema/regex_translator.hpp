#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace busway::schema {

// Behind translate_regex(): one pass over a pattern, with the translation built beside it. One pattern each.
class RegexTranslator {
 public:
  explicit RegexTranslator(std::string_view text) : text_(text) {}

  // False when this is no regular expression; unsupported() may be set all the same.
  bool run();

  std::string& output() { return out_; }
  const std::string& error() const { return error_; }
  const std::string& unsupported() const { return unsupported_; }
  std::size_t error_at() const { return error_at_; }
  std::size_t unsupported_at() const { return unsupported_at_; }

 private:
  struct Group {
    std::size_t at;     // of the '(' in the pattern
    std::size_t start;  // in the output
  };
  void refuse(std::size_t at, std::string why);
  void cannot(std::size_t at, std::string why);
  bool next_is(std::string_view prefix) const { return text_.substr(at_).starts_with(prefix); }
  void emit(std::string_view piece);
  void atom(std::string_view piece);
  void term();
  void open();

  static bool is_name(std::string_view text);

  // A number, or -1. Values stop growing far above any bound.
  int number();
  void brace();

  // The last atom `low` to `high` times; -1 is without end.
  void repeat(std::size_t start, int low, int high);
  void repeat_in_pieces(const std::string& unit, int low, int high, std::string_view lazy);
  void emit_range(int low, int high, std::string_view lazy);

  // ---- characters, escapes and classes: regex_escape.cpp ----
  std::uint32_t take_character();

  static std::string literal(std::uint32_t code_point);

  std::optional<std::uint32_t> hex(std::size_t least, std::size_t most);

  std::uint32_t unicode_escape(std::size_t start);

  // What `\c` at `at_` (behind the backslash) stands for, when it is one character.
  std::optional<std::uint32_t> character_escape(std::size_t start, char c);

  // `\p{...}` and `\P{...}`, as a piece that stands inside a class or alone.
  std::string property(std::size_t start, char c);

  // A class that is written with a letter, as a piece inside brackets.
  std::optional<std::string> class_escape(std::size_t start, char c);
  void escape();

  // One member of a class: a character, or a piece that stands for many.
  struct ClassAtom {
    std::optional<std::uint32_t> character;
    std::string piece;
  };
  ClassAtom class_atom();
  void character_class();

  static void add_range(std::string& pieces, std::uint32_t first, std::uint32_t last);

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  std::optional<std::size_t> atom_;  // where in the output the last thing begins that can be repeated
  std::vector<Group> groups_;
  std::size_t written_out_ = 0;
  std::string error_;
  std::string unsupported_;
  std::size_t error_at_ = 0;
  std::size_t unsupported_at_ = 0;
};

}  // namespace busway::schema
