#include "transforms/jsonata/printing.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/text.hpp"
#include "transforms/jsonata/values.hpp"

namespace busway::jsonata {

void append_shortest(std::string& out, double value) {
  if (value == 0) {
    out += '0';
    return;
  }
  char scientific[40];
  auto written = std::to_chars(scientific, scientific + sizeof scientific, std::fabs(value), std::chars_format::scientific);
  std::string_view text(scientific, static_cast<std::size_t>(written.ptr - scientific));
  std::size_t e = text.find('e');
  int exponent = 0;
  std::string_view power = text.substr(e + 1);
  if (power.starts_with('+')) power.remove_prefix(1);
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  char digits[40];
  int count = 0;
  for (char c : text.substr(0, e)) {
    if (c != '.') digits[count++] = c;
  }
  if (value < 0) out += '-';
  auto all = static_cast<std::size_t>(count);
  if (exponent >= 21 || exponent < -6) {
    out += digits[0];
    if (count > 1) out.append(".").append(digits + 1, all - 1);
    out.append(exponent < 0 ? "e-" : "e+").append(std::to_string(std::abs(exponent)));
  } else if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits, all);
  } else if (count <= exponent + 1) {
    out.append(digits, all).append(static_cast<std::size_t>(exponent + 1 - count), '0');
  } else {
    auto whole = static_cast<std::size_t>(exponent + 1);
    out.append(digits, whole).append(".").append(digits + whole, all - whole);
  }
}

void append_number(std::string& out, double value) {
  if (value == std::trunc(value)) return append_shortest(out, value);
  char rounded[48];
  std::snprintf(rounded, sizeof rounded, "%.15g", value);
  append_shortest(out, std::strtod(rounded, nullptr));
}

namespace {

void append_escaped(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    char c = text[at];
    auto byte = static_cast<unsigned char>(c);
    if (byte == 0xED && at + 2 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(next_code_point(text, at)) & 0xFFFFU);
      out += escape;
      continue;
    }
    ++at;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (byte < 0x20) {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(byte));
          out += escape;
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void new_line(std::string& out, int indent, int level) {
  if (indent == 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(level), ' ');
}

}  // namespace

PrintProblem append_json(std::string& out, const Node& value, int indent, int level) {
  if (level > most_value_levels) return PrintProblem::too_deep;
  switch (value.kind()) {
    case Node::Kind::nothing:
    case Node::Kind::null: out += "null"; break;
    case Node::Kind::boolean: out += value.as_boolean() ? "true" : "false"; break;
    case Node::Kind::function: out += "\"\""; break;
    case Node::Kind::string: append_escaped(out, value.text()); break;
    case Node::Kind::number: {
      double number = value.as_double();
      if (!std::isfinite(number)) return PrintProblem::non_finite;
      append_number(out, number);
      break;
    }
    case Node::Kind::array: {
      out += '[';
      bool first = true;
      for (const Node& item : value.items()) {
        if (!first) out += ',';
        first = false;
        new_line(out, indent, level + 1);
        if (auto problem = append_json(out, item, indent, level + 1); problem != PrintProblem::none) return problem;
      }
      if (!first) new_line(out, indent, level);
      out += ']';
      break;
    }
    case Node::Kind::object: {
      out += '{';
      bool first = true;
      for (const Member& member : value.members()) {
        if (member.value.is_nothing()) continue;
        if (!first) out += ',';
        first = false;
        new_line(out, indent, level + 1);
        append_escaped(out, member.key.text());
        out += indent == 0 ? ":" : ": ";
        if (auto problem = append_json(out, member.value, indent, level + 1); problem != PrintProblem::none) return problem;
      }
      if (!first) new_line(out, indent, level);
      out += '}';
      break;
    }
  }
  return PrintProblem::none;
}

Node Evaluation::text_of(const Node& value, bool pretty) {
  if (value.is_nothing() || value.is_string()) return value;
  if (value.is_function()) return Node::string("");
  if (value.is_number() && !std::isfinite(value.as_double())) return fail("D3001");
  std::string out;
  switch (append_json(out, value, pretty ? 2 : 0)) {
    case PrintProblem::none: break;
    case PrintProblem::non_finite: return fail("D1001");
    case PrintProblem::too_deep: return fail("U1001", "the value is nested too deeply");
  }
  if (!spend(out.size() / 64)) return {};
  return make_string(out);
}

}  // namespace busway::jsonata
