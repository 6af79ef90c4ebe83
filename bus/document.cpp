#include "bus/document.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

namespace busway {

std::string_view name_of(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::nothing: return "nothing";
    case Node::Kind::null: return "null";
    case Node::Kind::boolean: return "boolean";
    case Node::Kind::number: return "number";
    case Node::Kind::string: return "string";
    case Node::Kind::array: return "array";
    case Node::Kind::object: return "object";
    case Node::Kind::function: return "function";
  }
  return "nothing";
}

double Node::as_double() const noexcept {
  if (!has_number_text()) return value_.number;
  double value = 0;
  std::string_view digits = text();
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) {
    // from_chars leaves the value alone; strtod tells overflow from underflow.
    return std::strtod(std::string(digits).c_str(), nullptr);
  }
  return value;
}

Node Node::member(std::string_view key) const noexcept {
  if (kind_ != Kind::object) return {};
  for (const Member& member : members()) {
    if (member.key.text() == key) return member.value;
  }
  return {};
}

Node deep_copy(const Node& node, Arena& arena) {
  switch (node.kind()) {
    case Node::Kind::string: return Node::string(arena.copy(node.text())).with_marks(node.marks());
    case Node::Kind::number:
      return node.has_number_text() ? Node::number_text(arena.copy(node.text())).with_marks(node.marks()) : node;
    case Node::Kind::array: {
      auto* items = arena.array<Node>(node.size());
      std::size_t at = 0;
      for (const Node& item : node.items()) items[at++] = deep_copy(item, arena);
      return Node::array({items, at}).with_marks(node.marks());
    }
    case Node::Kind::object: {
      auto* members = arena.array<Member>(node.size());
      std::size_t at = 0;
      for (const Member& member : node.members()) members[at++] = {deep_copy(member.key, arena), deep_copy(member.value, arena)};
      return Node::object({members, at}).with_marks(node.marks());
    }
    default: return node;
  }
}

namespace {

// A decimal as sign, significant digits without leading or trailing zeros, and the power of ten of the first digit.
struct Decimal {
  bool negative = false;
  std::string_view whole;     // digits before the point, leading zeros cut
  std::string_view fraction;  // digits after it, trailing zeros cut
  std::int64_t scale = 0;     // value = 0.d1d2d3... * 10^scale
  bool zero = false;

  char digit(std::size_t index) const {
    if (index < whole.size()) return whole[index];
    index -= whole.size();
    return index < fraction.size() ? fraction[index] : '0';
  }
  std::size_t digits() const { return whole.size() + fraction.size(); }
};

Decimal read_decimal(std::string_view text) {
  Decimal decimal;
  std::size_t at = 0;
  if (at < text.size() && text[at] == '-') {
    decimal.negative = true;
    ++at;
  }
  std::size_t whole_start = at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  decimal.whole = text.substr(whole_start, at - whole_start);
  if (at < text.size() && text[at] == '.') {
    std::size_t start = ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    decimal.fraction = text.substr(start, at - start);
  }
  std::int64_t exponent = 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    bool minus = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    for (; at < text.size(); ++at) {
      if (exponent < 1'000'000'000'000'000) exponent = exponent * 10 + (text[at] - '0');  // far past any text's digits
    }
    if (minus) exponent = -exponent;
  }
  while (!decimal.whole.empty() && decimal.whole.front() == '0') decimal.whole.remove_prefix(1);
  while (!decimal.fraction.empty() && decimal.fraction.back() == '0') decimal.fraction.remove_suffix(1);
  decimal.scale = exponent + static_cast<std::int64_t>(decimal.whole.size());
  if (decimal.whole.empty()) {
    while (!decimal.fraction.empty() && decimal.fraction.front() == '0') {
      decimal.fraction.remove_prefix(1);
      --decimal.scale;
    }
  } else if (decimal.fraction.empty()) {
    while (!decimal.whole.empty() && decimal.whole.back() == '0') decimal.whole.remove_suffix(1);
  }
  decimal.zero = decimal.digits() == 0;
  return decimal;
}

}  // namespace

int compare_decimals(std::string_view left, std::string_view right) {
  Decimal a = read_decimal(left);
  Decimal b = read_decimal(right);
  if (a.zero && b.zero) return 0;
  if (a.zero) return b.negative ? 1 : -1;
  if (b.zero) return a.negative ? -1 : 1;
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  int sign = a.negative ? -1 : 1;
  if (a.scale != b.scale) return a.scale < b.scale ? -sign : sign;
  std::size_t digits = std::max(a.digits(), b.digits());
  for (std::size_t i = 0; i < digits; ++i) {
    if (a.digit(i) != b.digit(i)) return a.digit(i) < b.digit(i) ? -sign : sign;
  }
  return 0;
}

bool equal(const Node& left, const Node& right) {
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Node::Kind::nothing:
    case Node::Kind::null: return true;
    case Node::Kind::boolean: return left.as_boolean() == right.as_boolean();
    case Node::Kind::number:
      if (left.has_number_text() && right.has_number_text()) return compare_decimals(left.text(), right.text()) == 0;
      return left.as_double() == right.as_double();
    case Node::Kind::string: return left.text() == right.text();
    case Node::Kind::function: return left.closure() == right.closure();
    case Node::Kind::array:
      return left.size() == right.size() && std::equal(left.items().begin(), left.items().end(), right.items().begin(), equal);
    case Node::Kind::object: {
      if (left.size() != right.size()) return false;
      std::size_t at = 0;
      for (const Member& member : left.members()) {
        // The same place first: two objects of one origin compare in linear time.
        const Member& twin = right.members()[at++];
        Node other = twin.key.text() == member.key.text() ? twin.value : right.member(member.key.text());
        if (other.is_nothing() || !equal(member.value, other)) return false;
      }
      return true;
    }
  }
  return false;
}

bool truthy(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::boolean: return node.as_boolean();
    case Node::Kind::number: return node.as_double() != 0;
    case Node::Kind::string:
    case Node::Kind::object: return node.size() != 0;
    case Node::Kind::array: return std::any_of(node.items().begin(), node.items().end(), truthy);
    default: return false;
  }
}

std::string_view number_to_text(const Node& number, std::span<char> buffer) {
  if (number.has_number_text()) return number.text();
  double value = number.as_double();
  if (value == 0) return "0";
  // JSONata prints Number(value.toPrecision(15)): round to 15 digits, then the shortest text of that double.
  char rounded[40];
  std::snprintf(rounded, sizeof rounded, "%.15g", value);
  value = std::strtod(rounded, nullptr);
  char digits[40];
  auto written = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific);
  std::string_view scientific(digits, static_cast<std::size_t>(written.ptr - digits));
  std::size_t e = scientific.find('e');
  if (e == std::string_view::npos) return "null";  // inf, nan: refused before anyone prints them
  int exponent = std::atoi(std::string(scientific.substr(e + 1)).c_str());
  std::string mantissa(scientific.substr(0, e));
  bool negative = mantissa.front() == '-';
  if (negative) mantissa.erase(0, 1);
  std::erase(mantissa, '.');
  auto count = static_cast<int>(mantissa.size());
  std::string text = negative ? "-" : "";
  if (exponent >= 0 && exponent < 21) {
    // ECMAScript Number::toString: plain digits up to 1e21.
    if (count <= exponent + 1) {
      text += mantissa;
      text.append(static_cast<std::size_t>(exponent + 1 - count), '0');
    } else {
      text.append(mantissa, 0, static_cast<std::size_t>(exponent + 1))
          .append(".")
          .append(mantissa, static_cast<std::size_t>(exponent + 1));
    }
  } else if (exponent < 0 && exponent >= -6) {
    text += "0.";
    text.append(static_cast<std::size_t>(-exponent - 1), '0').append(mantissa);
  } else {
    text += mantissa.substr(0, 1);
    if (count > 1) text.append(".").append(mantissa, 1);
    text += exponent < 0 ? "e-" : "e+";
    text += std::to_string(std::abs(exponent));
  }
  std::size_t size = std::min(text.size(), buffer.size());
  std::memcpy(buffer.data(), text.data(), size);
  return {buffer.data(), size};
}

namespace {

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
          out += escape;
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_json(const Node& node, std::string& out) {
  switch (node.kind()) {
    case Node::Kind::nothing:
    case Node::Kind::function:
    case Node::Kind::null: out += "null"; break;
    case Node::Kind::boolean: out += node.as_boolean() ? "true" : "false"; break;
    case Node::Kind::number: {
      char buffer[40];
      out += number_to_text(node, buffer);
      break;
    }
    case Node::Kind::string: append_json_string(node.text(), out); break;
    case Node::Kind::array: {
      out += '[';
      bool first = true;
      for (const Node& item : node.items()) {
        if (!first) out += ',';
        first = false;
        append_json(item, out);
      }
      out += ']';
      break;
    }
    case Node::Kind::object: {
      out += '{';
      bool first = true;
      for (const Member& member : node.members()) {
        if (!first) out += ',';
        first = false;
        append_json_string(member.key.text(), out);
        out += ':';
        append_json(member.value, out);
      }
      out += '}';
      break;
    }
  }
}

}  // namespace

std::string to_json(const Node& node) {
  std::string out;
  append_json(node, out);
  return out;
}

}  // namespace busway
