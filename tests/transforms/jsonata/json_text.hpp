#pragma once

#include <map>
#include <string>
#include <string_view>

#include "bus/document.hpp"
#include "bus/expression.hpp"

namespace busway::jsonata::test {

// Reads JSON for tests: numbers keep their text, lone surrogates come as three bytes. Text that is no JSON fails the test.
Node read_json(std::string_view text, Arena& arena);

// An expression's surroundings from plain values.
class Values final : public Scope {
 public:
  Result<Node> input(Arena&) override { return input_value; }
  Result<Node> variable(std::string_view name, Arena&) override {
    auto found = variables.find(name);
    return found == variables.end() ? Node() : found->second;
  }

  Node input_value{};
  std::map<std::string, Node, std::less<>> variables{};
};

// What an expression gives for a JSON text: JSON, "nothing", or "CODE@POSITION token".
std::string run(std::string_view expression, std::string_view json = "");

// As busway::equal, with numbers compared as doubles when one of them is computed, and functions equal to "".
bool alike(const Node& left, const Node& right);

}  // namespace busway::jsonata::test
