#include "routes/test/test_case.hpp"

namespace busway::routes {

namespace {

// Takes exactly `digits` digits off the front; -1 when they are not there.
int take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> read_time(std::string_view text) {
  using namespace std::chrono;
  int years = take_number(text, 4);
  bool good = take(text, '-');
  int months = take_number(text, 2);
  good = take(text, '-') && good;
  int days = take_number(text, 2);
  good = (take(text, 'T') || take(text, 't') || take(text, ' ')) && good;
  int hour = take_number(text, 2);
  good = take(text, ':') && good;
  int minute = take_number(text, 2);
  good = take(text, ':') && good;
  int second = take_number(text, 2);
  if (!good || years < 0 || months < 0 || days < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 59) {
    return std::nullopt;
  }
  year_month_day date{year(years), month(static_cast<unsigned>(months)), day(static_cast<unsigned>(days))};
  if (!date.ok()) return std::nullopt;
  int millis = 0;
  if (take(text, '.')) {
    int digits = 0;
    for (int digit = take_number(text, 1); digit >= 0; digit = take_number(text, 1)) {
      if (digits++ < 3) millis = millis * 10 + digit;
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 3; ++digits) millis *= 10;
  }
  minutes offset{0};
  if (!take(text, 'Z') && !take(text, 'z')) {
    bool west = take(text, '-');
    if (!west && !take(text, '+')) return std::nullopt;
    int hours_off = take_number(text, 2);
    if (!take(text, ':')) return std::nullopt;
    int minutes_off = take_number(text, 2);
    if (hours_off < 0 || hours_off > 23 || minutes_off < 0 || minutes_off > 59) return std::nullopt;
    offset = minutes((west ? -1 : 1) * (hours_off * 60 + minutes_off));
  }
  if (!text.empty()) return std::nullopt;
  return system_clock::time_point(sys_days(date)) + hours(hour) + minutes(minute) + seconds(second) + milliseconds(millis) -
         offset;
}

}  // namespace busway::routes
