#include "transforms/jsonata/functions/time_picture.hpp"

#include <charconv>
#include <cmath>

#include "transforms/jsonata/functions/calendar.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata {

namespace {

constexpr std::string_view months[] = {"January", "February", "March",     "April",   "May",      "June",
                                       "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view days[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

std::string_view default_modifier(char component) {
  switch (component) {
    case 'Y':
    case 'M':
    case 'D':
    case 'd':
    case 'W':
    case 'w':
    case 'X':
    case 'x':
    case 'H':
    case 'h':
    case 'f': return "1";
    case 'F':
    case 'P':
    case 'C':
    case 'E': return "n";
    case 'm':
    case 's': return "01";
    case 'Z':
    case 'z': return "01:01";
    default: return {};
  }
}

std::optional<std::size_t> read_width(std::string_view text) {
  std::size_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // A width beyond any number's digits asks for padding no one can mean.
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return std::min<std::size_t>(value, 1000);
}

bool is_integer_component(char component) {
  return std::string_view("YMDdFWwXxHhmsf").find(component) != std::string_view::npos;
}

bool read_marker(std::string_view marker, TimePicture& into, std::string_view& code, std::string& about) {
  TimePicture::Part part;
  part.component = marker.empty() ? '\0' : marker.front();
  std::string_view modifier = marker.empty() ? marker : marker.substr(1);
  if (std::size_t comma = modifier.rfind(','); comma != std::string_view::npos) {
    std::string_view width = modifier.substr(comma + 1);
    modifier = modifier.substr(0, comma);
    std::size_t dash = width.find('-');
    part.least = read_width(width.substr(0, dash));
    if (dash != std::string_view::npos) part.most = read_width(width.substr(dash + 1));
  }
  char second = '\0';
  if (modifier.size() > 1 && std::string_view("atco").find(modifier.back()) != std::string_view::npos) {
    second = modifier.back();
    modifier.remove_suffix(1);
    part.ordinal = second == 'o';
    part.zulu = second == 't';
  }
  if (modifier.empty()) modifier = default_modifier(part.component);
  if (modifier.empty()) {
    code = "D3132";
    about = std::string(marker.substr(0, 1));
    return false;
  }
  if (modifier[0] == 'n') {
    part.names = TimePicture::Names::lower;
  } else if (modifier[0] == 'N') {
    part.names = modifier.size() > 1 && modifier[1] == 'n' ? TimePicture::Names::title : TimePicture::Names::upper;
  } else if (is_integer_component(part.component)) {
    std::string picture(modifier);
    if (second != '\0') picture.append(";").append(1, second);
    if (!IntegerPicture::parse(picture, part.integer, code)) return false;
    part.has_integer = true;
    if (part.least && part.integer.mandatory < *part.least) part.integer.mandatory = *part.least;
    if (part.component == 'Y') {
      std::size_t digits = part.integer.mandatory + part.integer.optional;
      if (part.most) {
        part.year_digits = static_cast<int>(*part.most);
        part.integer.mandatory = *part.most;
      } else if (digits >= 2) {
        part.year_digits = static_cast<int>(digits);
      }
    }
    // Two numbers without anything between: the first has as many digits as its picture.
    if (!into.parts.empty() && into.parts.back().has_integer)
      into.parts.back().integer.width = into.parts.back().integer.mandatory;
  }
  if (part.component == 'Z' || part.component == 'z') {
    part.integer = {};
    if (!IntegerPicture::parse(modifier, part.integer, code)) return false;
    part.has_integer = true;
  }
  into.parts.push_back(std::move(part));
  return true;
}

void add_literal(std::string_view text, TimePicture& into) {
  if (text.empty()) return;
  std::string literal;
  for (std::size_t i = 0; i < text.size(); ++i) {
    literal += text[i];
    if (text.substr(i, 2) == "]]") ++i;
  }
  into.parts.push_back({.literal = std::move(literal)});
}

double component_value(const Moment& moment, char component) {
  switch (component) {
    case 'Y': return static_cast<double>(moment.year);
    case 'M': return moment.month;
    case 'D': return moment.day;
    case 'd': return moment.day_of_year();
    case 'F': return moment.weekday;
    case 'W': return moment.week_of_year();
    case 'w': return moment.week_of_month();
    case 'X': return static_cast<double>(moment.week_year());
    case 'x': return moment.week_month();
    case 'H': return moment.hour;
    case 'h': return moment.hour % 12 == 0 ? 12 : moment.hour % 12;
    case 'm': return moment.minute;
    case 's': return moment.second;
    default: return moment.millisecond;
  }
}

std::string in_case(std::string_view text, TimePicture::Names names) {
  if (names == TimePicture::Names::upper) return to_upper(text);
  if (names == TimePicture::Names::lower) return to_lower(text);
  return std::string(text);
}

std::string format_zone(const TimePicture::Part& part, int zone, std::string_view& code, std::string& about) {
  int hours = zone / 100;
  int minutes = zone % 100;
  std::string out;
  std::size_t digits = part.integer.mandatory;
  if (part.integer.regular || digits == 3 || digits == 4) {
    out = format_integer(zone, part.integer, code);
  } else if (digits == 1 || digits == 2) {
    out = format_integer(hours, part.integer, code);
    if (minutes != 0) {
      IntegerPicture two;
      two.mandatory = 2;
      out += ":" + format_integer(std::abs(minutes), two, code);
    }
  } else {
    code = "D3134";
    about = std::to_string(digits);
    return {};
  }
  if (zone == 0 && part.zulu) return "Z";
  if (zone >= 0) out.insert(0, "+");
  return part.component == 'z' ? "GMT" + out : out;
}

std::string format_part(const TimePicture::Part& part, const Moment& moment, int zone, std::string_view& code,
                        std::string& about) {
  char component = part.component;
  if (component == 'Z' || component == 'z') return part.has_integer ? format_zone(part, zone, code, about) : std::string{};
  if (component == 'P')
    return in_case(moment.hour >= 12 ? "pm" : "am",
                   part.names == TimePicture::Names::upper ? part.names : TimePicture::Names::none);
  if (component == 'C' || component == 'E') return "ISO";
  if (!is_integer_component(component)) return {};
  double value = component_value(moment, component);
  if (part.names == TimePicture::Names::none) {
    if (component == 'Y' && part.year_digits >= 0) value = std::fmod(value, std::pow(10, part.year_digits));
    return format_integer(value, part.integer, code);
  }
  std::string name;
  if (component == 'M' || component == 'x') {
    name = in_case(months[static_cast<std::size_t>(value) - 1], part.names);
  } else if (component == 'F') {
    name = in_case(days[static_cast<std::size_t>(value) - 1], part.names);
  } else {
    code = "D3133";
    about = std::string(1, component);
    return {};
  }
  if (part.most && name.size() > *part.most) name.resize(*part.most);
  return name;
}

}  // namespace

std::string_view month_name(int month) {
  return months[month - 1];
}
std::string_view day_name(int weekday) {
  return days[weekday - 1];
}

bool TimePicture::parse(std::string_view picture, TimePicture& into, std::string_view& code, std::string& about) {
  std::size_t start = 0;
  std::size_t at = 0;
  while (at < picture.size()) {
    if (picture[at] != '[') {
      ++at;
      continue;
    }
    add_literal(picture.substr(start, at - start), into);
    if (picture.substr(at, 2) == "[[") {
      into.parts.push_back({.literal = "["});
      at += 2;
      start = at;
      continue;
    }
    std::size_t end = picture.find(']', at);
    if (end == std::string_view::npos) {
      code = "D3135";
      return false;
    }
    std::string marker;
    for (char c : picture.substr(at + 1, end - at - 1)) {
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r') marker += c;
    }
    if (!read_marker(marker, into, code, about)) return false;
    at = end + 1;
    start = at;
  }
  add_literal(picture.substr(start), into);
  return true;
}

std::string format_time(std::int64_t millis, const TimePicture& picture, int zone, std::string_view& code, std::string& about) {
  Moment moment = Moment::from_millis(millis + (60 * (zone / 100) + zone % 100) * std::int64_t{60'000});
  std::string out;
  for (const TimePicture::Part& part : picture.parts) {
    if (part.component == '\0') {
      out += part.literal;
    } else {
      out += format_part(part, moment, zone, code, about);
      if (!code.empty()) return {};
    }
  }
  return out;
}

}  // namespace busway::jsonata
