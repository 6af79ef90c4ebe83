#include "transforms/jsonata/decimal.hpp"

#include <array>
#include <cmath>

#include "bus/number_text.hpp"
#include "bus/pause.hpp"
#include "transforms/jsonata/functions/functions.hpp"

// Exact decimals. Operands are numbers (by their text; computed ones by the shortest text of their double) and texts that hold
// one; a missing operand makes the result missing. Results keep their digits as text, so that 10.10 leaves as 10.10.
namespace busway::jsonata::functions {

namespace {

bool read(Evaluation& evaluation, const Node& node, Decimal& out) {
  std::array<char, 32> buffer;
  std::string_view text;
  if (node.is_string() || node.has_number_text()) {
    text = node.text();
  } else if (node.is_number()) {
    if (!std::isfinite(node.as_double())) {
      evaluation.fail("D1001");
      return false;
    }
    text = shortest_number(node.as_double(), buffer);
  }
  if (Decimal::read(text, out)) return true;
  evaluation.fail("D3030", text.substr(0, 80));
  return false;
}

Node give(Evaluation& evaluation, const Decimal& value) {
  return Node::number_text(evaluation.arena().copy(value.text()));
}

Node too_long(Evaluation& evaluation) {
  return evaluation.fail("D1001", "a decimal has at most 300 digits");
}

using Operation = bool (*)(const Decimal&, const Decimal&, Decimal&);

Node compute(Evaluation& evaluation, Arguments arguments, Operation operation) {
  if (arguments[0].is_nothing() || arguments[1].is_nothing() || !evaluation.spend(1)) return {};
  Decimal left;
  Decimal right;
  Decimal result;
  if (!read(evaluation, arguments[0], left) || !read(evaluation, arguments[1], right)) return {};
  return operation(left, right, result) ? give(evaluation, result) : too_long(evaluation);
}

// A whole number of places and a word of rounding. False, and the error noted, when one is wrong.
bool read_places(Evaluation& evaluation, const Node& scale, const Node& word, int& places, Rounding& rounding) {
  double value = scale.is_number() ? scale.as_double() : 0.5;
  if (value != std::floor(value) || std::fabs(value) > Decimal::most_digits) {
    evaluation.fail("D3150");
    return false;
  }
  places = static_cast<int>(value);
  rounding = Rounding::half_even;
  if (word.is_nothing() || read_rounding(word.text(), rounding)) return true;
  evaluation.fail("D3151", word.text().substr(0, 80));
  return false;
}

}  // namespace

Node decimal(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (arguments[0].is_nothing()) return {};
  Decimal value;
  return read(evaluation, arguments[0], value) ? give(evaluation, value) : Node();
}

Node decimal_add(Evaluation& evaluation, Arguments arguments, const Node&) {
  return compute(evaluation, arguments, Decimal::add);
}

Node decimal_subtract(Evaluation& evaluation, Arguments arguments, const Node&) {
  return compute(evaluation, arguments, Decimal::subtract);
}

Node decimal_multiply(Evaluation& evaluation, Arguments arguments, const Node&) {
  return compute(evaluation, arguments, Decimal::multiply);
}

Node decimal_divide(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (arguments[0].is_nothing() || arguments[1].is_nothing() || !evaluation.spend(4)) return {};
  Decimal left;
  Decimal right;
  Decimal result;
  int places = 0;
  Rounding rounding = Rounding::half_even;
  if (!read(evaluation, arguments[0], left) || !read(evaluation, arguments[1], right)) return {};
  if (!read_places(evaluation, arguments[2], arguments[3], places, rounding)) return {};
  if (right.is_zero()) return evaluation.fail("D1001", "a division by zero");
  return Decimal::divide(left, right, places, rounding, result) ? give(evaluation, result) : too_long(evaluation);
}

Node decimal_round(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (arguments[0].is_nothing() || !evaluation.spend(2)) return {};
  Decimal value;
  Decimal result;
  int places = 0;
  Rounding rounding = Rounding::half_even;
  if (!read(evaluation, arguments[0], value)) return {};
  if (!read_places(evaluation, arguments[1], arguments[2], places, rounding)) return {};
  return Decimal::round(value, places, rounding, result) ? give(evaluation, result) : too_long(evaluation);
}

Node decimal_compare(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (arguments[0].is_nothing() || arguments[1].is_nothing()) return {};
  Decimal left;
  Decimal right;
  int order = 0;
  if (!read(evaluation, arguments[0], left) || !read(evaluation, arguments[1], right)) return {};
  return Decimal::compare(left, right, order) ? Node::number(order) : too_long(evaluation);
}

Node decimal_sum(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_array()) return {};
  Decimal total;
  Decimal item;
  Decimal sum;
  for (const Node& node : arguments[0].items()) {
    pause_if_due();
    if (!evaluation.spend(1)) return {};
    if (!node.is_number() && !node.is_string())
      return evaluation.fail("T0412", "argument 1 of $decimalSum holds other than numbers");
    if (!read(evaluation, node, item)) return {};
    if (!Decimal::add(total, item, sum)) return too_long(evaluation);
    total = sum;
  }
  return give(evaluation, total);
}

}  // namespace busway::jsonata::functions
