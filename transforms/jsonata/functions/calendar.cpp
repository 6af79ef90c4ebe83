#include "transforms/jsonata/functions/calendar.hpp"

namespace busway::jsonata {

namespace {

constexpr std::int64_t day_millis = 86'400'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0);
}

int weekday_of(std::int64_t days) {
  return static_cast<int>(((days + 3) % 7 + 7) % 7) + 1;
}  // 1970-01-01 was a Thursday

// The Monday of the first week of a month (of a year, for January): the one with its first Thursday.
std::int64_t first_week(std::int64_t year, std::int64_t month) {
  std::int64_t first = days_from_date(year, month, 1);
  int weekday = weekday_of(first);
  return weekday > 4 ? first + (8 - weekday) : first - (weekday - 1);
}

}  // namespace

std::int64_t days_from_date(std::int64_t year, std::int64_t month, std::int64_t day) {
  year += floor_div(month - 1, 12);
  month = (month - 1) - floor_div(month - 1, 12) * 12 + 1;
  std::int64_t shifted = month <= 2 ? year - 1 : year;
  std::int64_t era = floor_div(shifted, 400);
  std::int64_t year_of_era = shifted - era * 400;
  std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
  std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468 + day - 1;
}

Moment Moment::from_millis(std::int64_t millis) {
  Moment moment;
  moment.days = floor_div(millis, day_millis);
  std::int64_t rest = millis - moment.days * day_millis;
  moment.hour = static_cast<int>(rest / 3'600'000);
  moment.minute = static_cast<int>(rest / 60'000 % 60);
  moment.second = static_cast<int>(rest / 1000 % 60);
  moment.millisecond = static_cast<int>(rest % 1000);
  moment.weekday = weekday_of(moment.days);
  std::int64_t z = moment.days + 719'468;
  std::int64_t era = floor_div(z, 146'097);
  std::int64_t day_of_era = z - era * 146'097;
  std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  std::int64_t shifted = (5 * day_of_year + 2) / 153;
  moment.day = static_cast<int>(day_of_year - (153 * shifted + 2) / 5 + 1);
  moment.month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  moment.year = year_of_era + era * 400 + (moment.month <= 2 ? 1 : 0);
  return moment;
}

int Moment::day_of_year() const {
  return static_cast<int>(days - days_from_date(year, 1, 1)) + 1;
}

int Moment::week_of_year() const {
  std::int64_t week = floor_div(days - first_week(year, 1), 7) + 1;
  if (week > 52 && days >= first_week(year + 1, 1)) return 1;
  if (week < 1) week = floor_div(days - first_week(year - 1, 1), 7) + 1;
  return static_cast<int>(week);
}

int Moment::week_of_month() const {
  std::int64_t week = floor_div(days - first_week(year, month), 7) + 1;
  if (week > 4 && days >= first_week(year, month + 1)) return 1;
  if (week < 1) week = floor_div(days - first_week(year, month - 1), 7) + 1;
  return static_cast<int>(week);
}

std::int64_t Moment::week_year() const {
  if (days < first_week(year, 1)) return year - 1;
  return days >= first_week(year + 1, 1) ? year + 1 : year;
}

int Moment::week_month() const {
  if (days < first_week(year, month)) return month == 1 ? 12 : month - 1;
  if (days >= first_week(year, month + 1)) return month == 12 ? 1 : month + 1;
  return month;
}

}  // namespace busway::jsonata
