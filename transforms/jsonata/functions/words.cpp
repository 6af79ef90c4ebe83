#include "transforms/jsonata/functions/words.hpp"

#include <cmath>
#include <limits>
#include <vector>

namespace busway::jsonata {

namespace {

constexpr std::string_view small[] = {"Zero",     "One",     "Two",     "Three",     "Four",     "Five",    "Six",
                                      "Seven",    "Eight",   "Nine",    "Ten",       "Eleven",   "Twelve",  "Thirteen",
                                      "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen"};
constexpr std::string_view small_ordinals[] = {"Zeroth",    "First",     "Second",      "Third",      "Fourth",
                                               "Fifth",     "Sixth",     "Seventh",     "Eighth",     "Ninth",
                                               "Tenth",     "Eleventh",  "Twelfth",     "Thirteenth", "Fourteenth",
                                               "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth", "Nineteenth"};
constexpr std::string_view tens[] = {"Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"};
constexpr std::string_view magnitudes[] = {"Thousand", "Million", "Billion", "Trillion"};

void append_words(std::string& out, double value, bool follows, bool ordinal) {
  if (value < 100) {
    if (follows) out += " and ";
    auto number = static_cast<std::size_t>(value);
    if (number < 20) {
      out += ordinal ? small_ordinals[number] : small[number];
      return;
    }
    std::string_view ten = tens[number / 10 - 2];
    if (number % 10 != 0) {
      out.append(ten).append("-");
      append_words(out, static_cast<double>(number % 10), false, ordinal);
    } else if (ordinal) {
      out.append(ten.substr(0, ten.size() - 1)).append("ieth");
    } else {
      out += ten;
    }
    return;
  }
  double unit = 100;
  std::string_view name = "Hundred";
  if (value >= 1000) {
    std::size_t magnitude = 0;
    unit = 1000;
    while (magnitude < 3 && value >= unit * 1000) {
      unit *= 1000;
      ++magnitude;
    }
    name = magnitudes[magnitude];
  }
  double many = std::floor(value / unit);
  double rest = value - many * unit;
  if (follows) out += ", ";
  append_words(out, many, false, false);
  out.append(" ").append(name);
  if (rest > 0) {
    append_words(out, rest, true, ordinal);
  } else if (ordinal) {
    out += "th";
  }
}

bool equals_lower(std::string_view word, std::string_view lower) {
  if (word.size() != lower.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if ((word[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

double value_of(std::string_view word) {
  for (std::size_t i = 0; i < 20; ++i) {
    if (equals_lower(small[i], word) || equals_lower(small_ordinals[i], word)) return static_cast<double>(i);
  }
  for (std::size_t i = 0; i < 8; ++i) {
    std::string ordinal(tens[i].substr(0, tens[i].size() - 1));
    if (equals_lower(tens[i], word) || equals_lower(ordinal + "ieth", word)) return static_cast<double>(i + 2) * 10;
  }
  if (word == "hundred" || word == "hundredth") return 100;
  double unit = 1000;
  for (std::string_view magnitude : magnitudes) {
    if (equals_lower(magnitude, word) || equals_lower(std::string(magnitude) + "th", word)) return unit;
    unit *= 1000;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

struct Roman {
  int value;
  std::string_view text;
};
constexpr Roman romans[] = {{1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"}, {90, "xc"}, {50, "l"},
                            {40, "xl"},  {10, "x"},   {9, "ix"},  {5, "v"},    {4, "iv"},  {1, "i"}};

}  // namespace

std::string number_to_words(double value, bool ordinal) {
  std::string out;
  // Beyond the largest magnitude its name repeats: "billion trillion".
  append_words(out, value, false, ordinal);
  return out;
}

double words_to_number(std::string_view text) {
  std::vector<double> parts = {0};
  bool any = false;
  std::size_t at = 0;
  while (at <= text.size()) {
    std::size_t end = text.find_first_of(", -", at);
    if (end == std::string_view::npos) end = text.size();
    std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty() || word == "and") continue;
    double value = value_of(word);
    if (std::isnan(value)) return value;
    any = true;
    if (value < 100) {
      double top = parts.back();
      if (top >= 1000) {
        parts.push_back(value);
      } else {
        parts.back() = top + value;
      }
    } else {
      parts.back() *= value;
    }
  }
  double sum = 0;
  for (double part : parts) sum += part;
  return any ? sum : std::numeric_limits<double>::quiet_NaN();
}

std::string number_to_roman(double value) {
  std::string out;
  for (const Roman& roman : romans) {
    while (value >= roman.value && out.size() < 100'000) {
      out += roman.text;
      value -= roman.value;
    }
  }
  return out;
}

double roman_to_number(std::string_view text) {
  double sum = 0;
  double most = 1;
  for (std::size_t i = text.size(); i-- > 0;) {
    double value = 0;
    for (const Roman& roman : romans) {
      if (roman.text.size() == 1 && (text[i] | 0x20) == roman.text[0]) value = roman.value;
    }
    if (value == 0) return std::numeric_limits<double>::quiet_NaN();
    if (value < most) {
      sum -= value;
    } else {
      most = value;
      sum += value;
    }
  }
  return sum;
}

std::string number_to_letters(double value, char first) {
  std::string out;
  while (value > 0) {
    out.insert(out.begin(), static_cast<char>(first + static_cast<int>(std::fmod(value - 1, 26))));
    value = std::floor((value - 1) / 26);
  }
  return out;
}

double letters_to_number(std::string_view text, char first) {
  double value = 0;
  for (char c : text) {
    if (c < first || c > first + 25) return std::numeric_limits<double>::quiet_NaN();
    value = value * 26 + (c - first + 1);
  }
  return value;
}

}  // namespace busway::jsonata
