#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "bus/json_text.hpp"
#include "generate.hpp"
#include "json_text.hpp"
#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/evaluation.hpp"

namespace busway::jsonata::test {

namespace {

// What an expression gives: JSON with the text of its numbers, "nothing", or an error's code and place.
std::string outcome(std::string_view expression, const Node& document, bool optimise) {
  Arena compiled_in;
  Arena arena;
  VariableNames names;
  CompileOptions options;
  options.optimise = optimise;
  options.unknown_functions_fail = false;
  auto program = compile(expression, compiled_in, names, options);
  if (!program) return "no program: " + program.error().code;
  Values values;
  values.input_value = document;
  auto result = Evaluation(*program, names, values, arena, {.steps = 3'000'000}).run();
  if (!result) return result.error().code + "@" + std::to_string(result.error().position) + " " + result.error().token;
  return result->is_nothing() ? "nothing" : to_json(*result);
}

}  // namespace

// The plan changes what an evaluation costs and nothing else. BUSWAY_DIFFERENTIAL=N tries N expressions, each over four
// documents.
TEST_CASE("with its plan an expression gives what it gives without") {
  const char* wanted = std::getenv("BUSWAY_DIFFERENTIAL");
  std::uint64_t count = wanted == nullptr ? 3000 : std::strtoull(wanted, nullptr, 10);
  std::uint64_t limits = 0;
  std::uint64_t errors = 0;
  std::uint64_t failed = 0;
  for (std::uint64_t seed = 1; seed <= count && failed < 10; ++seed) {
    Generator generator(seed);
    std::string expression = generator.expression();

    for (int i = 0; i < 4; ++i) {
      std::string document = generator.document();
      Arena arena;
      Node input = read_json(document, arena);
      std::string plain = outcome(expression, input, false);
      std::string planned = outcome(expression, input, true);
      // A limit counts operations, of which there are fewer with a plan.
      if (plain.starts_with("U1001")) {
        ++limits;
        continue;
      }
      if (plain.size() > 4 && plain[5] == '@') ++errors;
      if (plain == planned) continue;
      ++failed;
      MESSAGE("seed " << seed << ": " << expression << "\n  over " << document << "\n  without: " << plain
                      << "\n  with:    " << planned);
      break;
    }
  }
  CHECK(failed == 0);
  MESSAGE(count << " expressions, " << errors << " errors, " << limits << " limits");
  CHECK(limits * 50 < count * 4);
  CHECK(errors * 2 < count * 4);
}

}  // namespace busway::jsonata::test
