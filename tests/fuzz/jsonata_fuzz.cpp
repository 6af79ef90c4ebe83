#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bus/arena.hpp"
#include "bus/json_text.hpp"
#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/evaluation.hpp"

namespace {

using busway::Arena;
using busway::Member;
using busway::Node;

// {"a": [1, 2.50, {"b": "x"}], "name": "Zoë", "n": null}
Node document() {
  static const Member inner[] = {{Node::string("b"), Node::string("x")}};
  static const Node items[] = {Node::number(1), Node::number_text("2.50"), Node::object(inner)};
  static const Member members[] = {{Node::string("a"), Node::array(items)},
                                   {Node::string("name"), Node::string("Zo\xC3\xAB")},
                                   {Node::string("n"), Node::null()}};
  return Node::object(members);
}

class Surroundings final : public busway::Scope {
 public:
  busway::Result<Node> input(Arena&) override { return document(); }
  busway::Result<Node> variable(std::string_view, Arena&) override { return Node::string("v"); }
};

}  // namespace

// Compiles the bytes as an expression and evaluates it on a small document, within limits that keep one run short.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  Arena compiled_in;
  busway::jsonata::VariableNames names;
  busway::jsonata::CompileOptions options;
  options.unknown_functions_fail = false;
  auto program = busway::jsonata::compile({reinterpret_cast<const char*>(data), size}, compiled_in, names, options);
  if (!program) return 0;
  Arena arena;
  Surroundings surroundings;
  busway::jsonata::Limits limits{.steps = 200'000, .memory = 64UL * 1024 * 1024, .depth = 300};
  auto result = busway::jsonata::Evaluation(*program, names, surroundings, arena, limits).run();
  if (result) (void)busway::to_json(*result);
  return 0;
}
