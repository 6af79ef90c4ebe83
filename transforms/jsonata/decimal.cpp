#include "transforms/jsonata/decimal.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace busway::jsonata {

namespace {

constexpr std::array<std::uint32_t, 10> powers = {1,       10,        100,        1'000,       10'000,
                                                  100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool read_rounding(std::string_view word, Rounding& rounding) {
  struct Row {
    std::string_view word;
    Rounding rounding;
  };
  static constexpr Row rows[] = {{"half-even", Rounding::half_even}, {"half-up", Rounding::half_up},
                                 {"half-down", Rounding::half_down}, {"up", Rounding::up},
                                 {"down", Rounding::down},           {"ceiling", Rounding::ceiling},
                                 {"floor", Rounding::floor}};
  for (const Row& row : rows) {
    if (row.word != word) continue;
    rounding = row.rounding;
    return true;
  }
  return false;
}

bool Decimal::read(std::string_view text, Decimal& out) {
  out.size_ = 0;
  out.scale_ = 0;
  out.negative_ = text.starts_with('-');
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  bool point = false;
  bool any = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (c == '.' && !point && any) {
      point = true;
      if (at + 1 == text.size() || !is_digit(text[at + 1])) return false;
      continue;
    }
    if (!is_digit(c)) break;
    any = true;
    if (point && ++out.scale_ > most_digits) return false;
    if (!out.multiply_small(10, static_cast<std::uint32_t>(c - '0'))) return false;
  }
  if (!any) return false;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return false;
    std::string_view digits = text.substr(at + 1);
    bool minus = digits.starts_with('-');
    if (minus || digits.starts_with('+')) digits.remove_prefix(1);
    int exponent = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (digits.empty() || !is_digit(digits[0]) || end != digits.data() + digits.size()) return false;
    if (error != std::errc() || exponent > 10 * most_digits) return false;
    out.scale_ += minus ? exponent : -exponent;
  }
  if (out.is_zero()) out.scale_ = std::clamp(out.scale_, 0, most_digits);
  if (out.scale_ < 0) {
    int places = -out.scale_;
    if (!out.shift(places)) return false;
    out.scale_ = 0;
  }
  return out.fits();
}

std::string Decimal::text() const {
  std::string digits;
  for (std::size_t i = size_; i-- > 0;) {
    std::string limb = std::to_string(limbs_[i]);
    if (!digits.empty()) digits.append(static_cast<std::size_t>(limb_digits) - limb.size(), '0');
    digits += limb;
  }
  auto behind = static_cast<std::size_t>(scale_);
  if (digits.size() <= behind) digits.insert(0, behind + 1 - digits.size(), '0');
  if (behind > 0) digits.insert(digits.size() - behind, 1, '.');
  return negative_ && !is_zero() ? "-" + digits : digits;
}

int Decimal::digits() const {
  if (size_ == 0) return 0;
  int top = 1;
  while (top < limb_digits && limbs_[size_ - 1] >= powers[static_cast<std::size_t>(top)]) ++top;
  return static_cast<int>(size_ - 1) * limb_digits + top;
}

bool Decimal::fits() const {
  return digits() <= most_digits && scale_ <= most_digits;
}

void Decimal::trim() {
  while (size_ > 0 && limbs_[size_ - 1] == 0) --size_;
}

bool Decimal::multiply_small(std::uint32_t factor, std::uint32_t added) {
  std::uint64_t carry = added;
  for (std::size_t i = 0; i < size_; ++i) {
    carry += static_cast<std::uint64_t>(limbs_[i]) * factor;
    limbs_[i] = static_cast<std::uint32_t>(carry % radix);
    carry /= radix;
  }
  if (carry == 0) return true;
  if (size_ >= most_limbs) return false;
  limbs_[size_++] = static_cast<std::uint32_t>(carry);
  return true;
}

bool Decimal::shift(int places) {
  if (is_zero()) return true;
  if (digits() + places > 2 * most_digits) return false;
  for (; places > 0; places -= limb_digits) {
    if (!multiply_small(powers[static_cast<std::size_t>(std::min(places, limb_digits))], 0)) return false;
  }
  return true;
}

int Decimal::compare_magnitudes(const Decimal& left, const Decimal& right) {
  if (left.size_ != right.size_) return left.size_ < right.size_ ? -1 : 1;
  for (std::size_t i = left.size_; i-- > 0;) {
    if (left.limbs_[i] != right.limbs_[i]) return left.limbs_[i] < right.limbs_[i] ? -1 : 1;
  }
  return 0;
}

void Decimal::add_magnitude(const Decimal& other) {
  std::uint32_t carry = 0;
  for (std::size_t i = 0; i < other.size_ || carry != 0; ++i) {
    if (i >= size_) limbs_[size_++] = 0;
    std::uint32_t sum = limbs_[i] + carry + (i < other.size_ ? other.limbs_[i] : 0);
    carry = sum >= radix ? 1 : 0;
    limbs_[i] = sum - (carry != 0 ? radix : 0);
  }
}

void Decimal::subtract_magnitude(const Decimal& smaller) {
  std::uint32_t borrow = 0;
  for (std::size_t i = 0; i < smaller.size_ || borrow != 0; ++i) {
    std::uint32_t taken = borrow + (i < smaller.size_ ? smaller.limbs_[i] : 0);
    borrow = limbs_[i] < taken ? 1 : 0;
    limbs_[i] = limbs_[i] + (borrow != 0 ? radix : 0) - taken;
  }
  trim();
}

bool Decimal::align(Decimal& left, Decimal& right) {
  Decimal& shorter = left.scale_ < right.scale_ ? left : right;
  int scale = std::max(left.scale_, right.scale_);
  if (!shorter.shift(scale - shorter.scale_)) return false;
  shorter.scale_ = scale;
  return true;
}

bool Decimal::add(const Decimal& left, const Decimal& right, Decimal& out) {
  Decimal other = right;
  out = left;
  if (!align(out, other)) return false;
  if (out.negative_ == other.negative_) {
    out.add_magnitude(other);
  } else if (compare_magnitudes(out, other) >= 0) {
    out.subtract_magnitude(other);
  } else {
    other.subtract_magnitude(out);
    out = other;
  }
  return out.fits();
}

bool Decimal::subtract(const Decimal& left, const Decimal& right, Decimal& out) {
  Decimal negated = right;
  negated.negative_ = !negated.negative_;
  return add(left, negated, out);
}

bool Decimal::multiply(const Decimal& left, const Decimal& right, Decimal& out) {
  Decimal product;
  product.size_ = left.is_zero() || right.is_zero() ? 0 : left.size_ + right.size_;
  std::fill_n(product.limbs_.begin(), product.size_, 0U);
  for (std::size_t i = 0; i < left.size_ && product.size_ > 0; ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < right.size_ || carry != 0; ++j) {
      carry += product.limbs_[i + j];
      if (j < right.size_) carry += static_cast<std::uint64_t>(left.limbs_[i]) * right.limbs_[j];
      product.limbs_[i + j] = static_cast<std::uint32_t>(carry % radix);
      carry /= radix;
    }
  }
  product.trim();
  product.scale_ = left.scale_ + right.scale_;
  product.negative_ = left.negative_ != right.negative_;
  out = product;
  return out.fits();
}

// Whole numbers, scales aside: digit by digit.
bool Decimal::quotient(const Decimal& left, const Decimal& right, Rounding rounding, bool negative, Decimal& out) {
  Decimal result;
  Decimal rest;
  for (std::size_t i = left.size_; i-- > 0;) {
    for (std::size_t place = static_cast<std::size_t>(limb_digits); place-- > 0;) {
      if (!rest.multiply_small(10, left.limbs_[i] / powers[place] % 10)) return false;
      std::uint32_t times = 0;
      for (; compare_magnitudes(rest, right) >= 0; ++times) rest.subtract_magnitude(right);
      if (!result.multiply_small(10, times)) return false;
    }
  }
  if (!rest.is_zero()) {
    Decimal twice = rest;
    twice.add_magnitude(rest);
    int half = compare_magnitudes(twice, right);
    bool odd = result.size_ > 0 && result.limbs_[0] % 2 == 1;
    bool away = false;
    switch (rounding) {
      case Rounding::half_even: away = half > 0 || (half == 0 && odd); break;
      case Rounding::half_up: away = half >= 0; break;
      case Rounding::half_down: away = half > 0; break;
      case Rounding::up: away = true; break;
      case Rounding::down: break;
      case Rounding::ceiling: away = !negative; break;
      case Rounding::floor: away = negative; break;
    }
    if (away) {
      Decimal one;
      one.multiply_small(1, 1);
      result.add_magnitude(one);
    }
  }
  out = result;
  out.negative_ = negative;
  return true;
}

bool Decimal::divide(const Decimal& left, const Decimal& right, int scale, Rounding rounding, Decimal& out) {
  if (scale > most_digits || scale < -most_digits) return false;
  Decimal dividend = left;
  Decimal divisor = right;
  int places = scale + right.scale_ - left.scale_;
  if (!(places >= 0 ? dividend.shift(places) : divisor.shift(-places))) return false;
  if (!quotient(dividend, divisor, rounding, left.negative_ != right.negative_, out)) return false;
  out.scale_ = std::max(scale, 0);
  if (scale < 0 && !out.shift(-scale)) return false;
  return out.fits();
}

bool Decimal::round(const Decimal& value, int scale, Rounding rounding, Decimal& out) {
  Decimal one;
  one.multiply_small(1, 1);
  if (scale < value.scale_) return divide(value, one, scale, rounding, out);
  out = value;
  if (scale > most_digits || !out.shift(scale - value.scale_)) return false;
  out.scale_ = scale;
  return out.fits();
}

bool Decimal::compare(const Decimal& left, const Decimal& right, int& order) {
  Decimal difference;
  if (!subtract(left, right, difference)) return false;
  order = difference.is_zero() ? 0 : difference.negative_ ? -1 : 1;
  return true;
}

}  // namespace busway::jsonata
