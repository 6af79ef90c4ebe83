#include <array>

#include "transforms/jsonata/functions/functions.hpp"
#include "transforms/jsonata/list.hpp"

namespace busway::jsonata::functions {

Node map(Evaluation& evaluation, Arguments arguments, const Node&) {
  const Node& array = arguments[0];
  if (!array.is_array()) return {};
  List<Node> mapped(evaluation);
  double index = 0;
  for (const Node& item : array.items()) {
    Node value = evaluation.apply_to(arguments[1], item, Node::number(index), array);
    if (evaluation.failed()) return {};
    index += 1;
    if (!value.is_nothing()) mapped.push(value);
  }
  return make_sequence(mapped.items());
}

Node filter(Evaluation& evaluation, Arguments arguments, const Node&) {
  const Node& array = arguments[0];
  if (!array.is_array()) return {};
  List<Node> kept(evaluation);
  double index = 0;
  for (const Node& item : array.items()) {
    Node value = evaluation.apply_to(arguments[1], item, Node::number(index), array);
    if (evaluation.failed()) return {};
    index += 1;
    if (evaluation.is_true(value)) kept.push(item);
    if (evaluation.failed()) return {};
  }
  return make_sequence(kept.items());
}

Node single(Evaluation& evaluation, Arguments arguments, const Node&) {
  const Node& array = arguments[0];
  if (!array.is_array()) return {};
  const Node* found = nullptr;
  double index = 0;
  for (const Node& item : array.items()) {
    bool matches = true;
    if (arguments[1].is_function()) {
      matches = evaluation.is_true(evaluation.apply_to(arguments[1], item, Node::number(index), array));
      if (evaluation.failed()) return {};
    }
    index += 1;
    if (!matches) continue;
    if (found != nullptr) return evaluation.fail("D3138");
    found = &item;
  }
  return found == nullptr ? evaluation.fail("D3139") : *found;
}

Node reduce(Evaluation& evaluation, Arguments arguments, const Node&) {
  const Node& array = arguments[0];
  if (!array.is_array()) return {};
  const Node& function = arguments[1];
  int arity = arity_of(function);
  if (arity < 2) return evaluation.fail("D3050");
  Node result = arguments[2];
  std::size_t at = 0;
  if (result.is_nothing() && array.size() > 0) {
    result = array.items()[0];
    at = 1;
  }
  for (; at < array.size(); ++at) {
    const std::array<Node, 4> given = {result, array.items()[at], Node::number(static_cast<double>(at)), array};
    std::size_t count = arity >= 4 ? 4 : arity == 3 ? 3 : 2;
    result = evaluation.apply(function, {given.data(), count}, Node::null());
    if (evaluation.failed()) return {};
  }
  return result;
}

Node sift(Evaluation& evaluation, Arguments arguments, const Node&) {
  const Node& object = arguments[0];
  if (!object.is_object()) return {};
  List<Member> kept(evaluation);
  for (const Member& member : object.members()) {
    Node value = evaluation.apply_to(arguments[1], member.value, member.key, object);
    if (evaluation.failed()) return {};
    if (evaluation.is_true(value)) kept.push(member);
    if (evaluation.failed()) return {};
  }
  return kept.empty() ? Node() : Node::object(kept.items());
}

Node each(Evaluation& evaluation, Arguments arguments, const Node&) {
  const Node& object = arguments[0];
  if (!object.is_object()) return make_sequence({});
  List<Node> results(evaluation);
  for (const Member& member : object.members()) {
    Node value = evaluation.apply_to(arguments[1], member.value, member.key, object);
    if (evaluation.failed()) return {};
    if (!value.is_nothing()) results.push(value);
  }
  return make_sequence(results.items());
}

}  // namespace busway::jsonata::functions
