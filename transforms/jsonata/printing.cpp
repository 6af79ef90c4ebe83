#include "transforms/jsonata/printing.hpp"

#include <cmath>

#include "bus/json_text.hpp"
#include "bus/number_text.hpp"
#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/values.hpp"

namespace busway::jsonata {

namespace {

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
    case Node::Kind::string: append_json_string(value.text(), out); break;
    case Node::Kind::number: {
      double number = value.as_double();
      if (!std::isfinite(number)) return PrintProblem::non_finite;
      char buffer[32];
      out += printed_number(number, buffer);
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
        append_json_string(member.key.text(), out);
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
