#include <charconv>
#include <cmath>

#include "transforms/jsonata/functions/calendar.hpp"
#include "transforms/jsonata/functions/functions.hpp"
#include "transforms/jsonata/functions/time_picture.hpp"

namespace busway::jsonata::functions {

namespace {

constexpr std::string_view iso_picture = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]";

Node format(Evaluation& evaluation, double millis, const Node& picture_text, const Node& zone_text) {
  if (!(std::fabs(millis) <= 8.64e15)) return evaluation.fail("D3110", "the time is out of range");
  int zone = 0;
  if (zone_text.is_string()) {
    std::string_view text = zone_text.text();
    if (text.starts_with('+')) text.remove_prefix(1);
    std::from_chars(text.data(), text.data() + text.size(), zone);
    if (zone < -2400 || zone > 2400) return evaluation.fail("D3134", zone_text.text());
  }
  TimePicture picture;
  std::string_view code;
  std::string about;
  std::string_view text = picture_text.is_string() ? picture_text.text() : iso_picture;
  if (!TimePicture::parse(text, picture, code, about)) return evaluation.fail(code, about);
  std::string out = format_time(static_cast<std::int64_t>(std::trunc(millis)), picture, zone, code, about);
  return code.empty() ? evaluation.make_string(out) : evaluation.fail(code, about);
}

// An ISO 8601 time: YYYY[-MM[-DD]][Thh:mm:ss][.fff][+hh[:]mm|Z].
class IsoReader {
 public:
  explicit IsoReader(std::string_view text) : text_(text) {}

  bool read(double& millis) {
    int year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, zone = 0;
    double fraction = 0;
    if (!digits(4, year)) return false;
    if (peek() == '-' && text_.size() >= at_ + 3 && !is_zone()) {
      ++at_;
      if (!digits(2, month)) return false;
      if (peek() == '-' && !is_zone()) {
        ++at_;
        if (!digits(2, day)) return false;
      }
    }
    if (peek() == 'T') {
      ++at_;
      if (!digits(2, hour) || !take(':') || !digits(2, minute) || !take(':') || !digits(2, second)) return false;
    }
    if (peek() == '.') {
      ++at_;
      double unit = 100;
      std::size_t start = at_;
      for (; peek() >= '0' && peek() <= '9'; ++at_, unit /= 10) fraction += (peek() - '0') * unit;
      if (at_ == start) return false;
    }
    if (peek() == 'Z') {
      ++at_;
    } else if (peek() == '+' || peek() == '-') {
      int sign = peek() == '-' ? -1 : 1;
      int zone_minutes = 0;
      ++at_;
      if (!digits(2, zone)) return false;
      if (peek() == ':') ++at_;
      if (!digits(2, zone_minutes)) return false;
      zone = sign * (zone * 60 + zone_minutes);
    }
    if (at_ != text_.size() || month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 59)
      return false;
    millis = static_cast<double>(days_from_date(year, month, day)) * 86'400'000.0 + (hour * 60.0 + minute - zone) * 60'000.0 +
             second * 1000.0 + std::floor(fraction + 1e-6);
    return true;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) { return peek() == c && ++at_ > 0; }
  // `-0500` right behind a date is a zone; `-05` with nothing or `-` or `T` behind it is a month or day.
  bool is_zone() const {
    std::string_view rest = text_.substr(at_ + 1);
    return (rest.size() == 4 && rest.find_first_not_of("0123456789") == std::string_view::npos) ||
           (rest.size() == 5 && rest[2] == ':');
  }
  bool digits(std::size_t count, int& value) {
    value = 0;
    for (std::size_t i = 0; i < count; ++i, ++at_) {
      if (peek() < '0' || peek() > '9') return false;
      value = value * 10 + (peek() - '0');
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Node now(Evaluation& evaluation, Arguments arguments, const Node&) {
  return format(evaluation, static_cast<double>(evaluation.now()), arguments[0], arguments[1]);
}

Node millis(Evaluation& evaluation, Arguments, const Node&) {
  return Node::number(static_cast<double>(evaluation.now()));
}

Node from_millis(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_number()) return {};
  return format(evaluation, arguments[0].as_double(), arguments[1], arguments[2]);
}

Node to_millis(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_string()) return {};
  std::string_view text = arguments[0].text();
  if (!arguments[1].is_string()) {
    double value = 0;
    return IsoReader(text).read(value) ? Node::number(value) : evaluation.fail("D3110", text);
  }
  TimePicture picture;
  std::string_view code;
  std::string about;
  if (!TimePicture::parse(arguments[1].text(), picture, code, about)) return evaluation.fail(code, about);
  auto value = parse_time(text, picture, evaluation.now(), code, about);
  if (!code.empty()) return evaluation.fail(code, about);
  return value ? Node::number(*value) : Node();
}

}  // namespace busway::jsonata::functions
