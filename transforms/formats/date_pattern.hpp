#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace busway {

// A date or time as a record writes it: `YYYYMMDD`, `DD.MM.YY`, `YYDDD`, `hhmmss`, `YYYY-MM-DDThh:mm`. Letters: YYYY YY MM DD DDD
// hh mm ss; anything else stands for itself. In the document it is ISO 8601: `2026-01-31`, `10:15:30`, `2026-01-31T10:15:30`.
// YY stands for 1970 to 2069. Immutable.
class DatePattern {
 public:
  // Nothing when the pattern has no whole date and no whole time, or says something twice.
  static std::optional<DatePattern> parse(std::string_view pattern);

  std::size_t width() const { return width_; }
  // Both: nothing when the text does not fit, or is no day of the calendar.
  std::optional<std::string> to_iso(std::string_view record_text) const;
  std::optional<std::string> from_iso(std::string_view iso) const;

 private:
  enum class Part : std::uint8_t { literal, year, short_year, month, day, day_of_year, hour, minute, second };
  struct Token {
    Part part = Part::literal;
    char literal = ' ';
    std::uint8_t width = 1;
  };
  bool has(Part part) const;
  bool has_date() const { return has(Part::year) || has(Part::short_year); }
  bool has_time() const { return has(Part::hour); }

  std::vector<Token> tokens_;
  std::size_t width_ = 0;
};

}  // namespace busway
