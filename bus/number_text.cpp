#include "bus/number_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace busway {

namespace {

// A decimal as sign, significant digits without leading or trailing zeros, and the power of ten of the first digit.
struct Decimal {
  bool negative = false;
  std::string_view whole;     // digits before the point, leading zeros cut
  std::string_view fraction;  // digits after it, trailing zeros cut
  std::int64_t scale = 0;     // value = 0.d1d2d3... * 10^scale
  bool zero = false;

  char digit(std::size_t index) const {
    if (index < whole.size()) return whole[index];
    index -= whole.size();
    return index < fraction.size() ? fraction[index] : '0';
  }
  std::size_t digits() const { return whole.size() + fraction.size(); }
};

Decimal read_decimal(std::string_view text) {
  Decimal decimal;
  std::size_t at = 0;
  if (at < text.size() && text[at] == '-') {
    decimal.negative = true;
    ++at;
  }
  std::size_t whole_start = at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  decimal.whole = text.substr(whole_start, at - whole_start);
  if (at < text.size() && text[at] == '.') {
    std::size_t start = ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    decimal.fraction = text.substr(start, at - start);
  }
  std::int64_t exponent = 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    bool minus = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    for (; at < text.size(); ++at) {
      if (exponent < 1'000'000'000'000'000) exponent = exponent * 10 + (text[at] - '0');  // far past any text's digits
    }
    if (minus) exponent = -exponent;
  }
  while (!decimal.whole.empty() && decimal.whole.front() == '0') decimal.whole.remove_prefix(1);
  while (!decimal.fraction.empty() && decimal.fraction.back() == '0') decimal.fraction.remove_suffix(1);
  decimal.scale = exponent + static_cast<std::int64_t>(decimal.whole.size());
  if (decimal.whole.empty()) {
    while (!decimal.fraction.empty() && decimal.fraction.front() == '0') {
      decimal.fraction.remove_prefix(1);
      --decimal.scale;
    }
  } else if (decimal.fraction.empty()) {
    while (!decimal.whole.empty() && decimal.whole.back() == '0') decimal.whole.remove_suffix(1);
  }
  decimal.zero = decimal.digits() == 0;
  return decimal;
}

}  // namespace

int compare_decimals(std::string_view left, std::string_view right) {
  Decimal a = read_decimal(left);
  Decimal b = read_decimal(right);
  if (a.zero && b.zero) return 0;
  if (a.zero) return b.negative ? 1 : -1;
  if (b.zero) return a.negative ? -1 : 1;
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  int sign = a.negative ? -1 : 1;
  if (a.scale != b.scale) return a.scale < b.scale ? -sign : sign;
  std::size_t digits = std::max(a.digits(), b.digits());
  for (std::size_t i = 0; i < digits; ++i) {
    if (a.digit(i) != b.digit(i)) return a.digit(i) < b.digit(i) ? -sign : sign;
  }
  return 0;
}

namespace {

constexpr double exact_whole = 9007199254740992.0;

// A whole number that every integer up to it is exact at, as one.
bool as_whole(double value, std::int64_t& whole) {
  if (!(std::fabs(value) <= exact_whole)) return false;
  whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value;
}

// The fewest digits that tell a finite number that is not zero from every other, and the power of ten of the first one.
struct Digits {
  char digits[24];
  int count = 0;
  int power = 0;
};
Digits shortest_digits(double value) {
  char scientific[32];
  auto written = std::to_chars(scientific, scientific + sizeof scientific, std::fabs(value), std::chars_format::scientific);
  std::string_view text(scientific, static_cast<std::size_t>(written.ptr - scientific));
  std::size_t e = text.find('e');
  Digits found;
  const char* power_text = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(power_text, written.ptr, found.power);
  found.count = static_cast<int>(std::remove_copy(text.data(), text.data() + e, found.digits, '.') - found.digits);
  return found;
}

// ECMAScript's form of them.
std::string_view spelt(bool minus, const Digits& from, std::span<char> buffer) {
  const char* digits = from.digits;
  const char* digits_end = digits + from.count;
  int power = from.power;
  int count = from.count;
  char* out = buffer.data();
  auto put = [&](const char* first, const char* last) { out = std::copy(first, last, out); };
  if (minus) *out++ = '-';
  if (power >= 21 || power < -6) {
    *out++ = digits[0];
    if (count > 1) *out++ = '.';
    put(digits + 1, digits_end);
    *out++ = 'e';
    *out++ = power < 0 ? '-' : '+';
    out = std::to_chars(out, buffer.data() + buffer.size(), std::abs(power)).ptr;
  } else if (power < 0) {
    *out++ = '0';
    *out++ = '.';
    out = std::fill_n(out, -power - 1, '0');
    put(digits, digits_end);
  } else if (count <= power + 1) {
    put(digits, digits_end);
    out = std::fill_n(out, power + 1 - count, '0');
  } else {
    put(digits, digits + power + 1);
    *out++ = '.';
    put(digits + power + 1, digits_end);
  }
  return {buffer.data(), out};
}

std::string_view whole_number(std::int64_t whole, std::span<char> buffer) {
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), whole).ptr};
}

}  // namespace

std::string_view shortest_number(double value, std::span<char> buffer) {
  std::int64_t whole = 0;
  if (as_whole(value, whole)) return whole_number(whole, buffer);
  if (!std::isfinite(value)) return "null";
  return spelt(value < 0, shortest_digits(value), buffer);
}

std::string_view printed_number(double value, std::span<char> buffer) {
  std::int64_t whole = 0;
  if (as_whole(value, whole)) return whole_number(whole, buffer);
  if (!std::isfinite(value)) return "null";
  Digits digits = shortest_digits(value);
  // A decimal of 15 digits survives the way through a normal double, so a number that has one this short is rounded to it.
  bool short_enough = digits.count <= 15 && std::fabs(value) >= std::numeric_limits<double>::min();
  if (short_enough || value == std::trunc(value)) return spelt(value < 0, digits, buffer);
  char rounded[32];
  std::snprintf(rounded, sizeof rounded, "%.15g", value);
  return shortest_number(std::strtod(rounded, nullptr), buffer);
}

std::string_view number_to_text(const Node& number, std::span<char> buffer) {
  return number.has_number_text() ? number.text() : printed_number(number.as_double(), buffer);
}

}  // namespace busway
