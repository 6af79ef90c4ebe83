#include <cmath>

#include "transforms/jsonata/equality_index.hpp"
#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/list.hpp"
#include "transforms/jsonata/values.hpp"

namespace busway::jsonata {

namespace {

// Where an index points to in `size` items; outside of them when it points to none. Negative ones count from the end.
double position_of(const Node& index, std::size_t size) {
  double position = std::floor(index.as_double());
  return position < 0 ? position + static_cast<double>(size) : position;
}

}  // namespace

// How often each of `size` positions is among the indexes.
bool Evaluation::count_positions(std::span<const Node> indexes, std::size_t size, List<std::uint32_t>& times) {
  if (!spend((indexes.size() + size) / 16)) return false;
  times.reserve(size);
  for (std::size_t i = 0; i < size; ++i) times.push(0);
  if (failed_) return false;
  for (const Node& index : indexes) {
    double position = position_of(index, size);
    if (position >= 0 && position < static_cast<double>(size)) ++times.mutable_items()[static_cast<std::size_t>(position)];
  }
  return true;
}

Node Evaluation::evaluate_filter(const Op& predicate, const Node& input, Frame* frame) {
  bool tuples = is_tuples(input);
  auto marks = static_cast<std::uint8_t>(mark::sequence | (tuples ? mark::tuples : 0));
  std::span<const Node> items = input.is_array() ? input.items() : std::span<const Node>(&input, 1);
  if (predicate.kind == Op::Kind::literal && predicate.value.is_number()) {
    double index = position_of(predicate.value, items.size());
    if (index < 0 || index >= static_cast<double>(items.size())) return Node::array({}).with_marks(marks);
    const Node& item = items[static_cast<std::size_t>(index)];
    if (item.is_nothing()) return Node::array({}).with_marks(marks);
    if (item.is_array() && !tuples) return item;
    return Node::array(make_array({&item, 1}).items()).with_marks(marks);
  }
  List<Node> kept(*this);
  if (predicate.lookup != nullptr && !tuples && items.size() >= EqualityIndexes::fewest_items &&
      evaluate_lookup(predicate, items, frame, kept)) {
    return failed_ ? Node() : Node::array(kept.items()).with_marks(marks);
  }
  // Numbers that the predicate gave twice in a row, and how often they name each position; the last numbers until that happens.
  std::span<const Node> before;
  List<std::uint32_t> times(*this);
  for (std::size_t at = 0; at < items.size(); ++at) {
    const Node& item = items.data()[at];
    Node context = item;
    Frame* scope = frame;
    if (tuples) {
      context = tuple_of(item).value;
      scope = frame_of(tuple_of(item), frame);
    }
    Node value = evaluate(predicate, context, scope);
    if (failed_) return {};
    if (value.is_boolean()) {
      if (value.as_boolean()) kept.push(item);
      continue;
    }
    // `[[0..99]]` says the same of every item, and each costs one look, not one at every number.
    if (!before.empty() && value.is_array() && value.items().data() == before.data() && value.size() == before.size()) {
      if (times.empty() && !count_positions(before, items.size(), times)) return {};
      for (std::uint32_t left = times.items()[at]; left != 0; --left) kept.push(item);
      continue;
    }
    if (!are_finite(value.is_array() ? value.items() : std::span<const Node>(&value, 1), predicate.position)) return {};
    std::span<const Node> numbers;
    if (value.is_number()) numbers = {&value, 1};
    if (value.is_array()) {
      bool all = true;
      for (const Node& one : value.items()) all = all && one.is_number();
      if (all) numbers = value.items();
      if (all && numbers.empty()) continue;
    }
    if (!numbers.empty()) {
      if (!spend(numbers.size() / 4)) return {};
      for (const Node& number : numbers) {
        if (position_of(number, items.size()) == static_cast<double>(at)) kept.push(item);
      }
      if (value.is_array() && times.empty()) before = numbers;
    } else if (is_true(value, predicate.position)) {
      kept.push(item);
    } else if (failed_) {
      return {};
    }
  }
  return Node::array(kept.items()).with_marks(marks);
}

}  // namespace busway::jsonata
