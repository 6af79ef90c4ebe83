#include "transforms/jsonata/functions/integer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "bus/number_text.hpp"
#include "transforms/jsonata/functions/functions.hpp"
#include "transforms/jsonata/functions/words.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata {

namespace {

// Where Unicode's groups of ten decimal digits start.
constexpr char32_t digit_groups[] = {0x30,   0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6,
                                     0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0,
                                     0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620,
                                     0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10};

char32_t group_of(char32_t code) {
  for (char32_t group : digit_groups) {
    if (code >= group && code <= group + 9) return group;
  }
  return 0;
}

// The distance of separators that come at equal distances and are all the same, else 0.
std::size_t regular_distance(const std::vector<IntegerPicture::Separator>& separators) {
  if (separators.empty()) return 0;
  std::size_t distance = 0;
  for (const auto& separator : separators) {
    if (separator.character != separators[0].character) return 0;
    distance = std::gcd(distance, separator.position);
  }
  if (distance == 0) return 0;
  for (std::size_t i = 1; i <= separators.size(); ++i) {
    bool found = std::any_of(separators.begin(), separators.end(),
                             [&](const auto& separator) { return separator.position == i * distance; });
    if (!found) return 0;
  }
  return distance;
}

bool parse_digits(std::string_view text, IntegerPicture& into, std::string_view& code) {
  std::u32string points;
  for (std::size_t at = 0; at < text.size();) points += next_code_point(text, at);
  std::size_t position = 0;
  bool found = false;
  for (std::size_t i = points.size(); i-- > 0;) {
    if (char32_t group = group_of(points[i]); group != 0) {
      if (found && group != into.zero) {
        code = "D3131";
        return false;
      }
      into.zero = group;
      found = true;
      ++into.mandatory;
      ++position;
    } else if (points[i] == U'#') {
      ++into.optional;
      ++position;
    } else {
      into.separators.push_back({position, points[i]});
    }
  }
  if (!found) {
    into.form = IntegerPicture::Form::sequence;
    return true;
  }
  into.every = regular_distance(into.separators);
  into.regular = into.every > 0;
  return true;
}

std::string_view ordinal_suffix(const std::string& digits) {
  char last = digits.back();
  bool teen = digits.size() > 1 && digits[digits.size() - 2] == '1';
  if (teen) return "th";
  return last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th";
}

std::string format_decimal(double value, const IntegerPicture& picture) {
  char buffer[32];
  std::string plain(shortest_number(value, buffer));
  if (plain.size() < picture.mandatory) plain.insert(0, picture.mandatory - plain.size(), '0');
  std::string out;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    char c = plain[i];
    if (c >= '0' && c <= '9') {
      append_code_point(out, picture.zero + static_cast<char32_t>(c - '0'));
    } else {
      out += c;
    }
    std::size_t right = plain.size() - i - 1;
    if (right == 0) break;
    if (picture.regular) {
      if (right % picture.every == 0) append_code_point(out, picture.separators[0].character);
    } else {
      // They were collected from the right.
      for (auto separator = picture.separators.rbegin(); separator != picture.separators.rend(); ++separator) {
        if (separator->position == right) append_code_point(out, separator->character);
      }
    }
  }
  if (picture.ordinal) out += ordinal_suffix(plain);
  return out;
}

double parse_decimal(std::string_view text, const IntegerPicture& picture) {
  if (picture.ordinal && text.size() > 2) text.remove_suffix(2);
  double value = 0;
  bool any = false;
  bool negative = false;
  for (std::size_t at = 0; at < text.size();) {
    char32_t code = next_code_point(text, at);
    if (code >= picture.zero && code <= picture.zero + 9) {
      value = value * 10 + static_cast<double>(code - picture.zero);
      any = true;
      continue;
    }
    bool separates = std::any_of(picture.separators.begin(), picture.separators.end(),
                                 [code](const auto& separator) { return separator.character == code; });
    if (separates) continue;
    if (!any && !negative && code == U'-') {
      negative = true;
      continue;
    }
    break;
  }
  if (!any) return std::numeric_limits<double>::quiet_NaN();
  return negative ? -value : value;
}

}  // namespace

bool IntegerPicture::parse(std::string_view picture, IntegerPicture& into, std::string_view& code) {
  std::string_view primary = picture;
  if (std::size_t semicolon = picture.rfind(';'); semicolon != std::string_view::npos) {
    primary = picture.substr(0, semicolon);
    into.ordinal = picture.substr(semicolon + 1).starts_with('o');
  }
  if (primary == "A" || primary == "a") {
    into.form = Form::letters;
  } else if (primary == "I" || primary == "i") {
    into.form = Form::roman;
  } else if (primary == "W" || primary == "w" || primary == "Ww") {
    into.form = Form::words;
  } else {
    return parse_digits(primary, into, code);
  }
  into.letter_case = primary == "Ww" ? Case::title : primary[0] >= 'a' ? Case::lower : Case::upper;
  return true;
}

std::string format_integer(double value, const IntegerPicture& picture, std::string_view& code) {
  bool negative = value < 0;
  value = std::fabs(value);
  std::string out;
  switch (picture.form) {
    case IntegerPicture::Form::letters:
      out = number_to_letters(value, picture.letter_case == IntegerPicture::Case::upper ? 'A' : 'a');
      break;
    case IntegerPicture::Form::roman:
      out = number_to_roman(value);
      if (picture.letter_case == IntegerPicture::Case::upper) out = to_upper(out);
      break;
    case IntegerPicture::Form::words:
      out = number_to_words(value, picture.ordinal);
      if (picture.letter_case == IntegerPicture::Case::upper) out = to_upper(out);
      if (picture.letter_case == IntegerPicture::Case::lower) out = to_lower(out);
      break;
    case IntegerPicture::Form::decimal: out = format_decimal(value, picture); break;
    case IntegerPicture::Form::sequence: code = "D3130"; return {};
  }
  return negative ? "-" + out : out;
}

double parse_integer(std::string_view text, const IntegerPicture& picture, std::string_view& code) {
  bool upper = picture.letter_case == IntegerPicture::Case::upper;
  switch (picture.form) {
    case IntegerPicture::Form::letters: return letters_to_number(text, upper ? 'A' : 'a');
    case IntegerPicture::Form::roman: return roman_to_number(text);
    case IntegerPicture::Form::words:
      if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) break;
      return words_to_number(to_lower(text));
    case IntegerPicture::Form::decimal: return parse_decimal(text, picture);
    case IntegerPicture::Form::sequence: code = "D3130"; break;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace busway::jsonata

namespace busway::jsonata::functions {

Node format_integer(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_number() || !arguments[1].is_string()) return {};
  IntegerPicture picture;
  std::string_view code;
  double value = std::floor(arguments[0].as_double());
  if (!std::isfinite(value)) return evaluation.fail("D1001");
  if (!IntegerPicture::parse(arguments[1].text(), picture, code)) return evaluation.fail(code, arguments[1].text());
  std::string out = jsonata::format_integer(value, picture, code);
  return code.empty() ? evaluation.make_string(out) : evaluation.fail(code, arguments[1].text());
}

Node parse_integer(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_string() || !arguments[1].is_string()) return {};
  IntegerPicture picture;
  std::string_view code;
  if (!IntegerPicture::parse(arguments[1].text(), picture, code)) return evaluation.fail(code, arguments[1].text());
  double value = jsonata::parse_integer(arguments[0].text(), picture, code);
  if (!code.empty()) return evaluation.fail(code, arguments[1].text());
  return std::isnan(value) ? evaluation.fail("D3030", arguments[0].text()) : Node::number(value);
}

}  // namespace busway::jsonata::functions
