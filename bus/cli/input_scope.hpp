#pragma once

#include "bus/expression.hpp"

namespace busway::cli {

// What an expression sees outside of a route: a document, and no variables.
class InputScope final : public Scope {
 public:
  explicit InputScope(const Node& input) : input_(input) {}
  Result<Node> input(Arena&) override { return input_; }
  Result<Node> variable(std::string_view, Arena&) override { return Node(); }

 private:
  Node input_;
};

}  // namespace busway::cli
