#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace busway::jsonata {

// What becomes of the digits that a scale has no room for.
enum class Rounding : std::uint8_t { half_even, half_up, half_down, up, down, ceiling, floor };

// The words of the language: `half-even`, ... False when it is none. `up` is away from zero, `down` towards it; `half_up` and
// `half_down` likewise.
bool read_rounding(std::string_view word, Rounding& rounding);

// A decimal number with so many digits behind its point, exact: what money is computed with. Its size is bounded, so that no
// operation costs more than some microseconds; an operation whose result needs more than `most_digits` gives false. Values.
class Decimal {
 public:
  static constexpr int most_digits = 300;

  Decimal() {}  // zero; the limbs stay as they are

  // JSON's grammar for numbers, leading zeros and a plus sign besides. False when it is none, or has too many digits.
  static bool read(std::string_view text, Decimal& out);
  // With exactly scale() digits behind the point; zero has no sign.
  std::string text() const;
  int scale() const { return scale_; }
  bool is_zero() const { return size_ == 0; }

  static bool add(const Decimal& left, const Decimal& right, Decimal& out);
  static bool subtract(const Decimal& left, const Decimal& right, Decimal& out);
  static bool multiply(const Decimal& left, const Decimal& right, Decimal& out);
  // `right` is not zero. `scale` may be negative: -2 are whole hundreds.
  static bool divide(const Decimal& left, const Decimal& right, int scale, Rounding rounding, Decimal& out);
  // Also makes the scale longer: 10.1 to two places is 10.10.
  static bool round(const Decimal& value, int scale, Rounding rounding, Decimal& out);
  // <0, 0, >0; false when the two are too far apart to be brought to one scale.
  static bool compare(const Decimal& left, const Decimal& right, int& order);

 private:
  static constexpr std::uint32_t radix = 1'000'000'000;
  static constexpr int limb_digits = 9;
  // Room for a product of two; results are held to most_digits.
  static constexpr std::size_t most_limbs = 2 * (most_digits / limb_digits + 2);

  bool fits() const;
  int digits() const;
  void trim();
  // Times ten to the power of `places`.
  bool shift(int places);
  bool multiply_small(std::uint32_t factor, std::uint32_t added);
  static int compare_magnitudes(const Decimal& left, const Decimal& right);
  void add_magnitude(const Decimal& other);
  void subtract_magnitude(const Decimal& smaller);
  static bool align(Decimal& left, Decimal& right);
  static bool quotient(const Decimal& left, const Decimal& right, Rounding rounding, bool negative, Decimal& out);

  std::array<std::uint32_t, most_limbs> limbs_;  // the lowest first; those behind size_ mean nothing
  std::size_t size_ = 0;
  int scale_ = 0;
  bool negative_ = false;
};

}  // namespace busway::jsonata
