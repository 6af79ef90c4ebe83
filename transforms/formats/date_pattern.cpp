#include "transforms/formats/date_pattern.hpp"

#include <algorithm>
#include <array>

namespace busway {

namespace {

struct Moment {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
};

bool is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}
int days_in(int year, int month) {
  constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[static_cast<std::size_t>(month - 1)];
}
bool is_real(const Moment& moment) {
  return moment.month >= 1 && moment.month <= 12 && moment.day >= 1 && moment.day <= days_in(moment.year, moment.month) &&
         moment.hour >= 0 && moment.hour <= 23 && moment.minute >= 0 && moment.minute <= 59 && moment.second >= 0 &&
         moment.second <= 59;
}

int digits(std::string_view text) {
  int value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

void append_digits(int value, std::size_t width, std::string& out) {
  std::string text = std::to_string(value);
  out.append(width > text.size() ? width - text.size() : 0, '0').append(text);
}

}  // namespace

bool DatePattern::has(Part part) const {
  return std::any_of(tokens_.begin(), tokens_.end(), [part](const Token& token) { return token.part == part; });
}

std::optional<DatePattern> DatePattern::parse(std::string_view pattern) {
  struct Known {
    std::string_view letters;
    Part part;
  };
  constexpr Known known[] = {{"YYYY", Part::year}, {"YY", Part::short_year}, {"MM", Part::month},  {"DDD", Part::day_of_year},
                             {"DD", Part::day},    {"hh", Part::hour},       {"mm", Part::minute}, {"ss", Part::second}};
  DatePattern out;
  while (!pattern.empty()) {
    Token token{.part = Part::literal, .literal = pattern.front(), .width = 1};
    for (const Known& candidate : known) {
      if (!pattern.starts_with(candidate.letters)) continue;
      token = {.part = candidate.part, .literal = ' ', .width = static_cast<std::uint8_t>(candidate.letters.size())};
      if (out.has(token.part)) return std::nullopt;
      break;
    }
    auto c = static_cast<unsigned char>(token.literal);
    if (c < 0x20 || c > 0x7E) return std::nullopt;
    pattern.remove_prefix(token.width);
    out.width_ += token.width;
    out.tokens_.push_back(token);
  }
  bool year = out.has(Part::year) != out.has(Part::short_year);
  bool calendar = out.has(Part::month) && out.has(Part::day) && !out.has(Part::day_of_year);
  bool ordinal = out.has(Part::day_of_year) && !out.has(Part::month) && !out.has(Part::day);
  bool date = year && (calendar || ordinal);
  bool any_date = out.has_date() || out.has(Part::month) || out.has(Part::day) || out.has(Part::day_of_year);
  bool time = out.has(Part::hour) && out.has(Part::minute);
  bool any_time = out.has(Part::hour) || out.has(Part::minute) || out.has(Part::second);
  if (any_date != date || any_time != time || !(date || time)) return std::nullopt;
  return out;
}

std::optional<std::string> DatePattern::to_iso(std::string_view text) const {
  if (text.size() != width_) return std::nullopt;
  Moment moment;
  int day_of_year = 0;
  for (const Token& token : tokens_) {
    std::string_view piece = text.substr(0, token.width);
    text.remove_prefix(token.width);
    if (token.part == Part::literal) {
      if (piece.front() != token.literal) return std::nullopt;
      continue;
    }
    int value = digits(piece);
    if (value < 0) return std::nullopt;
    switch (token.part) {
      case Part::year: moment.year = value; break;
      case Part::short_year: moment.year = value >= 70 ? 1900 + value : 2000 + value; break;
      case Part::month: moment.month = value; break;
      case Part::day: moment.day = value; break;
      case Part::day_of_year: day_of_year = value; break;
      case Part::hour: moment.hour = value; break;
      case Part::minute: moment.minute = value; break;
      default: moment.second = value; break;
    }
  }
  if (has(Part::day_of_year)) {
    if (day_of_year < 1 || day_of_year > (is_leap(moment.year) ? 366 : 365)) return std::nullopt;
    moment.month = 1;
    while (day_of_year > days_in(moment.year, moment.month)) day_of_year -= days_in(moment.year, moment.month++);
    moment.day = day_of_year;
  }
  if (!is_real(moment)) return std::nullopt;
  std::string out;
  if (has_date()) {
    append_digits(moment.year, 4, out);
    append_digits(moment.month, 2, out += '-');
    append_digits(moment.day, 2, out += '-');
  }
  if (has_time()) {
    if (has_date()) out += 'T';
    append_digits(moment.hour, 2, out);
    append_digits(moment.minute, 2, out += ':');
    append_digits(moment.second, 2, out += ':');
  }
  return out;
}

std::optional<std::string> DatePattern::from_iso(std::string_view iso) const {
  Moment moment;
  auto take = [&](std::size_t width, char behind, int& value) {
    if (iso.size() < width) return false;
    value = digits(iso.substr(0, width));
    iso.remove_prefix(width);
    if (value < 0) return false;
    if (behind == '\0') return true;
    if (iso.empty() || iso.front() != behind) return false;
    iso.remove_prefix(1);
    return true;
  };
  if (has_date() &&
      (!take(4, '-', moment.year) || !take(2, '-', moment.month) || !take(2, has_time() ? 'T' : '\0', moment.day))) {
    return std::nullopt;
  }
  if (has_time()) {
    if (!take(2, ':', moment.hour) || !take(2, '\0', moment.minute)) return std::nullopt;
    if (!iso.empty()) {
      if (iso.front() != ':') return std::nullopt;
      iso.remove_prefix(1);
      if (!take(2, '\0', moment.second)) return std::nullopt;
    }
    // Seconds that the record has no room for would be lost.
    if (!has(Part::second) && moment.second != 0) return std::nullopt;
  }
  if (!iso.empty() || !is_real(moment)) return std::nullopt;
  if (has(Part::short_year) && (moment.year < 1970 || moment.year > 2069)) return std::nullopt;
  std::string out;
  for (const Token& token : tokens_) {
    int value = 0;
    switch (token.part) {
      case Part::literal: out += token.literal; continue;
      case Part::year: value = moment.year; break;
      case Part::short_year: value = moment.year % 100; break;
      case Part::month: value = moment.month; break;
      case Part::day: value = moment.day; break;
      case Part::day_of_year:
        value = moment.day;
        for (int month = 1; month < moment.month; ++month) value += days_in(moment.year, month);
        break;
      case Part::hour: value = moment.hour; break;
      case Part::minute: value = moment.minute; break;
      case Part::second: value = moment.second; break;
    }
    append_digits(value, token.width, out);
  }
  return out;
}

}  // namespace busway
