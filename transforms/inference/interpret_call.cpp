#include <algorithm>

#include "transforms/inference/interpreter.hpp"
#include "transforms/jsonata/builtins.hpp"

// The part of Interpreter that follows operators over scalars and calls of built-in functions.
namespace busway::inference {

namespace {

using jsonata::Op;

// What a function gives for an argument that is there. Functions that are not here give anything().
struct Result {
  std::string_view name;
  std::uint16_t gives = 0;
  std::uint16_t wants = kinds::json;  // of the first argument; of others a call may fail
  std::size_t arguments = 1;          // with as many no call fails, if the first is what is wanted
  bool fails = false;                 // ... but for some values
  bool gives_nothing = false;         // even so
};

// In the order of their names.
constexpr Result rows[] = {
    {"abs", kinds::number, kinds::number},
    {"average", kinds::number, kinds::number, 1, false, true},
    {"base64decode", kinds::string, kinds::string, 1, true},
    {"base64encode", kinds::string, kinds::string, 1, true},
    {"boolean", kinds::boolean},
    {"ceil", kinds::whole, kinds::number},
    {"contains", kinds::boolean, kinds::string, 0, true, true},
    {"decodeUrl", kinds::string, kinds::string, 1, true},
    {"decodeUrlComponent", kinds::string, kinds::string, 1, true},
    {"encodeUrl", kinds::string, kinds::string, 1, true},
    {"encodeUrlComponent", kinds::string, kinds::string, 1, true},
    {"floor", kinds::whole, kinds::number},
    {"formatBase", kinds::string, kinds::number, 1, true},
    {"formatInteger", kinds::string, kinds::number, 0, true, true},
    {"formatNumber", kinds::string, kinds::number, 0, true, true},
    {"fromMillis", kinds::string, kinds::number, 0, true, true},
    {"join", kinds::string, kinds::string, 0, true},
    {"length", kinds::whole, kinds::string},
    {"lowercase", kinds::string, kinds::string},
    {"max", kinds::number, kinds::number, 1, false, true},
    {"millis", kinds::number},
    {"min", kinds::number, kinds::number, 1, false, true},
    {"not", kinds::boolean},
    {"now", kinds::string, kinds::json, 0, true},
    {"number", kinds::number, kinds::number | kinds::boolean},
    {"pad", kinds::string, kinds::string, 0, true},
    {"parseInteger", kinds::number, kinds::string, 0, true, true},
    {"power", kinds::number, kinds::number, 0, true, true},
    {"random", kinds::number},
    {"replace", kinds::string, kinds::string, 0, true, true},
    {"round", kinds::number, kinds::number},
    {"sqrt", kinds::number, kinds::number, 1, true},
    {"string", kinds::string},
    {"substring", kinds::string, kinds::string, 0, true},
    {"substringAfter", kinds::string, kinds::string, 0, true},
    {"substringBefore", kinds::string, kinds::string, 0, true},
    {"sum", kinds::number, kinds::number},
    {"toMillis", kinds::number, kinds::string, 0, true, true},
    {"trim", kinds::string, kinds::string},
    {"uppercase", kinds::string, kinds::string},
};

const Result* find_result(std::string_view name) {
  auto at = std::lower_bound(std::begin(rows), std::end(rows), name,
                             [](const Result& row, std::string_view key) { return row.name < key; });
  return at != std::end(rows) && at->name == name ? &*at : nullptr;
}

bool takes_list(std::string_view name) {
  return name == "average" || name == "join" || name == "max" || name == "min" || name == "sum";
}

// A value of these kinds, missing when one of its operands is.
Shape unless_missing(std::uint16_t gives, std::initializer_list<const Shape*> operands) {
  Shape out = some(gives);
  for (const Shape* operand : operands) {
    if (!operand->can_be(kinds::missing)) continue;
    out.kinds |= kinds::missing;
    out.exact_missing = out.exact_missing || operand->exact_missing;
  }
  return out;
}

}  // namespace

// That an operand is missing is an input's doing only where it is read from it as it is.
void Interpreter::may_fail_on(const Shape& shape) {
  bool read = shape.exact && (!shape.source.empty() || shape.values != nullptr);
  if (read) {
    may_fail_on_kinds();
  } else {
    may_fail();
  }
}

void Interpreter::wants(const Shape& shape, std::uint16_t some) {
  if ((shape.kinds & ~kinds::missing & ~some) != 0) may_fail_on(shape);
}

Shape Interpreter::evaluate_arithmetic(const Op& op, const Shape& input) {
  Shape left = evaluate(*op.left, input);
  wants(left, kinds::number);
  if (op.kind == Op::Kind::negate) {
    return unless_missing(left.is_only(kinds::whole | kinds::missing) ? kinds::whole : kinds::number, {&left});
  }
  Shape right = evaluate(*op.right, input);
  wants(right, kinds::number);
  bool divides = op.kind == Op::Kind::divide || op.kind == Op::Kind::modulo;
  if (divides) {
    bool constant = op.right->kind == Op::Kind::literal && op.right->value.is_number() && op.right->value.as_double() != 0;
    if (!constant) may_fail_on(right);
  }
  bool whole =
      op.kind != Op::Kind::divide && left.is_only(kinds::whole | kinds::missing) && right.is_only(kinds::whole | kinds::missing);
  return unless_missing(whole ? kinds::whole : kinds::number, {&left, &right});
}

Shape Interpreter::evaluate_comparison(const Op& op, const Shape& input) {
  Shape left = evaluate(*op.left, input);
  Shape right = evaluate(*op.right, input);
  auto both = [&](std::uint16_t some) { return ((left.kinds | right.kinds) & ~some & ~kinds::missing) == 0; };
  if (!both(kinds::number) && !both(kinds::string)) {
    may_fail_on(left);
    may_fail_on(right);
  }
  return unless_missing(kinds::boolean, {&left, &right});
}

Shape Interpreter::evaluate_truth(const Op& op, const Shape& input) {
  Shape left = evaluate(*op.left, input);
  Shape right = evaluate(*op.right, input);
  bool compares = op.kind == Op::Kind::equal || op.kind == Op::Kind::not_equal || op.kind == Op::Kind::contained;
  bool never = left.is_only(kinds::missing) || (compares && right.is_only(kinds::missing));
  if (op.kind != Op::Kind::either && never) return just(Node::boolean(false));
  return some(kinds::boolean);
}

Shape Interpreter::evaluate_range(const Op& op, const Shape& input) {
  evaluate(*op.left, input);
  evaluate(*op.right, input);
  may_fail();
  Shape out = some(kinds::whole | kinds::array | kinds::missing);
  out.may_be_sequence = true;
  out.array = list_of(some(kinds::whole), 2, unbounded, true);
  return out;
}

Shape Interpreter::evaluate_apply(const Op& op, const Shape& input) {
  const Op& right = *op.right;
  bool plain = right.kind == Op::Kind::call && right.predicates.empty() && right.group == nullptr && !right.keep_array;
  if (!plain) {
    evaluate(*op.left, input);
    return unknown(right, input);
  }
  Shape first = evaluate(*op.left, input);
  return evaluate_call(right, input, &first);
}

Shape Interpreter::evaluate_call(const Op& op, const Shape& input, const Shape* first) {
  const jsonata::Builtin* builtin = nullptr;
  if (op.left->kind == Op::Kind::builtin && op.left->predicates.empty() && op.left->group == nullptr) builtin = op.left->builtin;
  std::string_view name = builtin == nullptr ? std::string_view() : builtin->name;
  std::vector<Shape> arguments;
  if (first != nullptr) arguments.push_back(*first);
  if ((name == "map" || name == "filter") && arguments.size() + op.list.size == 2 &&
      op.list.data[op.list.size - 1]->kind == Op::Kind::lambda) {
    Shape list = first != nullptr ? *first : evaluate(*op.list.data[0], input);
    return evaluate_each(*op.list.data[op.list.size - 1], input, list, name == "filter");
  }
  for (const Op* argument : op.list) arguments.push_back(evaluate(*argument, input));
  if (builtin == nullptr) return unknown(op, input);
  if (name == "exists" && arguments.size() == 1) {
    return arguments[0].is_only(kinds::missing) ? just(Node::boolean(false)) : some(kinds::boolean);
  }
  if (name == "count" && arguments.size() == 1) return some(kinds::whole);
  const Result* row = find_result(name);
  if (row == nullptr) return unknown(op, input);
  bool no_input = name == "millis" || name == "now" || name == "random";
  if (arguments.empty() && !no_input) {
    // The context is its argument.
    may_fail();
    return some(row->gives | kinds::missing);
  }
  if (no_input) {
    if (!arguments.empty()) may_fail();
    return some(row->gives | (arguments.empty() ? 0 : kinds::missing));
  }
  const Shape& given = arguments[0];
  bool list = takes_list(name);
  bool fits = (given.kinds & ~kinds::missing & ~row->wants) == 0;
  std::uint16_t gives = row->gives;
  if (list && given.can_be(kinds::array) && given.array != nullptr) {
    Shape item = given.array->item();
    fits = ((given.kinds | item.kinds) & ~(kinds::missing | kinds::array) & ~row->wants) == 0;
    if (name == "sum" && fits && item.is_only(kinds::whole) && (given.kinds & kinds::fraction) == 0) gives = kinds::whole;
  }
  if (name == "number" && given.is_only(kinds::whole | kinds::boolean | kinds::missing)) gives = kinds::whole;
  // It fails for some ways to write a number; none of them is what else is said hangs on.
  bool number_of_text = name == "number" && given.numeric_text && given.is_only(row->wants | kinds::string | kinds::missing);
  if ((!fits && !number_of_text) || row->fails) may_fail_on(given);
  // Others than the first may be wrong, or come from the context.
  if (arguments.size() > 1 && (row->arguments < arguments.size() || name == "string" || name == "round")) {
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      if (op.list.data[op.list.size - arguments.size() + i]->kind != Op::Kind::literal) may_fail_on(arguments[i]);
    }
    may_fail_on_kinds();
  }
  Shape out = unless_missing(gives, {&given});
  // A first argument of another kind makes it the second, and the context the first.
  bool others_may_miss =
      std::any_of(arguments.begin() + 1, arguments.end(), [](const Shape& one) { return one.can_be(kinds::missing); });
  if (row->gives_nothing || others_may_miss || (!fits && arguments.size() > 0)) {
    out.kinds |= kinds::missing;
    if (!given.can_be(kinds::missing)) out.exact_missing = false;
  }
  return out;
}

// `$map` and `$filter` with a function that is written there.
Shape Interpreter::evaluate_each(const Op& lambda, const Shape& input, const Shape& list, bool filters) {
  if (lambda.signature != nullptr || lambda.parameters.size == 0 || lambda.parameters.size > 3 || !lambda.predicates.empty()) {
    return unknown(lambda, input);
  }
  Shape item = without(list, kinds::array | kinds::missing);
  std::uint64_t fewest = 1;
  std::uint64_t most = 1;
  bool only = list.is_only(kinds::array | kinds::missing);
  if (list.can_be(kinds::array)) {
    Shape inner = list.array == nullptr ? anything() : list.array->item();
    if (!list.exact) inner = inexact(std::move(inner));
    item = item.kinds == 0 ? inner : join(item, inner, true);
    std::uint64_t low = list.array == nullptr ? 0 : list.array->fewest();
    std::uint64_t high = list.array == nullptr ? unbounded : list.array->most();
    fewest = only ? low : std::min<std::uint64_t>(low, 1);
    most = only ? high : std::max<std::uint64_t>(high, 1);
  }
  if (item.kinds == 0) return nothing();
  auto outer = variables_;
  auto outer_unclear = unclear_;
  forget_bound_within(*lambda.left, true);
  const Shape values[] = {item, some(kinds::whole), list};
  for (std::size_t i = 0; i < lambda.parameters.size; ++i) {
    unclear_.erase(lambda.parameters[i]);
    Shape value = values[i];
    if (i == 2) value = anything();
    variables_[lambda.parameters[i]] = std::move(value);
  }
  forget_bound_within(*lambda.left, true);
  Shape value = evaluate(*lambda.left, input);
  variables_ = std::move(outer);
  unclear_ = std::move(outer_unclear);
  Stream stream;
  if (filters) {
    stream.item = inexact(item);
    stream.none = stream.one = true;
    stream.many = most > 1;
    return inexact(finish(stream, false));
  }
  bool zero = value.can_be(kinds::missing);
  bool lengths = list.exact && list.array != nullptr && list.array->lengths_happen();
  bool list_may_miss = list.can_be(kinds::missing);
  stream.item = without(value, kinds::missing);
  stream.none = fewest == 0 || zero || list_may_miss;
  stream.one = most >= 1 && stream.item.kinds != 0 && (fewest <= 1 || zero);
  stream.many = most > 1 && stream.item.kinds != 0;
  bool exact = item.exact && !zero && (lengths || !list.can_be(kinds::array));
  stream.item.exact_missing = (list_may_miss && list.exact_missing) || (lengths && fewest == 0);
  bool missing_happens = stream.item.exact_missing;
  if (!exact) stream.item = inexact(std::move(stream.item));
  stream.item.exact_missing = missing_happens;
  return finish(stream, false);
}

}  // namespace busway::inference
