#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "bus/json_text.hpp"
#include "json_text.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::jsonata::test {

namespace {

struct Outcome {
  bool good = false;
  std::string reason;
};

std::string printed(const Node& node) {
  return node.is_nothing() ? "nothing" : to_json(node).substr(0, 300);
}

Outcome check(const Node& line, Arena& arena) {
  Values values;
  values.input_value = line.member("data");
  Node bindings = line.member("bindings");
  if (bindings.is_object()) {
    for (const Member& member : bindings.members()) values.variables[std::string(member.key.text())] = member.value;
  }
  Node code = line.member("code");
  auto compiled = eval_language().compile(line.member("expr").text(), nullptr);
  Result<Node> result = Node();
  if (compiled) {
    result = (*compiled)->evaluate(values, arena);
  } else {
    result = std::unexpected(compiled.error());
  }
  if (!result) {
    if (code.is_string() && result.error().code == code.text()) return {true, {}};
    return {false, (code.is_string() ? "wrong error: " : "unexpected error: ") + result.error().code + " " + result.error().text};
  }
  if (code.is_string()) return {false, "no error " + std::string(code.text()) + ": " + printed(*result)};
  if (line.member("undefined").is_boolean()) return {result->is_nothing(), "wrong value: " + printed(*result)};
  Node wanted = line.member("result");
  return {alike(*result, wanted), "wrong value: " + printed(*result) + " instead of " + printed(wanted)};
}

}  // namespace

// Every case of jsonata-js's own suite, when it lies beside the source. What fails is printed with its reason.
TEST_CASE("the published JSONata cases hold") {
  std::filesystem::path file = std::filesystem::path(BUSWAY_SOURCE_DIR) / "../shared/conformance/jsonata/cases.jsonl";
  if (!std::filesystem::exists(file)) {
    MESSAGE("skipped: no conformance data beside the source");
    return;
  }
  constexpr std::size_t known_failures = 0;
  std::ifstream stream(file);
  std::size_t cases = 0;
  std::size_t failures = 0;

  for (std::string text; std::getline(stream, text);) {
    ++cases;
    Arena arena;
    Node line = read_json(text, arena);
    Outcome outcome = check(line, arena);
    if (outcome.good) continue;
    ++failures;
    MESSAGE(std::string(line.member("name").text())
            << ": " << outcome.reason << "   " << std::string(line.member("expr").text().substr(0, 200)));
  }
  std::size_t good = cases - failures;
  MESSAGE(good << " of " << cases << " cases hold");
  CHECK(failures <= known_failures);
}

}  // namespace busway::jsonata::test
