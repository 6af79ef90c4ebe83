#include "transforms/inference/element_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "bus/number_text.hpp"
#include "transforms/inference/shape.hpp"

namespace busway::inference {

namespace {

using Kind = ContractText::Kind;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string collapsed(std::string_view text) {
  std::string out;
  bool space = false;
  for (char c : text) {
    if (is_space(c)) {
      space = !out.empty();
      continue;
    }
    if (space) out += ' ';
    space = false;
    out += c;
  }
  return out;
}

std::uint64_t code_points(std::string_view text) {
  return static_cast<std::uint64_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Takes what a text begins with.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool done() const { return text_.empty(); }
  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::size_t digits() {
    std::size_t count = 0;
    while (count < text_.size() && is_digit(text_[count])) ++count;
    text_.remove_prefix(count);
    return count;
  }
  bool zone() {
    if (done() || take('Z')) return true;
    return (take('+') || take('-')) && digits() == 2 && take(':') && digits() == 2;
  }
  bool date() {
    take('-');
    return digits() >= 4 && take('-') && digits() == 2 && take('-') && digits() == 2;
  }
  bool time() {
    return digits() == 2 && take(':') && digits() == 2 && take(':') && digits() == 2 && (!take('.') || digits() > 0);
  }
  // With `exponent`, of a floating point number.
  bool decimal(bool exponent) {
    if (!take('+')) take('-');
    std::size_t count = digits();
    if (take('.')) count += digits();
    if (count == 0) return false;
    if (!exponent || !(take('e') || take('E'))) return true;
    if (!take('+')) take('-');
    return digits() > 0;
  }

 private:
  std::string_view text_;
};

// Whether the text has the form that the type's values are written in (XSD 1.0 part 2, 3.2).
bool has_form(Kind kind, std::string_view text) {
  Reader reader(text);
  switch (kind) {
    case Kind::any: return true;
    case Kind::boolean: return text == "true" || text == "false" || text == "1" || text == "0";
    case Kind::whole:
      if (!reader.take('+')) reader.take('-');
      return reader.digits() > 0 && reader.done();
    case Kind::decimal: return reader.decimal(false) && reader.done();
    case Kind::floating:
      return text == "INF" || text == "-INF" || text == "+INF" || text == "NaN" || (reader.decimal(true) && reader.done());
    case Kind::date: return reader.date() && reader.zone() && reader.done();
    case Kind::time: return reader.time() && reader.zone() && reader.done();
    case Kind::date_time: return reader.date() && reader.take('T') && reader.time() && reader.zone() && reader.done();
  }
  return true;
}

bool is_number(Kind kind) {
  return kind == Kind::whole || kind == Kind::decimal || kind == Kind::floating;
}

std::optional<double> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

bool among(const ContractText& type, std::string_view text) {
  for (const std::string& value : type.values) {
    std::string one = type.keeps_space ? value : collapsed(value);
    if (one == text) return true;
    // What two numbers that look alike to a double are is not looked at.
    if (is_number(type.kind) && (!number_of(one) || !number_of(text) || number_of(one) == number_of(text))) return true;
  }
  return false;
}

}  // namespace

bool breaks(const ContractText& type, std::string_view written) {
  std::string without_space = collapsed(written);
  std::string_view text = type.keeps_space ? written : std::string_view(without_space);
  if (!has_form(type.kind, text)) return true;
  if (is_number(type.kind)) {
    if (auto number = number_of(text)) {
      if (type.least && *number < *type.least) return true;
      if (type.greatest && *number > *type.greatest) return true;
    }
  }
  if (type.counts_characters) {
    // White space that is only put right counts; so it may count for the shorter, and not for the longer.
    if (code_points(written) < type.min_length || code_points(text) > type.max_length) return true;
  }
  return !type.values.empty() && !among(type, text);
}

bool breaks(const ContractText& type, const Node& scalar) {
  if (scalar.is_string()) return breaks(type, scalar.text());
  if (scalar.is_boolean()) return breaks(type, scalar.as_boolean() ? "true" : "false");
  if (!scalar.is_number()) return false;
  std::array<char, 64> buffer{};
  return breaks(type, number_to_text(scalar, buffer));
}

std::uint16_t never_fit(const ContractText& type) {
  std::uint16_t out = 0;
  switch (type.kind) {
    case Kind::any: break;
    case Kind::boolean: out = kinds::fraction; break;
    case Kind::whole: out = kinds::boolean | kinds::fraction; break;
    case Kind::decimal:
    case Kind::floating: out = kinds::boolean; break;
    case Kind::date:
    case Kind::time:
    case Kind::date_time: out = kinds::boolean | kinds::number; break;
  }
  if (breaks(type, "true") && breaks(type, "false")) out |= kinds::boolean;
  // Codes of letters are the text of no number.
  bool codes = !type.values.empty() && std::none_of(type.values.begin(), type.values.end(), [](const std::string& value) {
    return value.empty() || is_digit(value.front()) || value.front() == '-' || is_space(value.front());
  });
  if (codes && type.kind == Kind::any) out |= kinds::number;
  return out;
}

std::string wanted(const ContractText& type) {
  if (type.values.empty()) return type.name.empty() ? "a text of another kind" : type.name;
  std::string out;
  for (const std::string& value : type.values) {
    if (out.size() > 80) return "one of " + out + ", ...";
    out += (out.empty() ? "\"" : ", \"") + value + "\"";
  }
  return (type.values.size() == 1 ? "" : "one of ") + out;
}

}  // namespace busway::inference
