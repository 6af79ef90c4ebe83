#include "transforms/inference/interpreter.hpp"

#include <algorithm>

#include "bus/finding.hpp"
#include "transforms/jsonata/facts.hpp"

namespace busway::inference {

namespace {

using jsonata::Op;

constexpr int most_depth = 200;
constexpr std::uint64_t most_work = 200'000;

}  // namespace

Shape Interpreter::run() {
  forget_bound_within(op_, true);
  Shape context = root_;
  context.is_input = true;
  Shape out = evaluate(op_, context);
  return work_ > most_work ? anything() : out;
}

Shape Interpreter::evaluate(const Op& op, const Shape& input) {
  if (depth_ >= most_depth || ++work_ > most_work) {
    may_fail();
    return anything();
  }
  ++depth_;
  Shape out = evaluate_kind(op, input);
  for (const Op::Stage& stage : op.predicates) {
    if (stage.filter != nullptr) out = evaluate_filter(*stage.filter, out);
  }
  if (op.group != nullptr && op.kind != Op::Kind::path) {
    may_fail();
    out = some(kinds::object);
  }
  if (op.keep_array) {
    // A sequence of one stays an array.
    Shape item = without(out, kinds::array | kinds::missing);
    Shape list = some(kinds::array);
    list.may_be_sequence = true;
    if (out.array != nullptr) item = join(item, out.array->item(), false);
    if (!out.can_be(kinds::array) || out.array != nullptr) list.array = list_of(item, 1, unbounded, true);
    out = inexact(join(out, list, false));
  }
  --depth_;
  out.at = places_.start_of(op);
  return out;
}

Shape Interpreter::evaluate_kind(const Op& op, const Shape& input) {
  switch (op.kind) {
    case Op::Kind::path: return evaluate_path(op, input);
    case Op::Kind::literal: return just(op.value);
    case Op::Kind::context: {
      Shape out = input;
      out.is_input = false;
      return out;
    }
    case Op::Kind::root: return root_;
    case Op::Kind::local: return evaluate_local(op);
    case Op::Kind::name: return look_up(op, input, op.text);
    case Op::Kind::negate:
    case Op::Kind::add:
    case Op::Kind::subtract:
    case Op::Kind::multiply:
    case Op::Kind::divide:
    case Op::Kind::modulo: return evaluate_arithmetic(op, input);
    case Op::Kind::equal:
    case Op::Kind::not_equal:
    case Op::Kind::both:
    case Op::Kind::either:
    case Op::Kind::contained: return evaluate_truth(op, input);
    case Op::Kind::less:
    case Op::Kind::less_equal:
    case Op::Kind::greater:
    case Op::Kind::greater_equal: return evaluate_comparison(op, input);
    case Op::Kind::concatenate: {
      evaluate(*op.left, input);
      evaluate(*op.right, input);
      Shape out = some(kinds::string);
      out.exact = true;
      return out;
    }
    case Op::Kind::range: return evaluate_range(op, input);
    case Op::Kind::array: return evaluate_array(op, input);
    case Op::Kind::object: return evaluate_object(op, input);
    case Op::Kind::condition:
    case Op::Kind::coalesce:
    case Op::Kind::elvis: return evaluate_condition(op, input);
    case Op::Kind::block: return evaluate_block(op, input);
    case Op::Kind::bind: {
      Shape value = evaluate(*op.right, input);
      if (!unclear_.contains(op.variable)) variables_[op.variable] = value;
      return value;
    }
    case Op::Kind::call: return evaluate_call(op, input, nullptr);
    case Op::Kind::apply: return evaluate_apply(op, input);
    case Op::Kind::regex:
    case Op::Kind::builtin: return some(kinds::function);
    case Op::Kind::wildcard:
    case Op::Kind::descendant:
    case Op::Kind::free: return anything();
    default: return unknown(op, input);
  }
}

// What is not followed may fail on anything.
Shape Interpreter::unknown(const Op& op, const Shape&) {
  forget_bound_within(op, false);
  may_fail();
  return anything();
}

Shape Interpreter::evaluate_local(const Op& op) {
  auto found = variables_.find(op.variable);
  if (found == variables_.end() || unclear_.contains(op.variable)) return anything();
  return found->second;
}

Shape Interpreter::evaluate_condition(const Op& op, const Shape& input) {
  Shape left = evaluate(*op.left, input);
  if (op.kind == Op::Kind::condition) {
    Shape yes = evaluate(*op.right, input);
    Shape no = op.third == nullptr ? nothing() : evaluate(*op.third, input);
    return inexact(join(yes, no, false));
  }
  Shape other = evaluate(*op.third, input);
  if (op.kind == Op::Kind::coalesce && !left.can_be(kinds::missing)) return left;
  return inexact(join(without(left, kinds::missing), other, false));
}

// Variables bound where it hangs on a condition, or again and again, are not followed.
void Interpreter::forget_bound_within(const Op& op, bool direct) {
  if (op.kind == Op::Kind::bind) {
    if (!direct) unclear_.insert(op.variable);
    forget_bound_within(*op.right, false);
    return;
  }
  if (op.kind == Op::Kind::block || op.kind == Op::Kind::lambda) return;  // scopes of their own
  jsonata::each_part(op, [this](const Op& part, bool) { forget_bound_within(part, false); });
}

Shape Interpreter::evaluate_block(const Op& op, const Shape& input) {
  auto outer = variables_;
  auto outer_unclear = unclear_;
  for (const Op* statement : op.list) forget_bound_within(*statement, true);
  Shape out = nothing();
  for (const Op* statement : op.list) out = evaluate(*statement, input);
  variables_ = std::move(outer);
  unclear_ = std::move(outer_unclear);
  if (op.constructor) out.may_be_constructed = out.can_be(kinds::array);
  return out;
}

Shape Interpreter::evaluate_object(const Op& op, const Shape& input) {
  bool literal_keys = true;
  std::set<std::string_view> keys;
  for (const Op::Pair& pair : op.pairs) {
    const Op& key = *pair.key;
    literal_keys = literal_keys && key.kind == Op::Kind::literal && key.value.is_string() && key.predicates.empty() &&
                   key.group == nullptr && keys.insert(key.value.text()).second;
  }
  if (!literal_keys || input.can_be(kinds::array)) {
    // Grouped: values see all items that share a key.
    for (const Op::Pair& pair : op.pairs) unknown(*pair.value, input);
    may_fail();
    return some(kinds::object);
  }
  std::vector<std::pair<std::string, Shape>> members;
  for (const Op::Pair& pair : op.pairs) {
    members.emplace_back(std::string(pair.key->value.text()), evaluate(*pair.value, input));
  }
  Shape out = some(kinds::object);
  out.exact = true;
  out.object = object_of(std::move(members));
  return out;
}

Shape Interpreter::evaluate_array(const Op& op, const Shape& input) {
  Shape item;
  std::uint64_t fewest = 0;
  std::uint64_t most = 0;
  auto more = [&most](std::uint64_t by) { most = most == unbounded || by == unbounded ? unbounded : most + by; };
  for (const Op* element : op.list) {
    Shape value = evaluate(*element, input);
    bool whole = element->kind == Op::Kind::array && op.list.size != 1;
    if (op.list.size == 1 && element->kind == Op::Kind::array) whole = true;
    std::uint64_t low = value.can_be(kinds::missing) ? 0 : 1;
    std::uint64_t high = 1;
    Shape part = without(value, kinds::missing);
    if (value.can_be(kinds::array) && !whole) {
      bool known = value.array != nullptr;
      low = std::min(low, known ? value.array->fewest() : 0);
      high = std::max<std::uint64_t>(high, known ? value.array->most() : unbounded);
      if (value.is_only(kinds::array) && known) high = value.array->most();
      Shape inner = known ? value.array->item() : anything();
      if (!value.exact) inner = inexact(std::move(inner));
      part = join(without(part, kinds::array), inner, true);
    }
    fewest += low;
    more(high);
    item = item.kinds == 0 ? part : join(item, part, true);
    if (part.kinds == 0 && item.kinds == 0) item = part;
  }
  Shape out = some(kinds::array);
  out.exact = true;
  out.may_be_constructed = op.constructor;
  out.array = list_of(item, fewest, most, true);
  return out;
}

void Interpreter::note_stray(const Op& op, const Shape& object, std::string_view name) {
  if (object.object == nullptr || object.object->made()) return;
  std::vector<std::string> names = object.object->names();
  if (names.empty() || std::find(names.begin(), names.end(), name) != names.end()) return;
  bool never = object.object->closed();
  // Members by a pattern or with a schema for the rest are as good as declared.
  if (!never && !object.object->member(name).source.empty()) return;
  auto folded = [](std::string_view text) {
    std::string out;
    for (char c : text) {
      if (c != '_' && c != '-') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    return out;
  };
  std::string nearest;
  for (const std::string& known : names) {
    if (nearest.empty() && folded(known) == folded(name)) nearest = known;
  }
  if (nearest.empty()) nearest = busway::nearest(name, {names.begin(), names.end()});
  if (nearest.empty() && !never) return;
  // One letter or two of a short name make another word.
  if (!never && name.size() < 4 && folded(nearest) != folded(name)) return;
  StrayName stray{.at = places_.token_start(op),
                  .path = path_,
                  .name = std::string(name),
                  .nearest = std::move(nearest),
                  .source = object.source,
                  .never = never};
  for (const StrayName& known : stray_) {
    if (known.at == stray.at) return;
  }
  stray_.push_back(std::move(stray));
}

}  // namespace busway::inference
