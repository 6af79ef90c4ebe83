#include <algorithm>
#include <random>

#include "bus/pause.hpp"
#include "transforms/jsonata/functions/functions.hpp"
#include "transforms/jsonata/list.hpp"
#include "transforms/jsonata/merge_sort.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata {

Node Evaluation::append(const Node& left, const Node& right) {
  if (left.is_nothing()) return right;
  if (right.is_nothing()) return left;
  std::span<const Node> first = left.is_array() ? left.items() : std::span<const Node>(&left, 1);
  std::span<const Node> second = right.is_array() ? right.items() : std::span<const Node>(&right, 1);
  std::size_t size = first.size() + second.size();
  if (!spend(1 + second.size() / 8) || !room(2 * size * sizeof(Node))) return {};
  bool copied = false;
  auto* items = static_cast<Node*>(growth_.extend(first.data(), first.size_bytes(), second.size_bytes(), alignof(Node), copied));
  if (copied && !spend(first.size() / 16)) return {};
  std::copy(second.begin(), second.end(), items + first.size());
  return Node::array({items, size});
}

}  // namespace busway::jsonata

namespace busway::jsonata::functions {

namespace {

// JavaScript's truth of what is neither an array nor an object: infinity is true.
bool is_truthy(const Node& value) {
  Walk walk;
  return truth_of(value, false, walk) != Truth::no;
}

std::mt19937_64& generator() {
  static thread_local std::mt19937_64 made{std::random_device{}()};
  return made;
}

}  // namespace

Node random(Evaluation&, Arguments, const Node&) {
  return Node::number(std::uniform_real_distribution<double>(0, 1)(generator()));
}

Node count(Evaluation&, Arguments arguments, const Node&) {
  return Node::number(arguments[0].is_array() ? static_cast<double>(arguments[0].size()) : 0);
}

Node append(Evaluation& evaluation, Arguments arguments, const Node&) {
  return evaluation.append(arguments[0], arguments[1]);
}

Node sort(Evaluation& evaluation, Arguments arguments, const Node&) {
  const Node& array = arguments[0];
  if (!array.is_array() || array.size() <= 1) return array;
  const Node& comparator = arguments[1];
  if (!evaluation.spend(array.size()) || !evaluation.room(2 * array.size() * sizeof(Node))) return {};
  Node sorted = evaluation.make_array(array.items());
  std::span<Node> items(const_cast<Node*>(sorted.items().data()), sorted.size());
  auto stop = [&evaluation] { return evaluation.failed(); };
  if (comparator.is_function()) {
    auto goes_behind = [&](const Node& a, const Node& b) {
      const Node pair[] = {a, b};
      // As JavaScript has it: of arrays and objects also the empty ones are true.
      Node answer = evaluation.apply(comparator, pair, Node::null());
      return answer.is_array() || answer.is_object() || answer.is_function() || is_truthy(answer);
    };
    merge_sort(items, evaluation.arena(), goes_behind, stop);
    return evaluation.failed() ? Node() : sorted;
  }
  if (!evaluation.are_finite(items)) return {};
  bool numbers = std::all_of(items.begin(), items.end(), [](const Node& item) { return item.is_number(); });
  bool strings = std::all_of(items.begin(), items.end(), [](const Node& item) { return item.is_string(); });
  if (numbers) {
    merge_sort(items, evaluation.arena(), [](const Node& a, const Node& b) { return compare_numbers(a, b) > 0; }, stop);
  } else if (strings) {
    merge_sort(
        items, evaluation.arena(), [](const Node& a, const Node& b) { return compare_text(a.text(), b.text()) > 0; }, stop);
  } else {
    return evaluation.fail("D3070");
  }
  return sorted;
}

Node reverse(Evaluation& evaluation, Arguments arguments, const Node&) {
  const Node& array = arguments[0];
  if (!array.is_array() || array.size() <= 1) return array;
  if (!evaluation.spend(array.size() / 8) || !evaluation.room(array.size() * sizeof(Node))) return {};
  Node* items = evaluation.arena().array<Node>(array.size());
  std::reverse_copy(array.items().begin(), array.items().end(), items);
  return Node::array({items, array.size()});
}

Node shuffle(Evaluation& evaluation, Arguments arguments, const Node&) {
  const Node& array = arguments[0];
  if (!array.is_array() || array.size() <= 1) return array;
  if (!evaluation.spend(array.size()) || !evaluation.room(array.size() * sizeof(Node))) return {};
  Node* items = evaluation.arena().array<Node>(array.size());
  std::copy(array.items().begin(), array.items().end(), items);
  std::shuffle(items, items + array.size(), generator());
  return Node::array({items, array.size()});
}

Node distinct(Evaluation& evaluation, Arguments arguments, const Node&) {
  const Node& array = arguments[0];
  if (!array.is_array() || array.size() <= 1) return array;
  if (!evaluation.spend(array.size()) || !evaluation.room(array.size() * 4 * sizeof(std::uint32_t))) return {};
  Arena& arena = evaluation.arena();
  std::size_t size = 16;
  while (size < array.size() * std::size_t{2}) size *= 2;
  auto* slots = arena.array<std::uint32_t>(size);
  std::fill(slots, slots + size, 0U);
  List<Node> kept(evaluation);
  for (const Node& item : array.items()) {
    Walk through = evaluation.walk();
    std::size_t at = hash_of(item, through) & (size - 1);
    while (slots[at] != 0 && !same(kept.items()[slots[at] - 1], item, through)) at = (at + 1) & (size - 1);
    if (!evaluation.walked(through)) return {};
    if (slots[at] != 0) continue;
    kept.push(item);
    if (evaluation.failed()) return {};
    slots[at] = static_cast<std::uint32_t>(kept.size());
  }
  return Node::array(kept.items()).with_marks(is_sequence(array) ? mark::sequence : std::uint8_t{0});
}

Node zip(Evaluation& evaluation, Arguments arguments, const Node&) {
  std::size_t length = arguments.empty() ? 0 : SIZE_MAX;
  for (const Node& argument : arguments) length = std::min<std::size_t>(length, argument.is_array() ? argument.size() : 0);
  std::size_t row_bytes = (arguments.size() + 1) * sizeof(Node);
  if (!evaluation.spend(length) || !evaluation.room(length * row_bytes)) return {};
  Node* rows = evaluation.arena().array<Node>(length);
  for (std::size_t i = 0; i < length; ++i) {
    pause_if_due();
    Node* row = evaluation.arena().array<Node>(arguments.size());
    for (std::size_t j = 0; j < arguments.size(); ++j) row[j] = arguments[j].items()[i];
    rows[i] = Node::array({row, arguments.size()});
  }
  return Node::array({rows, length});
}

}  // namespace busway::jsonata::functions
