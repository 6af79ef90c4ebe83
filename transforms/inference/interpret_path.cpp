#include <algorithm>

#include "transforms/inference/interpreter.hpp"

// The half of Interpreter that follows paths: sequences grow, flatten, and give way to their one item.
namespace busway::inference {

namespace {

using jsonata::Op;

// The items that an array in a path contributes, and what is no array.
struct Parts {
  Shape item;
  std::uint64_t fewest = 0;  // of the arrays
  std::uint64_t most = unbounded;
  bool lengths_happen = false;
};

Parts parts_of(const Shape& value) {
  Parts out;
  out.item = without(value, kinds::array | kinds::missing);
  if (!value.can_be(kinds::array)) return out;
  Shape inner = value.array == nullptr ? anything() : value.array->item();
  if (value.array != nullptr) {
    out.fewest = value.array->fewest();
    out.most = value.array->most();
    out.lengths_happen = value.exact && value.array->lengths_happen();
  }
  if (!value.exact) inner = inexact(std::move(inner));
  if (value.may_be_constructed) {
    Shape whole = value;
    whole = without(whole, static_cast<std::uint16_t>(~kinds::array));
    inner = inexact(join(inner, whole, false));
  }
  out.item = out.item.kinds == 0 ? inner : join(out.item, inner, true);
  return out;
}

bool surely_false(const Shape& shape) {
  if (shape.is_only(kinds::missing)) return true;
  if (!shape.is_only(kinds::missing | kinds::boolean) || shape.values == nullptr) return false;
  const auto& nodes = shape.values->nodes;
  return std::none_of(nodes.begin(), nodes.end(), [](const Node& node) { return node.as_boolean(); });
}

}  // namespace

Shape Interpreter::look_up(const Op& op, const Shape& input, std::string_view name) {
  Shape out;
  if (input.can_be(kinds::object)) {
    if (input.object == nullptr) {
      out = anything();
    } else {
      note_stray(op, input, name);
      out = input.object->member(name);
      if (!input.exact) out.exact = out.exact_missing = false;
      // Missing must hang on no kind: an operation elsewhere may fail for the kind.
      if (!input.is_only(kinds::object | kinds::missing)) out.exact_missing = false;
    }
  }
  std::uint16_t rest = input.kinds & (kinds::scalar | kinds::function);
  if (rest != 0) {
    Shape none = inexact(nothing());
    out = out.kinds == 0 ? none : join(out, none, true);
  }
  if (input.can_be(kinds::missing)) {
    Shape none = nothing();
    none.exact_missing = input.exact_missing;
    out = out.kinds == 0 ? none : join(out, none, true);
  }
  if (!input.can_be(kinds::array)) return out;
  // Each item is asked, and items of items.
  Shape each;
  if (input.array == nullptr) {
    each = anything();
  } else {
    Shape item = input.array->item();
    if (!input.exact) item = inexact(std::move(item));
    each = ++depth_ < 100 ? look_up(op, item, name) : anything();
    --depth_;
  }
  Parts parts = parts_of(each);
  std::uint64_t fewest = input.array == nullptr ? 0 : input.array->fewest();
  std::uint64_t most = input.array == nullptr ? unbounded : input.array->most();
  bool array = each.can_be(kinds::array);
  std::uint16_t plain = without(each, kinds::array | kinds::missing).kinds;
  bool zero = each.can_be(kinds::missing) || (array && parts.fewest == 0);
  bool some_one = plain != 0 || (array && parts.fewest <= 1 && parts.most >= 1);
  bool some_many = array && parts.most > 1;
  Stream found;
  found.item = parts.item;
  found.item.exact_missing = fewest == 0 || (each.can_be(kinds::missing) && each.exact_missing);
  found.none = fewest == 0 || zero;
  found.one = most >= 1 && some_one && (fewest <= 1 || zero);
  found.many = (most >= 1 && some_many) || (most > 1 && (some_one || some_many));
  Shape listed = finish(found, false);
  // Where each item gives several, or needs others to give none, what turns up is not followed exactly.
  bool lengths = input.exact && input.array != nullptr && input.array->lengths_happen();
  if (!lengths || array || (zero && !each.exact_missing)) listed = inexact(std::move(listed));
  return out.kinds == 0 ? listed : join(out, listed, true);
}

Shape Interpreter::finish(const Stream& stream, bool keep_singleton) {
  Shape out;
  auto add = [&out](const Shape& more) { out = out.kinds == 0 ? more : join(out, more, true); };
  bool exact = stream.item.exact;
  if (stream.one && stream.item.kinds != 0) {
    Shape one = stream.item;
    if (keep_singleton) {
      one = some(kinds::array);
      one.exact = exact;
      one.may_be_sequence = true;
      one.array = list_of(stream.item, 1, stream.many ? unbounded : 1, true);
    } else {
      one.collapses = stream.many;
    }
    add(one);
  }
  if (stream.many && stream.item.kinds != 0 && !(keep_singleton && stream.one)) {
    Shape many = some(kinds::array);
    many.exact = exact;
    many.may_be_sequence = true;
    many.collapses = stream.one;
    many.array = list_of(stream.item, 2, unbounded, true);
    add(many);
  }
  if (stream.as_is) add(stream.whole);
  if (stream.none) {
    Shape none = nothing();
    none.exact_missing = stream.item.exact_missing;
    add(none);
  }
  return out;
}

// One step over a stream. `exact_missing` of a stream's item says whether having no item does happen.
Interpreter::Stream Interpreter::step(const Op& op, const Stream& from, bool last) {
  Stream out;
  if (from.item.kinds == 0) {
    out.none = true;
    out.item.exact_missing = from.item.exact_missing;
    return out;
  }
  if (op.kind == Op::Kind::sort) {
    may_fail();  // on keys that do not compare
    for (const Op::Term& term : op.terms) evaluate(*term.expression, from.item);
    out = from;
    out.as_is = false;
    for (const Op::Stage& stage : op.stages) {
      if (stage.filter == nullptr) continue;
      evaluate(*stage.filter, from.item);
      out.none = out.one = true;
      out.item = inexact(out.item);
    }
    return out;
  }
  Shape value = evaluate(op, from.item);
  for (const Op::Stage& stage : op.stages) {
    if (stage.filter != nullptr) value = evaluate_filter(*stage.filter, value);
  }
  Parts parts = parts_of(value);
  bool array = value.can_be(kinds::array);
  std::uint16_t plain = without(value, kinds::array | kinds::missing).kinds;
  bool zero = value.can_be(kinds::missing) || (array && parts.fewest == 0);
  bool one = plain != 0 || (array && (parts.fewest <= 1 || value.may_be_constructed) && parts.most >= 1);
  bool many = array && parts.most > 1;
  if (array && value.may_be_constructed) one = true;
  out.item = parts.item;
  out.none = from.none || ((from.one || from.many) && zero);
  // Of several, one remains when the others give none.
  out.one = (from.one && one) || (from.many && one && zero);
  out.many = ((from.one || from.many) && many) || (from.many && one);
  bool zero_happens =
      (value.can_be(kinds::missing) && value.exact_missing) || (array && parts.lengths_happen && parts.fewest == 0);
  if (!from.item.exact || (array && !parts.lengths_happen) || (out.one && !(from.one && one) && !zero_happens))
    out.item = inexact(std::move(out.item));
  bool missing_happens = (from.none && from.item.exact_missing) || (value.can_be(kinds::missing) && value.exact_missing) ||
                         (array && parts.lengths_happen && parts.fewest == 0);
  out.item.exact_missing = missing_happens && from.item.exact;
  if (last && array && (from.one || (from.many && value.can_be(kinds::missing)))) {
    // The array of a single item is the result as it is, empty or with one item, unless it is a sequence itself.
    out.as_is = true;
    out.whole = without(value, static_cast<std::uint16_t>(~kinds::array));
    // Of several items, all but one may give nothing.
    if (!from.item.exact || from.many) out.whole = inexact(std::move(out.whole));
    if (!value.may_be_sequence && !from.many) {
      out.none = from.none || value.can_be(kinds::missing);
      out.one = plain != 0;
      out.many = false;
      out.item = without(value, kinds::array | kinds::missing);
      if (!from.item.exact) out.item = inexact(std::move(out.item));
      out.item.exact_missing =
          from.item.exact && ((from.none && from.item.exact_missing) || (value.can_be(kinds::missing) && value.exact_missing));
    }
  }
  return out;
}

Shape Interpreter::evaluate_path(const Op& op, const Shape& input) {
  if (op.tuple || op.list.empty()) return unknown(op, input);
  for (const Op* one : op.list) {
    if (one->tuple || one->kind == Op::Kind::parent) return unknown(op, input);
  }
  Stream stream;
  if (input.can_be(kinds::array) && !op.absolute && !input.is_input) {
    // Items of the array, or the value itself.
    Parts parts = parts_of(input);
    bool only = input.is_only(kinds::array);
    stream.item = parts.item;
    stream.none = parts.fewest == 0;
    stream.one = !only || (parts.fewest <= 1 && parts.most >= 1);
    stream.many = parts.most > 1;
    if (input.can_be(kinds::missing)) stream.item = join(stream.item, nothing(), false);
    bool empty_happens = parts.lengths_happen && parts.fewest == 0;
    if (!parts.lengths_happen) stream.item = inexact(std::move(stream.item));
    stream.item.exact_missing = empty_happens || (input.can_be(kinds::missing) && input.exact_missing);
    // Missing as an item would not go on exactly.
    if (input.can_be(kinds::missing)) stream.item = inexact(std::move(stream.item));
  } else {
    stream.item = input;
    stream.item.is_input = op.absolute && input.is_input;
    stream.one = true;
  }
  for (std::size_t i = 0; i < op.list.size; ++i) {
    const Op& here = *op.list[i];
    bool last = i + 1 == op.list.size;
    if (here.constructor && here.kind != Op::Kind::array) return unknown(op, input);
    if (i == 0 && here.constructor) {
      // An array constructor that begins a path sees the context whole.
      if (input.can_be(kinds::array)) return unknown(op, input);
      Shape value = evaluate(here, input);
      if (!here.stages.empty()) return unknown(op, input);
      if (last) return unknown(op, input);
      value.may_be_constructed = false;
      Parts parts = parts_of(value);
      stream = Stream{};
      stream.item = parts.item;
      stream.none = parts.fewest == 0;
      stream.one = parts.fewest <= 1 && parts.most >= 1;
      stream.many = parts.most > 1;
      stream.item.exact_missing = false;
      continue;
    }
    path_ = places_.start_of(op);
    Stream next = step(here, stream, last);
    stream = std::move(next);
  }
  Shape out;
  if (op.keep_singleton && stream.as_is && stream.whole.may_be_constructed) return unknown(op, input);
  out = finish(stream, op.keep_singleton);
  if (op.group != nullptr) {
    may_fail();
    return some(kinds::object);
  }
  return out;
}

// What a predicate leaves is a sequence.
Shape Interpreter::evaluate_filter(const Op& predicate, const Shape& value) {
  Parts parts = parts_of(value);
  Shape item = without(value, kinds::array | kinds::missing);
  bool array = value.can_be(kinds::array);
  if (array) {
    Shape inner = value.array == nullptr ? anything() : value.array->item();
    if (!value.exact) inner = inexact(std::move(inner));
    item = item.kinds == 0 ? inner : join(item, inner, true);
  }
  bool literal = predicate.kind == Op::Kind::literal && predicate.value.is_number();
  if (literal && predicate.value.as_double() >= 0) {
    double index = predicate.value.as_double();
    Shape out = item;
    bool short_array = array && static_cast<double>(parts.fewest) <= index;
    bool long_enough = array && static_cast<double>(parts.most) > index;
    bool scalar = without(value, kinds::array | kinds::missing).kinds != 0;
    if (!long_enough && !(scalar && index < 1)) out = Shape{};
    bool misses = short_array || value.can_be(kinds::missing) || (scalar && index >= 1);
    if (misses) {
      Shape none = nothing();
      none.exact_missing = (value.can_be(kinds::missing) && value.exact_missing) || (short_array && parts.lengths_happen) ||
                           (scalar && index >= 1 && value.exact);
      out = out.kinds == 0 ? none : join(out, none, true);
    }
    // An item that is an array is given as it is.
    return out;
  }
  Shape chosen = literal ? some(kinds::whole) : evaluate(predicate, item.kinds == 0 ? nothing() : item);
  if (!literal && value.can_be(kinds::missing)) {
    // A predicate that is true of nothing keeps it, as an item.
    Shape of_nothing = evaluate(predicate, nothing());
    if (!surely_false(of_nothing)) {
      may_fail();
      return anything();
    }
  }
  Stream kept;
  kept.item = inexact(item);
  kept.none = kept.one = true;
  // A list of indices may name one item twice.
  kept.many = (array && parts.most > 1) || chosen.can_be(kinds::array);
  Shape out = inexact(finish(kept, false));
  // A sequence of one array counts as a step's value, and the array itself stays whole.
  if (item.can_be(kinds::array)) out.may_be_constructed = true;
  return out;
}

}  // namespace busway::inference
