#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/jsonata/functions/integer.hpp"

namespace busway::jsonata {

// A picture such as `[Y0001]-[M01]-[D01]`: XPath's format-dateTime, as far as JSONata has it.
struct TimePicture {
  enum class Names { none, lower, upper, title };
  struct Part {
    std::string literal{};  // for a part without a component
    char component = '\0';
    Names names = Names::none;
    bool ordinal = false;
    bool zulu = false;  // `t`: write Z for UTC
    std::optional<std::size_t> least{};
    std::optional<std::size_t> most{};
    bool has_integer = false;
    IntegerPicture integer{};
    int year_digits = -1;
  };
  std::vector<Part> parts{};

  // False with the code of the error and what it is about.
  static bool parse(std::string_view picture, TimePicture& into, std::string_view& code, std::string& about);
};

// `zone` is hours * 100 + minutes, both with the sign. Empty `code` on success.
std::string format_time(std::int64_t millis, const TimePicture& picture, int zone, std::string_view& code, std::string& about);

// Milliseconds since 1970; nothing when the text does not fit the picture. What the picture leaves out comes from `now`.
std::optional<double> parse_time(std::string_view text, const TimePicture& picture, std::int64_t now, std::string_view& code,
                                 std::string& about);

std::string_view month_name(int month);  // 1..12
std::string_view day_name(int weekday);  // 1 Monday .. 7 Sunday

}  // namespace busway::jsonata
