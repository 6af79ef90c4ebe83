#include "transforms/formats/utf8.hpp"
#include "transforms/schema/characters.hpp"
#include "transforms/schema/regex_dialect.hpp"
#include "transforms/schema/regex_translator.hpp"

// Characters, escapes and character classes.

namespace busway::schema {

namespace {

constexpr std::string_view no_character = "[^\\x00-\\x{10FFFF}]";
constexpr std::string_view any_character = "[\\x00-\\x{10FFFF}]";
// WhiteSpace and LineTerminator of ECMA-262, 12.2 and 12.3, as pieces of a class, and everything else.
constexpr std::string_view blanks =
    "\\t-\\r \\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}";
constexpr std::string_view no_blanks =
    "\\x00-\\x08\\x0E-\\x1F!-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{1FFF}\\x{200B}-\\x{2027}\\x{202A}-\\x{202E}\\x{2030}-\\x{205E}"
    "\\x{2060}-\\x{2FFF}\\x{3001}-\\x{FEFE}\\x{FF00}-\\x{10FFFF}";

bool is_surrogate(std::uint32_t code_point) {
  return code_point >= 0xD800 && code_point <= 0xDFFF;
}

}  // namespace

std::string RegexTranslator::literal(std::uint32_t code_point) {
  if (is_surrogate(code_point)) return std::string(no_character);
  if (code_point < 0x80 && is_alnum(static_cast<char>(code_point))) return std::string(1, static_cast<char>(code_point));
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string hex;
  for (std::uint32_t rest = code_point; rest != 0 || hex.empty(); rest /= 16) hex.insert(hex.begin(), digits[rest % 16]);
  return "\\x{" + hex + "}";
}

std::uint32_t RegexTranslator::take_character() {
  std::size_t size = utf8_sequence(text_.substr(at_));
  if (size == 0) {
    refuse(at_, "the pattern is not UTF-8");
    ++at_;
    return 0;
  }
  auto code_point = static_cast<std::uint32_t>(decode_utf8(text_.data() + at_, size));
  at_ += size;
  return code_point;
}

std::optional<std::uint32_t> RegexTranslator::hex(std::size_t least, std::size_t most) {
  std::uint32_t value = 0;
  std::size_t count = 0;
  for (; count < most && at_ < text_.size() && is_hex(text_[at_]); ++count, ++at_) {
    value = value * 16 + static_cast<std::uint32_t>(hex_digit(text_[at_]));
    if (value > 0x10FFFF) return std::nullopt;
  }
  if (count < least) return std::nullopt;
  return value;
}

std::uint32_t RegexTranslator::unicode_escape(std::size_t start) {
  if (next_is("{")) {
    ++at_;
    auto value = hex(1, 32);
    if (!value || !next_is("}")) {
      refuse(start, "'\\u{' needs a code point and '}'");
      return 0;
    }
    ++at_;
    return *value;
  }
  auto high = hex(4, 4);
  if (!high) {
    refuse(start, "'\\u' needs four hexadecimal digits");
    return 0;
  }
  if (*high < 0xD800 || *high > 0xDBFF || !next_is("\\u")) return *high;
  std::size_t back = at_;
  at_ += 2;
  auto low = hex(4, 4);
  if (low && *low >= 0xDC00 && *low <= 0xDFFF) return 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
  at_ = back;
  return *high;
}

std::optional<std::uint32_t> RegexTranslator::character_escape(std::size_t start, char c) {
  switch (c) {
    case 't': return 0x09;
    case 'n': return 0x0A;
    case 'v': return 0x0B;
    case 'f': return 0x0C;
    case 'r': return 0x0D;
    case '0':
      if (at_ < text_.size() && is_digit(text_[at_])) refuse(start, "'\\0' is followed by a digit");
      return 0;
    case 'c': {
      if (at_ >= text_.size() || !is_alpha(text_[at_])) {
        refuse(start, "'\\c' needs a letter");
        return 0;
      }
      return static_cast<std::uint32_t>(text_[at_++]) % 32;
    }
    case 'x': {
      auto value = hex(2, 2);
      if (!value) refuse(start, "'\\x' needs two hexadecimal digits");
      return value.value_or(0);
    }
    case 'u': return unicode_escape(start);
    default: return std::nullopt;
  }
}

std::string RegexTranslator::property(std::size_t start, char c) {
  std::size_t end = text_.find('}', at_);
  if (!next_is("{") || end == std::string_view::npos) {
    refuse(start, "a property is written \\p{Name}");
    return {};
  }
  std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
  at_ = end + 1;
  bool negated = c == 'P';
  if (name == "Any") return negated ? "" : "\\x00-\\x{10FFFF}";
  if (name == "ASCII") return negated ? "\\x{80}-\\x{10FFFF}" : "\\x00-\\x7F";
  std::string_view known = property_name(name);
  if (known.empty()) {
    cannot(start, "the property '" + std::string(name.substr(0, 40)) + "'");
    return {};
  }
  return (negated ? "\\P{" : "\\p{") + std::string(known) + "}";
}

std::optional<std::string> RegexTranslator::class_escape(std::size_t start, char c) {
  switch (c) {
    case 'd': return "\\d";
    case 'D': return "\\D";
    case 'w': return "\\w";
    case 'W': return "\\W";
    case 's': return std::string(blanks);
    case 'S': return std::string(no_blanks);
    case 'p':
    case 'P': return property(start, c);
    default: return std::nullopt;
  }
}

void RegexTranslator::escape() {
  std::size_t start = at_++;
  if (at_ >= text_.size()) return refuse(start, "the pattern ends in a backslash");
  char c = text_[at_];
  if (c == 'b' || c == 'B') {
    ++at_;
    emit(c == 'b' ? "\\b" : "\\B");
    atom_.reset();
    return;
  }
  if (c == 'k') {
    std::size_t end = text_.find('>', at_);
    if (text_.substr(at_ + 1, 1) != "<" || end == std::string_view::npos || !is_name(text_.substr(at_ + 2, end - at_ - 2))) {
      return refuse(start, "'\\k' needs a group's name");
    }
    at_ = end + 1;
    cannot(start, "back-references");
    return atom("");
  }
  if (c >= '1' && c <= '9') {
    number();
    cannot(start, "back-references");
    return atom("");
  }
  if (is_alnum(c)) ++at_;
  if (auto piece = class_escape(start, c)) return atom(piece->empty() ? no_character : "[" + *piece + "]");
  if (auto code_point = is_alnum(c) ? character_escape(start, c) : std::nullopt) return atom(literal(*code_point));
  if (is_alnum(c)) return refuse(start, "'\\" + std::string(1, c) + "' is no escape of ECMAScript");
  atom(literal(take_character()));
}

RegexTranslator::ClassAtom RegexTranslator::class_atom() {
  std::size_t start = at_;
  if (text_[at_] != '\\') return {take_character(), {}};
  ++at_;
  if (at_ >= text_.size()) {
    refuse(start, "the pattern ends in a backslash");
    return {};
  }
  char c = text_[at_];
  if (!is_alnum(c)) return {take_character(), {}};
  ++at_;
  if (c == 'b') return {0x08, {}};
  if (auto piece = class_escape(start, c)) return {std::nullopt, *piece};
  if (auto code_point = character_escape(start, c)) return {code_point, {}};
  refuse(start, "'\\" + std::string(1, c) + "' is no escape of ECMAScript");
  return {};
}

void RegexTranslator::character_class() {
  std::size_t start = at_++;
  bool negated = next_is("^");
  if (negated) ++at_;
  std::string pieces;
  while (at_ < text_.size() && text_[at_] != ']' && error_.empty()) {
    std::size_t from = at_;
    ClassAtom first = class_atom();
    bool range = first.character && next_is("-") && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
    std::size_t dash = at_;
    if (range) {
      ++at_;
      ClassAtom last = class_atom();
      if (last.character) {
        if (*last.character < *first.character) return refuse(from, "the range ends before it begins");
        add_range(pieces, *first.character, *last.character);
        continue;
      }
      at_ = dash;  // `a-\d`: the hyphen is itself
    }
    if (first.character) {
      add_range(pieces, *first.character, *first.character);
    } else {
      pieces += first.piece;
    }
  }
  if (at_ >= text_.size()) return refuse(start, "the character class is never closed");
  ++at_;
  if (pieces.empty()) return atom(negated ? any_character : no_character);
  atom((negated ? "[^" : "[") + pieces + "]");
}

void RegexTranslator::add_range(std::string& pieces, std::uint32_t first, std::uint32_t last) {
  // RE2 has no surrogates; neither has any text it is shown.
  if (is_surrogate(first)) first = 0xE000;
  if (is_surrogate(last)) last = 0xD7FF;
  if (first > last) return;
  pieces += literal(first);
  if (first != last) pieces += "-" + literal(last);
}

}  // namespace busway::schema
