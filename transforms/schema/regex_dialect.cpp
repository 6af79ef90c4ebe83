#include "transforms/schema/regex_dialect.hpp"

#include <algorithm>

#include "transforms/formats/utf8.hpp"
#include "transforms/schema/characters.hpp"
#include "transforms/schema/regex_translator.hpp"

namespace busway::schema {

namespace {

constexpr std::size_t most_output = 64 * 1024;
constexpr int most_repeats = 1000;  // RE2's own bound
// Repetitions times the length of what they repeat: RE2 writes them out before it looks at its own limit.
constexpr std::size_t most_written_out = 512 * 1024;
constexpr std::string_view no_line_end = "[^\\n\\r\\x{2028}\\x{2029}]";
}  // namespace

bool RegexTranslator::run() {
  while (at_ < text_.size() && error_.empty()) term();
  if (error_.empty() && !groups_.empty()) refuse(groups_.back().at, "the group is never closed");
  return error_.empty();
}

void RegexTranslator::refuse(std::size_t at, std::string why) {
  if (!error_.empty()) return;
  error_ = std::move(why);
  error_at_ = at;
}

void RegexTranslator::cannot(std::size_t at, std::string why) {
  if (!unsupported_.empty()) return;
  unsupported_ = std::move(why);
  unsupported_at_ = at;
}

// Nothing more once there is something RE2 cannot do: then only the grammar counts.
void RegexTranslator::emit(std::string_view piece) {
  if (!unsupported_.empty()) return;
  if (out_.size() + piece.size() > most_output) {
    cannot(at_, "a regular expression this long");
  } else {
    out_ += piece;
  }
}

void RegexTranslator::atom(std::string_view piece) {
  atom_ = out_.size();
  emit(piece);
}

void RegexTranslator::term() {
  char c = text_[at_];
  switch (c) {
    case '^':
    case '$':
      ++at_;
      emit(c == '^' ? "^" : "$");
      atom_.reset();
      break;
    case '|':
      ++at_;
      emit("|");
      atom_.reset();
      break;
    case '(': open(); break;
    case ')':
      if (groups_.empty()) return refuse(at_, "a ')' closes nothing");
      ++at_;
      emit(")");
      atom_ = groups_.back().start;
      groups_.pop_back();
      break;
    case '*':
    case '+':
    case '?': {
      std::size_t start = at_++;
      repeat(start, c == '+' ? 1 : 0, c == '?' ? 1 : -1);
      break;
    }
    case '{': brace(); break;
    case '.':
      ++at_;
      atom(no_line_end);
      break;
    case '[': character_class(); break;
    case '\\': escape(); break;
    default: atom(literal(take_character())); break;
  }
}

void RegexTranslator::open() {
  std::size_t start = at_;
  ++at_;
  if (next_is("?")) {
    bool look_ahead = next_is("?=") || next_is("?!");
    bool look_behind = next_is("?<=") || next_is("?<!");
    if (look_ahead || look_behind) {
      cannot(start, look_ahead ? "look-ahead" : "look-behind");
      at_ += look_ahead ? 2 : 3;
    } else if (next_is("?:")) {
      at_ += 2;
    } else if (next_is("?<")) {
      std::size_t end = text_.find('>', at_);
      if (end == std::string_view::npos || !is_name(text_.substr(at_ + 2, end - at_ - 2))) {
        return refuse(start, "the group's name is none");
      }
      at_ = end + 1;
    } else {
      return refuse(start, "'(?' is followed by what ECMAScript does not know");
    }
  }
  groups_.push_back({start, out_.size()});
  emit("(?:");
  atom_.reset();
}

bool RegexTranslator::is_name(std::string_view text) {
  if (text.empty() || is_digit(text[0])) return false;
  for (char c : text) {
    if (is_ascii(c) && !is_alnum(c) && c != '_' && c != '$') return false;
  }
  return true;
}

int RegexTranslator::number() {
  int value = -1;
  while (at_ < text_.size() && is_digit(text_[at_])) {
    value = std::max(value, 0);
    if (value < 10'000'000) value = value * 10 + (text_[at_] - '0');
    ++at_;
  }
  return value;
}

void RegexTranslator::brace() {
  std::size_t start = at_;
  ++at_;
  int low = number();
  int high = low;
  if (low >= 0 && next_is(",")) {
    ++at_;
    high = number();
  }
  if (low < 0 || !next_is("}")) {
    at_ = start + 1;
    atom("\\{");  // it opens nothing
    return;
  }
  ++at_;
  if (high >= 0 && high < low) return refuse(start, "the repetition ends before it begins");
  repeat(start, low, high);
}

void RegexTranslator::repeat(std::size_t start, int low, int high) {
  if (!atom_) return refuse(start, "there is nothing to repeat");
  std::string_view lazy;
  if (next_is("?")) {
    ++at_;
    lazy = "?";
  }
  std::size_t size = out_.size() - *atom_;
  int most = std::max(low, high);
  if (most > 1) written_out_ += size * static_cast<std::size_t>(most);
  if (written_out_ > most_written_out) cannot(start, "so many repetitions");
  if (unsupported_.empty() && most > most_repeats) {
    repeat_in_pieces(out_.substr(*atom_), low, high, lazy);
  } else {
    emit_range(low, high, lazy);
  }
  atom_.reset();
}

// What stands last in the output is `unit`; it is written once for every thousand.
void RegexTranslator::repeat_in_pieces(const std::string& unit, int low, int high, std::string_view lazy) {
  out_.resize(out_.size() - unit.size());
  emit("(?:");
  int must = low;
  for (; must > most_repeats && unsupported_.empty(); must -= most_repeats) {
    emit(unit);
    emit_range(most_repeats, most_repeats, lazy);
  }
  emit(unit);
  emit_range(must, high < 0 ? -1 : must, lazy);
  for (int may = high - low; may > 0 && unsupported_.empty(); may -= most_repeats) {
    emit(unit);
    emit_range(0, std::min(may, most_repeats), lazy);
  }
  emit(")");
}

void RegexTranslator::emit_range(int low, int high, std::string_view lazy) {
  if (low == 0 && high == 1) {
    emit("?");
  } else if (high < 0 && low <= 1) {
    emit(low == 0 ? "*" : "+");
  } else {
    emit("{" + std::to_string(low) + (high == low ? "" : high < 0 ? "," : "," + std::to_string(high)) + "}");
  }
  emit(lazy);
}

Result<std::string> translate_regex(std::string_view pattern) {
  RegexTranslator translator(pattern);
  auto refuse = [&](std::size_t at, std::string text, std::string code) {
    return fail(ErrorKind::config, std::move(text), std::move(code), place_of(pattern, at).position);
  };
  if (!translator.run()) return refuse(translator.error_at(), translator.error(), "syntax");
  if (!translator.unsupported().empty()) {
    return refuse(translator.unsupported_at(), "the regular expressions here cannot do " + translator.unsupported(),
                  "unsupported");
  }
  return std::move(translator.output());
}

bool is_regex(std::string_view pattern) {
  return RegexTranslator(pattern).run();
}

}  // namespace busway::schema
