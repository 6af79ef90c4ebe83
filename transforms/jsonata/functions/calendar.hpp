#pragma once

#include <cstdint>

namespace busway::jsonata {

// Days since 1970-01-01 in the proleptic Gregorian calendar; months count from 1, and months or days beyond their range carry
// over as in JavaScript's Date.UTC.
std::int64_t days_from_date(std::int64_t year, std::int64_t month, std::int64_t day);

// A moment in UTC, taken apart.
struct Moment {
  std::int64_t year = 1970;
  int month = 1;  // 1..12
  int day = 1;
  int weekday = 1;  // 1 Monday .. 7 Sunday
  int hour = 0, minute = 0, second = 0, millisecond = 0;
  std::int64_t days = 0;  // since 1970-01-01

  static Moment from_millis(std::int64_t millis);
  int day_of_year() const;
  int week_of_year() const;   // ISO 8601: the first week has the year's first Thursday
  int week_of_month() const;  // the same for the month
  std::int64_t week_year() const;
  int week_month() const;
};

}  // namespace busway::jsonata
