#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bus/document.hpp"

namespace busway::schema {

// A JSON number as the exact decimal it is: digits without leading and trailing zeros, times a power of ten. Borrows the text.
// Every operation is linear in the text, whatever the exponent. Any thread.
class Decimal {
 public:
  // `text` is a number by JSON's grammar.
  explicit Decimal(std::string_view text);

  bool is_zero() const { return whole_.empty() && fraction_.empty(); }
  // No digit stands behind the point: 1.0 and 1e3 are integers.
  bool is_integer() const { return exponent_ >= 0; }
  bool negative() const { return negative_; }
  // The value is digits() * 10^exponent().
  std::int64_t exponent() const { return exponent_; }
  std::size_t digits() const { return whole_.size() + fraction_.size(); }
  // The digits as a number, modulo `divisor` (below 10^18).
  std::uint64_t digits_modulo(std::uint64_t divisor) const;
  std::uint64_t hash(std::uint64_t seed) const;
  bool operator==(const Decimal& other) const;

 private:
  char digit(std::size_t index) const { return index < whole_.size() ? whole_[index] : fraction_[index - whole_.size()]; }

  std::string_view whole_;
  std::string_view fraction_;
  std::int64_t exponent_ = 0;
  bool negative_ = false;
};

// The text of a number node: its own, or the shortest that reads back as its double. `buffer` holds 32 bytes.
std::string_view decimal_text(const Node& number, std::span<char> buffer);

// A bound of a schema (`minimum` and its kin), compared exactly. Whole numbers of up to 18 digits compare as such.
class NumberBound {
 public:
  explicit NumberBound(std::string text);
  // <0, 0, >0: `number` (a text) against the bound.
  int compare(std::string_view number) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::optional<std::int64_t> whole_;
};

// `multipleOf`.
class Divisor {
 public:
  // Nothing when `text` has more than 18 significant digits or is not above zero.
  static std::optional<Divisor> read(std::string text);
  bool divides(const Decimal& number) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::uint64_t digits_ = 1;
  std::int64_t exponent_ = 0;
};

}  // namespace busway::schema
