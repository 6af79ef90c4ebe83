#include "transforms/schema/characters.hpp"
#include "transforms/schema/format_check.hpp"

namespace busway::schema {

namespace {

// `count` digits at the start of `text`, taken off it; -1 when they are not there.
int take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool between(int value, int least, int most) {
  return value >= least && value <= most;
}

int days_of(int year, int month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

bool take_date(std::string_view& text) {
  int year = take_digits(text, 4);
  if (year < 0 || !take(text, '-')) return false;
  int month = take_digits(text, 2);
  if (!between(month, 1, 12) || !take(text, '-')) return false;
  return between(take_digits(text, 2), 1, days_of(year, month));
}

// One `1*DIGIT unit` whose unit is in `units`; the unit's index, or -1.
int take_amount(std::string_view& text, std::string_view units) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == 0 || digits == text.size()) return -1;
  std::size_t unit = units.find(text[digits]);
  if (unit == std::string_view::npos) return -1;
  text.remove_prefix(digits + 1);
  return static_cast<int>(unit);
}

// Amounts in the order of `units`, none left out between the first and the last (RFC 3339's grammar knows no gap).
bool take_amounts(std::string_view& text, std::string_view units) {
  int last = take_amount(text, units);
  if (last < 0) return false;
  while (!text.empty() && is_digit(text[0])) {
    if (take_amount(text, units) != last + 1) return false;
    ++last;
  }
  return true;
}

}  // namespace

bool is_date(std::string_view text) {
  return take_date(text) && text.empty();
}

bool is_time(std::string_view text) {
  int hour = take_digits(text, 2);
  if (!between(hour, 0, 23) || !take(text, ':')) return false;
  int minute = take_digits(text, 2);
  if (!between(minute, 0, 59) || !take(text, ':')) return false;
  int second = take_digits(text, 2);
  if (!between(second, 0, 60)) return false;
  if (take(text, '.')) {
    if (text.empty() || !is_digit(text[0])) return false;
    while (!text.empty() && is_digit(text[0])) text.remove_prefix(1);
  }
  int offset = 0;
  if (!take(text, 'Z') && !take(text, 'z')) {
    bool west = text.starts_with('-');
    if (!take(text, '+') && !take(text, '-')) return false;
    int hours = take_digits(text, 2);
    if (!between(hours, 0, 23) || !take(text, ':')) return false;
    int minutes = take_digits(text, 2);
    if (!between(minutes, 0, 59)) return false;
    offset = (hours * 60 + minutes) * (west ? -1 : 1);
  }
  if (!text.empty()) return false;
  // A leap second ends a day of UTC.
  constexpr int day = 24 * 60;
  return second < 60 || (hour * 60 + minute - offset + day) % day == day - 1;
}

bool is_date_time(std::string_view text) {
  return take_date(text) && (take(text, 'T') || take(text, 't')) && is_time(text);
}

bool is_duration(std::string_view text) {
  if (!take(text, 'P') || text.empty()) return false;
  std::string_view weeks = text;
  if (take_amount(weeks, "W") == 0) return weeks.empty();
  if (text[0] != 'T' && !take_amounts(text, "YMD")) return false;
  if (text.empty()) return true;
  return take(text, 'T') && take_amounts(text, "HMS") && text.empty();
}

}  // namespace busway::schema
