#include "transforms/schema/decimal.hpp"

#include "bus/number_text.hpp"
#include "transforms/schema/characters.hpp"
#include "transforms/schema/deep_value.hpp"

namespace busway::schema {

namespace {

constexpr std::size_t most_digits = 18;
__extension__ using Wide = unsigned __int128;

std::uint64_t multiply_modulo(std::uint64_t left, std::uint64_t right, std::uint64_t modulus) {
  return static_cast<std::uint64_t>(Wide{left} * right % modulus);
}

std::uint64_t power_of_ten_modulo(std::int64_t power, std::uint64_t modulus) {
  std::uint64_t result = 1 % modulus;
  std::uint64_t factor = 10 % modulus;
  for (; power > 0; power /= 2) {
    if (power % 2 == 1) result = multiply_modulo(result, factor, modulus);
    factor = multiply_modulo(factor, factor, modulus);
  }
  return result;
}

// A whole number of at most 18 digits written as nothing but digits.
std::optional<std::int64_t> short_whole(std::string_view text) {
  bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > most_digits) return std::nullopt;
  std::int64_t value = 0;
  for (char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

}  // namespace

Decimal::Decimal(std::string_view text) {
  std::size_t at = 0;
  if (at < text.size() && text[at] == '-') {
    negative_ = true;
    ++at;
  }
  std::size_t start = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  whole_ = text.substr(start, at - start);
  if (at < text.size() && text[at] == '.') {
    start = ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
    fraction_ = text.substr(start, at - start);
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    bool minus = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      if (exponent_ < 1'000'000'000'000'000) exponent_ = exponent_ * 10 + (text[at] - '0');  // far past any text's digits
    }
    if (minus) exponent_ = -exponent_;
  }
  while (!whole_.empty() && whole_.front() == '0') whole_.remove_prefix(1);
  while (!fraction_.empty() && fraction_.back() == '0') fraction_.remove_suffix(1);
  exponent_ -= static_cast<std::int64_t>(fraction_.size());
  if (whole_.empty()) {
    while (!fraction_.empty() && fraction_.front() == '0') fraction_.remove_prefix(1);
  } else if (fraction_.empty()) {
    while (whole_.back() == '0') {
      whole_.remove_suffix(1);
      ++exponent_;
    }
  }
  if (is_zero()) {
    exponent_ = 0;
    negative_ = false;
  }
}

std::uint64_t Decimal::digits_modulo(std::uint64_t divisor) const {
  std::uint64_t rest = 0;
  for (std::string_view part : {whole_, fraction_}) {
    for (char c : part) {
      rest = static_cast<std::uint64_t>((Wide{rest} * 10 + static_cast<std::uint64_t>(c - '0')) % divisor);
    }
  }
  return rest;
}

std::uint64_t Decimal::hash(std::uint64_t seed) const {
  std::uint64_t hash = mix(seed, static_cast<std::uint64_t>(exponent_) * 2 + (negative_ ? 1 : 0));
  for (std::string_view part : {whole_, fraction_}) {
    for (char c : part) hash = mix(hash, static_cast<std::uint64_t>(c));
  }
  return hash;
}

bool Decimal::operator==(const Decimal& other) const {
  if (negative_ != other.negative_ || exponent_ != other.exponent_ || digits() != other.digits()) return false;
  for (std::size_t i = 0; i < digits(); ++i) {
    if (digit(i) != other.digit(i)) return false;
  }
  return true;
}

std::string_view decimal_text(const Node& number, std::span<char> buffer) {
  return number.has_number_text() ? number.text() : shortest_number(number.as_double(), buffer);
}

NumberBound::NumberBound(std::string text) : text_(std::move(text)), whole_(short_whole(text_)) {}

int NumberBound::compare(std::string_view number) const {
  if (whole_) {
    if (auto value = short_whole(number)) return *value < *whole_ ? -1 : *value > *whole_ ? 1 : 0;
  }
  return compare_decimals(number, text_);
}

std::optional<Divisor> Divisor::read(std::string text) {
  Decimal decimal(text);
  if (decimal.is_zero() || decimal.negative() || decimal.digits() > most_digits) return std::nullopt;
  Divisor out;
  out.digits_ = decimal.digits_modulo(1'000'000'000'000'000'000);
  out.exponent_ = decimal.exponent();
  out.text_ = std::move(text);
  return out;
}

bool Divisor::divides(const Decimal& number) const {
  if (number.is_zero()) return true;
  // Neither side's digits end in 0: what is finer than the divisor's last digit is no multiple of it.
  std::int64_t power = number.exponent() - exponent_;
  if (power < 0) return false;
  std::uint64_t rest = number.digits_modulo(digits_);
  return multiply_modulo(rest, power_of_ten_modulo(power, digits_), digits_) == 0;
}

}  // namespace busway::schema
