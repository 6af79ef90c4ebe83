#include <array>
#include <cmath>

#include "transforms/jsonata/functions/calendar.hpp"
#include "transforms/jsonata/functions/time_picture.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool equals_anycase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && to_lower(a) == to_lower(b);
}

// The values that were read, by component letter.
class Components {
 public:
  std::optional<double>& operator[](char component) { return values_[static_cast<unsigned char>(component) & 127U]; }
  bool has(char component) const {
    const auto& value = values_[static_cast<unsigned char>(component) & 127U];
    return value.has_value() && *value != 0;  // zero counts as absent when the kind of date is chosen, as in jsonata-js
  }
  bool any() const {
    for (const auto& value : values_) {
      if (value) return true;
    }
    return false;
  }

 private:
  std::array<std::optional<double>, 128> values_{};
};

// Reads the parts in order; a part takes as much as it can and gives back what the parts behind it need.
class Reader {
 public:
  Reader(const TimePicture& picture, Components& into) : picture_(picture), into_(into) {}

  bool read(std::string_view text, std::size_t index = 0) {
    if (index == picture_.parts.size()) return text.empty();
    if (++attempts_ > 10'000) return false;
    const TimePicture::Part& part = picture_.parts[index];
    if (part.component == '\0') {
      return text.size() >= part.literal.size() && equals_anycase(text.substr(0, part.literal.size()), part.literal) &&
             read(text.substr(part.literal.size()), index + 1);
    }
    std::size_t least = shortest(part);
    for (std::size_t length = longest(part, text); length >= least; --length) {
      std::optional<double> value = value_of(part, text.substr(0, length));
      if (!value || !read(text.substr(length), index + 1)) continue;
      if (!into_[part.component]) into_[part.component] = value;
      return true;
    }
    return false;
  }

 private:
  static std::size_t shortest(const TimePicture::Part& part) {
    bool digits = part.names == TimePicture::Names::none && part.component != 'Z' && part.component != 'z' &&
                  part.component != 'f' && part.integer.form == IntegerPicture::Form::decimal;
    return digits && part.integer.width != 0 ? part.integer.width : 1;
  }

  static std::size_t longest(const TimePicture::Part& part, std::string_view text) {
    std::size_t end = 0;
    if (part.component == 'Z' || part.component == 'z' || part.names != TimePicture::Names::none)
      return std::min<std::size_t>(text.size(), 40);
    if (part.component == 'f') {
      while (end < text.size() && is_digit(text[end])) ++end;
      return end;
    }
    switch (part.integer.form) {
      case IntegerPicture::Form::decimal:
        while (end < text.size() && is_digit(text[end])) ++end;
        if (part.integer.width != 0) end = end >= part.integer.width ? part.integer.width : 0;
        return part.integer.ordinal && end > 0 && end + 2 <= text.size() ? end + 2 : end;
      case IntegerPicture::Form::words:
        while (end < text.size() && end < 400 &&
               (is_letter(text[end]) || text[end] == ' ' || text[end] == '-' || text[end] == ','))
          ++end;
        return end;
      default:
        while (end < text.size() && end < 40 && is_letter(text[end])) ++end;
        return end;
    }
  }

  static std::optional<double> named(const TimePicture::Part& part, std::string_view text) {
    auto shortened = [&part](std::string_view name) { return part.most ? name.substr(0, *part.most) : name; };
    if (part.component == 'M' || part.component == 'x') {
      for (int month = 1; month <= 12; ++month) {
        if (shortened(month_name(month)) == text) return month;
      }
    } else if (part.component == 'F') {
      for (int day = 1; day <= 7; ++day) {
        if (shortened(day_name(day)) == text) return day;
      }
    } else if (part.component == 'P') {
      if (text == "am" || text == "AM") return 0;
      if (text == "pm" || text == "PM") return 1;
    }
    return std::nullopt;
  }

  static std::optional<double> zone(const TimePicture::Part& part, std::string_view text) {
    if (part.component == 'z') {
      if (!equals_anycase(text.substr(0, 3), "GMT")) return std::nullopt;
      text.remove_prefix(3);
    }
    if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    double sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
    std::string_view hours = text;
    std::string_view minutes;
    if (part.integer.regular) {
      std::string separator;
      append_code_point(separator, part.integer.separators[0].character);
      std::size_t at = text.find(separator);
      if (at == std::string_view::npos) return std::nullopt;
      hours = text.substr(0, at);
      minutes = text.substr(at + separator.size());
      if (minutes.empty()) return std::nullopt;
    } else if (text.size() > 2) {
      hours = text.substr(0, 2);
      minutes = text.substr(2);
    }
    double value = 0;
    double unit = 0;
    for (char c : hours) {
      if (!is_digit(c)) return std::nullopt;
      value = value * 10 + (c - '0');
    }
    for (char c : minutes) {
      if (!is_digit(c)) return std::nullopt;
      unit = unit * 10 + (c - '0');
    }
    return hours.empty() ? std::nullopt : std::optional<double>(sign * (value * 60 + unit));
  }

  static std::optional<double> value_of(const TimePicture::Part& part, std::string_view text) {
    if (part.component == 'Z' || part.component == 'z') return zone(part, text);
    if (part.names != TimePicture::Names::none) return named(part, text);
    if (part.component == 'f') {
      double value = 0;
      double unit = 100;
      for (char c : text.substr(0, 3)) {
        value += (c - '0') * unit;
        unit /= 10;
      }
      return std::round(value);
    }
    if (part.integer.form == IntegerPicture::Form::decimal && part.integer.ordinal && text.size() > 2) {
      std::string_view suffix = text.substr(text.size() - 2);
      if (suffix != "th" && suffix != "st" && suffix != "nd" && suffix != "rd") return std::nullopt;
    }
    std::string_view code;
    double value = parse_integer(text, part.integer, code);
    return code.empty() && !std::isnan(value) ? std::optional<double>(value) : std::nullopt;
  }

  const TimePicture& picture_;
  Components& into_;
  int attempts_ = 0;
};

double now_value(const Moment& now, char component) {
  switch (component) {
    case 'Y': return static_cast<double>(now.year);
    case 'M': return now.month;
    case 'D': return now.day;
    case 'd': return now.day_of_year();
    case 'H': return now.hour;
    case 'h': return now.hour % 12 == 0 ? 12 : now.hour % 12;
    case 'P': return now.hour >= 12 ? 1 : 0;
    case 'm': return now.minute;
    case 's': return now.second;
    case 'f': return now.millisecond;
    default: return 0;
  }
}

}  // namespace

std::optional<double> parse_time(std::string_view text, const TimePicture& picture, std::int64_t now, std::string_view& code,
                                 std::string& about) {
  for (const TimePicture::Part& part : picture.parts) {
    bool can_name = std::string_view("MxFPZz").find(part.component) != std::string_view::npos;
    if (part.component != '\0' && part.names != TimePicture::Names::none && !can_name) {
      code = "D3133";
      about = std::string(1, part.component);
      return std::nullopt;
    }
    if (part.has_integer && part.integer.form == IntegerPicture::Form::sequence) {
      code = "D3130";
      return std::nullopt;
    }
  }
  Components read;
  if (!Reader(picture, read).read(text) || !read.any()) return std::nullopt;
  auto only = [&read](std::string_view all, std::string_view allowed) {
    bool some = false;
    for (char component : all) {
      if (!read.has(component)) continue;
      if (allowed.find(component) == std::string_view::npos) return false;
      some = true;
    }
    return some;
  };
  constexpr std::string_view all_date = "YXMxWwdD";
  bool by_month = only(all_date, "YMD");
  bool by_day = !by_month && only(all_date, "Yd");
  bool by_weeks = !by_month && !by_day && (only(all_date, "Xxw") || only(all_date, "XW"));
  bool by_half = !only("PHhmsf", "Hmsf") && only("PHhmsf", "Phmsf");
  if (by_weeks) {
    code = "D3136";  // week dates cannot be read back, as in jsonata-js
    return std::nullopt;
  }
  std::string order = by_day ? "Yd" : "YMD";
  order += by_half ? "Phmsf" : "Hmsf";
  Moment today = Moment::from_millis(now);
  bool started = false;
  bool ended = false;
  for (char component : order) {
    auto& value = read[component];
    if (value) {
      started = true;
      if (ended) {
        code = "D3136";
        return std::nullopt;
      }
    } else if (started) {
      value = component == 'M' || component == 'D' || component == 'd' ? 1 : 0;
      ended = true;
    } else {
      value = now_value(today, component);
    }
  }
  auto whole = [&read](char component) { return static_cast<std::int64_t>(std::min(read[component].value_or(0), 1e8)); };
  std::int64_t hour = whole('H');
  if (by_half) hour = (whole('h') == 12 ? 0 : whole('h')) + (whole('P') == 1 ? 12 : 0);
  std::int64_t year = whole('Y');
  if (year < 100) year += 1900;  // as JavaScript's Date.UTC has it
  std::int64_t date =
      by_day ? days_from_date(year, 1, whole('d')) : days_from_date(year, std::max<std::int64_t>(whole('M'), 1), whole('D'));
  double millis = static_cast<double>(date) * 86'400'000.0 + static_cast<double>(hour) * 3'600'000.0 +
                  static_cast<double>(whole('m')) * 60'000.0 + static_cast<double>(whole('s')) * 1000.0 +
                  static_cast<double>(whole('f'));
  double zone = read.has('Z') ? *read['Z'] : read.has('z') ? *read['z'] : 0;
  return millis - zone * 60'000.0;
}

}  // namespace busway::jsonata
