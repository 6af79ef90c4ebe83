#include <cmath>

#include "bus/pause.hpp"
#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/list.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata {

Node Evaluation::evaluate_negation(const Op& op, const Node& input, Frame* frame) {
  Node value = evaluate(*op.left, input, frame);
  if (value.is_nothing()) return {};
  if (!value.is_number() || std::isnan(value.as_double())) return fail("D1002", {}, op.position, op.text);
  return Node::number(-value.as_double());
}

Node Evaluation::evaluate_arithmetic(const Op& op, const Node& input, Frame* frame) {
  Node left = evaluate(*op.left, input, frame);
  Node right = evaluate(*op.right, input, frame);
  if (failed_) return {};
  double a = left.is_number() ? left.as_double() : 0;
  double b = right.is_number() ? right.as_double() : 0;
  // Each side is judged before it counts that the other one is missing.
  if (!std::isfinite(a) || !std::isfinite(b) || !left.is_number() || !right.is_number()) {
    if (std::isinf(a)) return fail("D1001", {}, op.position, op.text);
    if (std::isnan(a) || (!left.is_nothing() && !left.is_number())) return fail("T2001", {}, op.position, op.text);
    if (std::isinf(b)) return fail("D1001", {}, op.position, op.text);
    if (std::isnan(b) || (!right.is_nothing() && !right.is_number())) return fail("T2002", {}, op.position, op.text);
    return {};
  }
  double result = 0;
  switch (op.kind) {
    case Op::Kind::add: result = a + b; break;
    case Op::Kind::subtract: result = a - b; break;
    case Op::Kind::multiply: result = a * b; break;
    case Op::Kind::divide: result = a / b; break;
    default: result = std::fmod(a, b); break;
  }
  if (!std::isfinite(result)) note_non_finite(op.position);
  return Node::number(result);
}

Node Evaluation::evaluate_comparison(const Op& op, const Node& input, Frame* frame) {
  Node left = evaluate(*op.left, input, frame);
  Node right = evaluate(*op.right, input, frame);
  if (failed_) return {};
  auto comparable = [](const Node& node) { return node.is_nothing() || node.is_number() || node.is_string(); };
  if (!comparable(left) || !comparable(right)) return fail("T2010", {}, op.position, op.text);
  if (left.is_nothing() || right.is_nothing()) return {};
  if (left.kind() != right.kind()) return fail("T2009", {}, op.position, op.text);
  if (left.is_number() && (std::isnan(left.as_double()) || std::isnan(right.as_double()))) return Node::boolean(false);
  int order = left.is_number() ? compare_numbers(left, right) : compare_text(left.text(), right.text());
  switch (op.kind) {
    case Op::Kind::less: return Node::boolean(order < 0);
    case Op::Kind::less_equal: return Node::boolean(order <= 0);
    case Op::Kind::greater: return Node::boolean(order > 0);
    default: return Node::boolean(order >= 0);
  }
}

Node Evaluation::evaluate_equality(const Op& op, const Node& input, Frame* frame) {
  Node left = evaluate(*op.left, input, frame);
  Node right = evaluate(*op.right, input, frame);
  if (failed_) return {};
  if (left.is_nothing() || right.is_nothing()) return Node::boolean(false);
  Walk through = walk();
  bool equal = same(left, right, through);
  if (!walked(through)) return {};
  return Node::boolean(equal == (op.kind == Op::Kind::equal));
}

Node Evaluation::evaluate_concatenation(const Op& op, const Node& input, Frame* frame) {
  Node left = evaluate(*op.left, input, frame);
  Node right = evaluate(*op.right, input, frame);
  if (failed_) return {};
  if (!left.is_nothing() && !left.is_string()) left = text_of(left);
  if (!right.is_nothing() && !right.is_string()) right = text_of(right);
  if (failed_) {
    if (error_.position < 0) error_.position = op.position;
    if (error_.token.empty()) error_.token = op.text;
    return {};
  }
  std::size_t size = (left.is_nothing() ? 0 : left.size()) + (right.is_nothing() ? 0 : right.size());
  if (!room(2 * size)) return {};  // with the room that it may grow into
  return Node::string(concatenate(left.is_nothing() ? std::string_view{} : left.text(),
                                  right.is_nothing() ? std::string_view{} : right.text(), arena_, growth_));
}

Node Evaluation::evaluate_logic(const Op& op, const Node& input, Frame* frame) {
  Node left = evaluate(*op.left, input, frame);
  if (failed_) return {};
  bool value = is_true(left, op.position);
  if (failed_) return {};
  if (value == (op.kind == Op::Kind::either)) return Node::boolean(value);
  Node right = evaluate(*op.right, input, frame);
  return Node::boolean(is_true(right, op.position));
}

Node Evaluation::evaluate_contained(const Op& op, const Node& input, Frame* frame) {
  Node left = evaluate(*op.left, input, frame);
  Node right = evaluate(*op.right, input, frame);
  if (failed_ || left.is_nothing() || right.is_nothing()) return Node::boolean(false);
  // Values compare; an array or object is only ever in a list as the very one it is.
  auto equals = [&left](const Node& item) {
    if (left.kind() != item.kind()) return false;
    if (left.is_array()) return left.items().data() == item.items().data() && left.size() == item.size();
    if (left.is_object()) return left.members().data() == item.members().data() && left.size() == item.size();
    return same(left, item);
  };
  if (!right.is_array()) return Node::boolean(equals(right));
  if (!spend_for(right.size(), 16)) return {};
  for (const Node& item : right.items()) {
    pause_if_due();
    if (equals(item)) return Node::boolean(true);
  }
  return Node::boolean(false);
}

Node Evaluation::evaluate_range(const Op& op, const Node& input, Frame* frame) {
  Node left = evaluate(*op.left, input, frame);
  Node right = evaluate(*op.right, input, frame);
  if (failed_) return {};
  auto is_integer = [](const Node& node) {
    if (!node.is_number()) return false;
    double value = node.as_double();
    return std::isfinite(value) && value == std::floor(value);
  };
  if (!left.is_nothing() && !is_integer(left)) return fail("T2003", {}, op.position, op.text);
  if (!right.is_nothing() && !is_integer(right)) return fail("T2004", {}, op.position, op.text);
  if (left.is_nothing() || right.is_nothing()) return {};
  double first = left.as_double();
  double last = right.as_double();
  if (first > last) return {};
  double size = last - first + 1;
  if (size > 1e7) return fail("D2014", {}, op.position, op.text);
  auto count = static_cast<std::size_t>(size);
  if (!spend(count / 4) || !room(count * sizeof(Node))) return {};
  Node* items = arena_.array<Node>(count);
  PauseByBytes pause;
  for (std::size_t i = 0; i < count; ++i) {
    pause.at(i);
    items[i] = Node::number(first + static_cast<double>(i));
  }
  return make_sequence({items, count});
}

Node Evaluation::evaluate_array(const Op& op, const Node& input, Frame* frame) {
  List<Node> collected(*this);
  if (op.list.size == 1 && op.list[0]->kind != Op::Kind::array) {
    // One element that is an array already is the array.
    Node value = evaluate(*op.list[0], input, frame);
    if (failed_) return {};
    if (value.is_array()) return Node::array(value.items()).with_marks(op.constructor ? mark::constructed : std::uint8_t{0});
    if (!value.is_nothing()) collected.push(value);
  } else {
    for (const Op* element : op.list) {
      Node value = evaluate(*element, input, frame);
      if (failed_) return {};
      if (value.is_nothing()) continue;
      if (element->kind == Op::Kind::array || !value.is_array()) {
        collected.push(value);
      } else {
        if (!spend(value.size() / 8)) return {};
        for (const Node& item : value.items()) collected.push(item);
      }
    }
  }
  return Node::array(collected.items()).with_marks(op.constructor ? mark::constructed : std::uint8_t{0});
}

}  // namespace busway::jsonata
