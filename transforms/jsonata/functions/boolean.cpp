#include <cmath>

#include "transforms/jsonata/functions/functions.hpp"

namespace busway::jsonata::functions {

Node boolean(Evaluation& evaluation, Arguments arguments, const Node&) {
  const Node& value = arguments[0];
  // An array of one is what its item is, even if that is nothing.
  bool nothing = value.is_nothing() || (value.is_array() && value.size() == 1 && value.items()[0].is_nothing());
  return nothing ? Node() : Node::boolean(evaluation.is_true(value));
}

Node not_(Evaluation& evaluation, Arguments arguments, const Node&) {
  return arguments[0].is_nothing() ? Node() : Node::boolean(!evaluation.is_true(arguments[0]));
}

Node exists(Evaluation&, Arguments arguments, const Node&) {
  return Node::boolean(!arguments[0].is_nothing());
}

Node type(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (arguments[0].is_number() && std::isinf(arguments[0].as_double())) return evaluation.fail("D1001");
  return arguments[0].is_nothing() ? Node() : Node::string(name_of(arguments[0].kind()));
}

Node error(Evaluation& evaluation, Arguments arguments, const Node&) {
  return evaluation.fail("D3137", arguments[0].is_string() ? arguments[0].text() : std::string_view{});
}

Node assert_(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (arguments[0].is_boolean() && arguments[0].as_boolean()) return {};
  return evaluation.fail("D3141", arguments[1].is_string() ? arguments[1].text() : std::string_view{});
}

Node eval(Evaluation& evaluation, Arguments arguments, const Node& input) {
  if (!arguments[0].is_string()) return {};
  return evaluation.evaluate_text(arguments[0].text(), arguments[1].is_nothing() ? &input : &arguments[1]);
}

}  // namespace busway::jsonata::functions
