#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "transforms/jsonata/functions/functions.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata::functions {

namespace {

using Text = std::u32string;

Text decode(std::string_view bytes) {
  Text text;
  for (std::size_t at = 0; at < bytes.size();) text += next_code_point(bytes, at);
  return text;
}

// The characters of a picture, as XPath's decimal formats name them.
struct Symbols {
  char32_t decimal = U'.';
  char32_t grouping = U',';
  char32_t exponent = U'e';
  Text minus = U"-";
  char32_t percent = U'%';
  char32_t per_mille = U'\u2030';
  char32_t zero = U'0';
  char32_t digit = U'#';
  char32_t pattern = U';';

  bool is_digit(char32_t c) const { return c >= zero && c < zero + 10; }
  bool is_place(char32_t c) const { return is_digit(c) || c == digit; }
  bool is_active(char32_t c) const { return is_place(c) || c == decimal || c == exponent || c == grouping || c == pattern; }

  void set(std::string_view name, std::string_view value) {
    Text text = decode(value);
    if (text.empty()) return;
    if (name == "decimal-separator") decimal = text[0];
    if (name == "grouping-separator") grouping = text[0];
    if (name == "exponent-separator") exponent = text[0];
    if (name == "minus-sign") minus = text;
    if (name == "percent") percent = text[0];
    if (name == "per-mille") per_mille = text[0];
    if (name == "zero-digit") zero = text[0];
    if (name == "digit") digit = text[0];
    if (name == "pattern-separator") pattern = text[0];
  }
};

// One half of a picture, analysed.
struct Picture {
  Text whole, prefix, suffix, integer, fraction;
  bool has_exponent = false;
  Text mantissa, exponent;
  std::size_t least_integer = 0, scaling = 0, least_fraction = 0, most_fraction = 0, least_exponent = 0;
  std::vector<std::size_t> groups, fraction_groups;
  std::size_t regular = 0;
};

std::size_t count_of(const Text& text, char32_t c) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), c));
}

template <class Test>
std::size_t count_if(const Text& text, Test test) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), test));
}

Picture split(const Text& text, const Symbols& symbols) {
  Picture picture;
  picture.whole = text;
  auto ends = [&symbols](char32_t c) { return symbols.is_active(c) && c != symbols.exponent; };
  std::size_t first = 0;
  while (first < text.size() && !ends(text[first])) ++first;
  std::size_t last = text.size();
  while (last > first && !ends(text[last - 1])) --last;
  if (first == text.size()) first = last = 0;
  picture.prefix = text.substr(0, first);
  picture.suffix = first == 0 && last == 0 ? Text() : text.substr(last);
  Text active = first == 0 && last == 0 ? text : text.substr(first, last - first);
  std::size_t exponent = active.find(symbols.exponent);
  picture.has_exponent = exponent != Text::npos;
  picture.mantissa = active.substr(0, exponent);
  if (picture.has_exponent) picture.exponent = active.substr(exponent + 1);
  std::size_t point = picture.mantissa.find(symbols.decimal);
  picture.integer = picture.mantissa.substr(0, point);
  picture.fraction = point == Text::npos ? picture.suffix : picture.mantissa.substr(point + 1);
  return picture;
}

// The code of what is wrong, or nothing. Later rules win, as in jsonata-js.
std::string_view problem_of(const Picture& picture, const Symbols& symbols) {
  std::string_view code;
  const Text& whole = picture.whole;
  auto digit = [&symbols](char32_t c) { return symbols.is_digit(c); };
  std::size_t percents = count_of(whole, symbols.percent);
  std::size_t per_milles = count_of(whole, symbols.per_mille);
  if (count_of(whole, symbols.decimal) > 1) code = "D3081";
  if (percents > 1) code = "D3082";
  if (per_milles > 1) code = "D3083";
  if (percents > 0 && per_milles > 0) code = "D3084";
  if (count_if(picture.mantissa, [&symbols](char32_t c) { return symbols.is_place(c); }) == 0) code = "D3085";
  Text active = whole.substr(picture.prefix.size(), whole.size() - picture.prefix.size() - picture.suffix.size());
  if (count_if(active, [&symbols](char32_t c) { return !symbols.is_active(c); }) > 0) code = "D3086";
  std::size_t point = whole.find(symbols.decimal);
  if (point != Text::npos) {
    if ((point > 0 && whole[point - 1] == symbols.grouping) || (point + 1 < whole.size() && whole[point + 1] == symbols.grouping))
      code = "D3087";
  } else if (!picture.integer.empty() && picture.integer.back() == symbols.grouping) {
    code = "D3088";
  }
  if (whole.find(Text(2, symbols.grouping)) != Text::npos) code = "D3089";
  std::size_t optional = picture.integer.find(symbols.digit);
  if (optional != Text::npos && count_if(picture.integer.substr(0, optional), digit) > 0) code = "D3090";
  optional = picture.fraction.rfind(symbols.digit);
  if (optional != Text::npos && count_if(picture.fraction.substr(optional), digit) > 0) code = "D3091";
  if (picture.has_exponent) {
    if (!picture.exponent.empty() && percents + per_milles > 0) code = "D3092";
    if (picture.exponent.empty() || count_if(picture.exponent, digit) != picture.exponent.size()) code = "D3093";
  }
  return code;
}

void analyse(Picture& picture, const Symbols& symbols) {
  auto digit = [&symbols](char32_t c) { return symbols.is_digit(c); };
  auto place = [&symbols](char32_t c) { return symbols.is_place(c); };
  for (std::size_t i = 0; i < picture.integer.size(); ++i) {
    if (picture.integer[i] == symbols.grouping) picture.groups.push_back(count_if(picture.integer.substr(i), place));
  }
  for (std::size_t i = 0; i < picture.fraction.size(); ++i) {
    if (picture.fraction[i] == symbols.grouping)
      picture.fraction_groups.push_back(count_if(picture.fraction.substr(0, i), place));
  }
  std::size_t factor = 0;
  for (std::size_t position : picture.groups) factor = std::gcd(factor, position);
  picture.regular = factor;
  for (std::size_t i = 1; i <= picture.groups.size() && picture.regular != 0; ++i) {
    if (std::find(picture.groups.begin(), picture.groups.end(), i * factor) == picture.groups.end()) picture.regular = 0;
  }
  picture.least_integer = picture.scaling = count_if(picture.integer, digit);
  picture.least_fraction = count_if(picture.fraction, digit);
  picture.most_fraction = count_if(picture.fraction, place);
  if (picture.least_integer == 0 && picture.most_fraction == 0) {
    if (picture.has_exponent) {
      picture.least_fraction = picture.most_fraction = 1;
    } else {
      picture.least_integer = 1;
    }
  }
  if (picture.has_exponent && picture.least_integer == 0 && picture.integer.find(symbols.digit) != Text::npos)
    picture.least_integer = 1;
  if (picture.least_integer == 0 && picture.least_fraction == 0) picture.least_fraction = 1;
  if (picture.has_exponent) picture.least_exponent = count_if(picture.exponent, digit);
}

// Plain digits in the picture's own digits.
Text fixed(double value, std::size_t places, const Symbols& symbols) {
  char buffer[512];
  auto written = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::fixed,
                               static_cast<int>(std::min<std::size_t>(places, 100)));
  Text text;
  for (char c : std::string_view(buffer, static_cast<std::size_t>(written.ptr - buffer))) {
    text += c == '.' ? symbols.decimal : symbols.zero + static_cast<char32_t>(c - '0');
  }
  return text;
}

// What of a number the picture shows before `e`, and what stands behind it.
struct Scaled {
  double mantissa = 0;
  int exponent = 0;
  std::size_t zeros = 0;  // to write behind the mantissa, an integer then: so much larger is the number than any double
};

// So that the mantissa lies between the powers of ten that the picture has digits for. Both are found in the number's shortest
// digits, as steps of * 10 and / 10 add up their rounding.
Scaled scale(double value, const Picture& picture) {
  if (picture.least_exponent == 0 || value == 0) return {.mantissa = value};
  char text[64];
  auto written = std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific);
  const char* exponent_at = std::find(text, written.ptr, 'e') + 1;
  int power = 0;  // 10^power <= |value| < 10^(power + 1)
  std::from_chars(exponent_at + (*exponent_at == '+' ? 1 : 0), written.ptr, power);
  bool power_of_ten = exponent_at == text + 2 && text[0] == '1';
  auto wanted = static_cast<int>(picture.scaling) - 1;
  if (power > wanted && power_of_ten) ++wanted;  // as jsonata-js has it: 10 by "0e0" is 10e0
  // No double has more digits than some 300 before the point.
  int shown = std::min(wanted, 300);
  return {.mantissa = shift(value, shown - power), .exponent = power - wanted, .zeros = static_cast<std::size_t>(wanted - shown)};
}

Text format(double value, const Picture& picture, const Symbols& symbols) {
  std::size_t hundreds = count_of(picture.whole, symbols.percent) > 0     ? 2
                         : count_of(picture.whole, symbols.per_mille) > 0 ? 3
                                                                          : 0;
  double product = hundreds == 2 ? value * 100 : hundreds == 3 ? value * 1000 : value;
  Scaled scaled = std::isfinite(product) ? scale(product, picture) : Scaled{.mantissa = value, .exponent = 0, .zeros = hundreds};
  int exponent = scaled.exponent;
  double rounded = round_half_even(scaled.mantissa, static_cast<int>(std::min<std::size_t>(picture.most_fraction, 100)));
  Text digits = fixed(rounded, picture.most_fraction, symbols);
  std::size_t point = digits.find(symbols.decimal);
  Text integer = digits.substr(0, point);
  integer.append(scaled.zeros, symbols.zero);
  Text fraction = point == Text::npos ? Text() : digits.substr(point + 1);
  integer.erase(0, std::min(integer.find_first_not_of(symbols.zero), integer.size()));
  while (!fraction.empty() && fraction.back() == symbols.zero) fraction.pop_back();
  if (integer.size() < picture.least_integer) integer.insert(0, picture.least_integer - integer.size(), symbols.zero);
  if (fraction.size() < picture.least_fraction) fraction.append(picture.least_fraction - fraction.size(), symbols.zero);
  Text out;
  for (std::size_t i = 0; i < integer.size(); ++i) {
    out += integer[i];
    std::size_t right = integer.size() - i - 1;
    if (right == 0) break;
    bool separates = picture.regular != 0
                         ? right % picture.regular == 0
                         : std::find(picture.groups.begin(), picture.groups.end(), right) != picture.groups.end();
    if (separates) out += symbols.grouping;
  }
  if (!fraction.empty()) {
    out += symbols.decimal;
    for (std::size_t i = 0; i < fraction.size(); ++i) {
      out += fraction[i];
      bool separates =
          std::find(picture.fraction_groups.begin(), picture.fraction_groups.end(), i + 1) != picture.fraction_groups.end();
      if (separates && i + 1 < fraction.size()) out += symbols.grouping;
    }
  }
  if (picture.least_exponent > 0) {
    Text power = fixed(exponent, 0, symbols);
    if (power.size() < picture.least_exponent) power.insert(0, picture.least_exponent - power.size(), symbols.zero);
    out += symbols.exponent;
    if (exponent < 0) out += symbols.minus;
    out += power;
  }
  return picture.prefix + out + picture.suffix;
}

// The halves of a picture, two of them; or the code of what is wrong.
std::string_view read_picture(std::string_view text, const Symbols& symbols, std::vector<Picture>& pictures) {
  pictures.clear();
  Text rest = decode(text);
  for (;;) {
    std::size_t end = rest.find(symbols.pattern);
    pictures.push_back(split(rest.substr(0, end), symbols));
    if (end == Text::npos) break;
    rest = rest.substr(end + 1);
  }
  if (pictures.size() > 2) return "D3080";
  for (Picture& picture : pictures) {
    if (std::string_view code = problem_of(picture, symbols); !code.empty()) return code;
    analyse(picture, symbols);
  }
  if (pictures.size() == 1) {
    pictures.push_back(pictures[0]);
    pictures[1].prefix = symbols.minus + pictures[1].prefix;
  }
  return {};
}

// A mapping formats its numbers by one picture, so each thread keeps the last good one that came without options.
struct LastPicture {
  std::string text;
  std::vector<Picture> pictures;
};

}  // namespace

Node format_number(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_number() || !arguments[1].is_string()) return {};
  double value = arguments[0].as_double();
  if (!std::isfinite(value)) return evaluation.fail("D1001");
  if (arguments[1].size() > 1000) return evaluation.fail("D3080", "the picture is too long");
  Symbols symbols;
  if (arguments[2].is_object()) {
    for (const Member& member : arguments[2].members()) {
      if (member.value.is_string()) symbols.set(member.key.text(), member.value.text());
    }
  }
  static thread_local LastPicture last;
  std::vector<Picture> own;
  bool usual = !arguments[2].is_object();
  std::vector<Picture>& pictures = usual ? last.pictures : own;
  if (!usual || pictures.empty() || last.text != arguments[1].text()) {
    if (std::string_view code = read_picture(arguments[1].text(), symbols, pictures); !code.empty()) {
      pictures.clear();
      return evaluation.fail(code);
    }
    if (usual) last.text = arguments[1].text();
  }
  std::string out;
  for (char32_t c : format(value, value >= 0 ? pictures[0] : pictures[1], symbols)) append_code_point(out, c);
  return evaluation.make_string(out);
}

}  // namespace busway::jsonata::functions
