#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

#include "bus/number_text.hpp"
#include "bus/pause.hpp"
#include "transforms/jsonata/functions/functions.hpp"

namespace busway::jsonata::functions {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// -?digits(.digits)?([eE][-+]?digits)?
bool is_decimal(std::string_view text) {
  std::size_t at = 0;
  auto digits = [&] {
    std::size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > start;
  };
  if (text.starts_with('-')) ++at;
  if (!digits()) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (!digits()) return false;
  }
  return at == text.size();
}

// 0x, 0o, 0b. False when it is none.
bool read_prefixed(std::string_view text, double& value) {
  if (text.size() < 3 || text[0] != '0') return false;
  char letter = static_cast<char>(text[1] | 0x20);
  int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
  if (base == 0) return false;
  value = 0;
  for (char c : text.substr(2)) {
    int digit = is_digit(c) ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : 99;
    if (digit >= base) return false;
    value = value * base + digit;
  }
  return true;
}

Node finite(Evaluation& evaluation, double value) {
  if (!std::isfinite(value)) evaluation.note_non_finite();
  return Node::number(value == 0 ? 0 : value);
}

}  // namespace

double shift(double value, int places) {
  if (!std::isfinite(value) || value == 0) return value;
  char text[64];
  auto written = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
  char* exponent_at = std::find(text, written.ptr, 'e') + 1;
  int exponent = 0;
  std::from_chars(exponent_at + (*exponent_at == '+' ? 1 : 0), written.ptr, exponent);
  auto moved = std::to_chars(exponent_at, text + sizeof text - 1, static_cast<long>(exponent) + places);
  double result = 0;
  if (std::from_chars(text, moved.ptr, result).ec == std::errc()) return result;
  *moved.ptr = '\0';  // too large or too small
  return std::strtod(text, nullptr);
}

double round_half_even(double value, int places) {
  constexpr double all_integers = 4503599627370496.0;  // from here on
  if (places >= 0 && std::fabs(value) >= all_integers) return value;
  double shifted = places == 0 ? value : shift(value, places);
  if (!std::isfinite(shifted)) return value;  // more places than the number has
  double result = std::floor(shifted + 0.5);
  double off = result - shifted;
  if (std::fabs(off) == 0.5 && std::fabs(std::fmod(result, 2)) == 1) result -= 1;
  if (std::fabs(shifted) >= all_integers) result = shifted;
  if (places != 0) result = shift(result, -places);
  return result == 0 ? 0 : result;
}

Node number(Evaluation& evaluation, Arguments arguments, const Node&) {
  const Node& value = arguments[0];
  if (value.is_nothing() || value.is_number()) return value;
  if (value.is_boolean()) return Node::number(value.as_boolean() ? 1 : 0);
  if (value.is_string()) {
    std::string_view text = value.text();
    double parsed = 0;
    if (is_decimal(text)) {
      parsed = Node::number_text(text).as_double();
      if (std::isfinite(parsed)) return Node::number(parsed);
    } else if (read_prefixed(text, parsed)) {
      return Node::number(parsed);
    }
  }
  return evaluation.fail("D3030", value.is_string() ? value.text() : std::string_view{});
}

Node abs(Evaluation&, Arguments arguments, const Node&) {
  return arguments[0].is_number() ? Node::number(std::fabs(arguments[0].as_double())) : Node();
}

Node floor(Evaluation& evaluation, Arguments arguments, const Node&) {
  return arguments[0].is_number() ? finite(evaluation, std::floor(arguments[0].as_double())) : Node();
}

Node ceil(Evaluation& evaluation, Arguments arguments, const Node&) {
  return arguments[0].is_number() ? finite(evaluation, std::ceil(arguments[0].as_double())) : Node();
}

Node round(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_number()) return {};
  double places = arguments[1].is_number() ? arguments[1].as_double() : 0;
  if (std::fabs(places) > 400) places = places < 0 ? -400 : 400;
  return finite(evaluation, round_half_even(arguments[0].as_double(), static_cast<int>(places)));
}

Node power(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_number()) return {};
  if (!arguments[1].is_number()) return evaluation.fail("D3061");
  double result = std::pow(arguments[0].as_double(), arguments[1].as_double());
  return std::isfinite(result) ? Node::number(result) : evaluation.fail("D3061");
}

Node sqrt(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_number()) return {};
  double value = arguments[0].as_double();
  return value < 0 ? evaluation.fail("D3060") : Node::number(std::sqrt(value));
}

Node sum(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_array()) return {};
  if (!evaluation.spend(arguments[0].size() / 8)) return {};
  double total = 0;
  for (const Node& item : arguments[0].items()) {
    pause_if_due();
    total += item.as_double();
  }
  return finite(evaluation, total);
}

Node max(Evaluation&, Arguments arguments, const Node&) {
  if (!arguments[0].is_array() || arguments[0].size() == 0) return {};
  const Node* best = &arguments[0].items()[0];
  for (const Node& item : arguments[0].items()) {
    pause_if_due();
    if (compare_numbers(item, *best) > 0) best = &item;
  }
  return *best;
}

Node min(Evaluation&, Arguments arguments, const Node&) {
  if (!arguments[0].is_array() || arguments[0].size() == 0) return {};
  const Node* best = &arguments[0].items()[0];
  for (const Node& item : arguments[0].items()) {
    pause_if_due();
    if (compare_numbers(item, *best) < 0) best = &item;
  }
  return *best;
}

Node average(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_array() || arguments[0].size() == 0) return {};
  double total = 0;
  for (const Node& item : arguments[0].items()) {
    pause_if_due();
    total += item.as_double();
  }
  return finite(evaluation, total / static_cast<double>(arguments[0].size()));
}

Node format_base(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_number()) return {};
  double value = round_half_even(arguments[0].as_double(), 0);
  double radix = arguments[1].is_number() ? round_half_even(arguments[1].as_double(), 0) : 10;
  if (!(radix >= 2 && radix <= 36)) return evaluation.fail("D3100");
  if (!std::isfinite(value)) return evaluation.fail("D1001");
  if (radix == 10) {
    char plain[32];
    return evaluation.make_string(shortest_number(value, plain));
  }
  bool negative = value < 0;
  value = std::fabs(value);
  std::string digits;
  do {
    auto digit = static_cast<std::size_t>(std::fmod(value, radix));
    digits.insert(digits.begin(), "0123456789abcdefghijklmnopqrstuvwxyz"[digit]);
    value = std::floor(value / radix);
  } while (value > 0);
  return evaluation.make_string(negative ? "-" + digits : digits);
}

}  // namespace busway::jsonata::functions
