#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "../jsonata/generate.hpp"
#include "../schema/schemas.hpp"
#include "bus/cli/input_scope.hpp"
#include "bus/json_text.hpp"
#include "generate.hpp"
#include "transforms/inference/contract.hpp"
#include "transforms/inference/inference.hpp"
#include "transforms/inference/interpreter.hpp"
#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/jsonata.hpp"

using namespace busway;
using namespace busway::inference;

namespace {

std::uint64_t wanted(const char* name, std::uint64_t usual) {
  const char* set = std::getenv(name);
  return set == nullptr ? usual : std::strtoull(set, nullptr, 10);
}

struct Inferred {
  Shape shape;
  Guards guards;
};

Inferred infer(const std::string& mapping, const Shape& input) {
  Arena arena;
  jsonata::VariableNames names;
  jsonata::CompileOptions options;
  options.unknown_functions_fail = false;
  options.optimise = false;
  auto program = jsonata::compile(mapping, arena, names, options);
  REQUIRE(program);
  Places places(mapping);
  Interpreter interpreter(*program->root, places, input);
  Shape shape = interpreter.run();
  return {shape, {.kinds = interpreter.kinds_guarded(), .missing = interpreter.missing_guarded()}};
}

}  // namespace

// BUSWAY_SOUNDNESS=N tries N mappings, each over 20 documents.
TEST_CASE("what a mapping gives is in the shape that was inferred") {
  std::uint64_t count = wanted("BUSWAY_SOUNDNESS", 4000);
  std::uint64_t held = 0;
  std::uint64_t known = 0;
  int failed = 0;
  for (std::uint64_t seed = 1; seed <= count && failed < 8; ++seed) {
    inference::test::Generator generator(seed);
    inference::test::Pattern pattern = generator.root(3);
    std::string text = generator.schema(pattern);
    auto schema = schema::test::compiled(text);
    REQUIRE(schema.plan);
    NamedPlan plan{schema.plan, "in"};
    Shape input = shape_of(plan, *schema.plan->root);
    std::string mapping = seed % 4 == 0 ? jsonata::test::Generator(seed).expression() : generator.mapping();
    auto expression = jsonata::eval_language().compile(mapping, nullptr);
    if (!expression) continue;
    Shape shape = shape_of_result(mapping, input);
    known += (shape.kinds & kinds::function) == 0 ? 1U : 0U;
    for (int i = 0; i < 20; ++i) {
      std::string document = generator.document(pattern);
      Arena arena;
      Node body = read_json(document, arena).value();
      if (!schema::validate(*schema.plan, body).valid()) continue;
      CHECK(holds(input, body));
      cli::InputScope scope(body);
      auto result = (*expression)->evaluate(scope, arena);
      if (!result) continue;
      ++held;
      if (holds(shape, *result)) continue;
      ++failed;
      FAIL_CHECK("seed " << seed << "\nschema   " << text << "\nmapping  " << mapping << "\ndocument " << document
                         << "\ngives    " << (result->is_nothing() ? "nothing" : to_json(*result)) << "\ninferred "
                         << words(shape.kinds));
      break;
    }
  }
  MESSAGE(held << " results held, " << known << " shapes known");
  CHECK(held > count * 3);
  CHECK(known > count / 4);
}

namespace {

// Whether a value stands at "/a/*/b".
bool stands(const Node& node, std::string_view path) {
  if (path.empty()) return !node.is_nothing();
  std::size_t end = path.find('/', 1);
  std::string_view name = path.substr(1, end == std::string_view::npos ? end : end - 1);
  std::string_view rest = end == std::string_view::npos ? std::string_view() : path.substr(end);
  if (name != "*") return node.is_object() && stands(node.member(name), rest);
  if (!node.is_array()) return false;
  for (const Node& item : node.items()) {
    if (stands(item, rest)) return true;
  }
  return false;
}

// The path in the output that a misfit's text names.
std::string path_of(const Misfit& misfit) {
  std::size_t begin = misfit.text.rfind("(output ") + 8;
  std::string path = misfit.text.substr(begin, misfit.text.find_first_of(",)", begin) - begin);
  return path == "as a whole" ? "" : path;
}

// Whether the document fails at the path, or at what holds it; of alternatives, where one of them does.
bool fails_at(const schema::ValidationResult& verdict, std::string_view path, bool alternatives) {
  for (const schema::Violation& violation : verdict.violations) {
    std::string where;
    for (std::size_t at = 0; at < violation.pointer.size();) {
      std::size_t end = std::min(violation.pointer.find('/', at + 1), violation.pointer.size());
      std::string step = violation.pointer.substr(at, end - at);
      where += step.find_first_not_of("0123456789", 1) == std::string::npos ? "/*" : step;
      at = end;
    }
    if (path.starts_with(where) || (alternatives && where.starts_with(path))) return true;
  }
  return false;
}

}  // namespace

// A certain misfit is there whenever what it is about is; a possible one in some document at least. BUSWAY_CLAIMS=N tries N
// mappings.
TEST_CASE("each misfit that is told does happen") {
  std::uint64_t count = wanted("BUSWAY_CLAIMS", 3000);
  std::map<std::string, int> told;
  int failed = 0;
  for (std::uint64_t seed = 1; seed <= count && failed < 8; ++seed) {
    inference::test::Generator generator(seed + 1'000'000);
    bool plain = seed % 3 != 0;
    inference::test::Pattern from = generator.root(2);
    inference::test::Pattern to = plain ? generator.changed(from, 2) : generator.object(2);
    std::string from_text = generator.schema(from);
    std::string to_text = generator.schema(to);
    auto source = schema::test::compiled(from_text);
    auto target = schema::test::compiled(to_text);
    REQUIRE(source.plan);
    REQUIRE(target.plan);
    NamedPlan plan{source.plan, "in"};
    NamedPlan feeds{target.plan, "out"};
    std::string mapping = plain ? generator.plain() : generator.mapping();
    auto expression = jsonata::eval_language().compile(mapping, nullptr);
    if (!expression) continue;
    Inferred inferred = infer(mapping, shape_of(plan, *source.plan->root));
    auto found = misfits(inferred.shape, feeds, inferred.guards);
    std::vector<bool> seen(found.size());
    auto complain = [&](const Misfit& misfit, const std::string& document) {
      ++failed;
      FAIL_CHECK("seed " << seed << "\nfrom     " << from_text << "\nto       " << to_text << "\nmapping  " << mapping
                         << "\ntold     " << misfit.code << " " << misfit.text << "\n"
                         << document);
    };
    int results = 0;
    for (int i = 0; i < 400 && !found.empty() && failed < 8; ++i) {
      if (i >= 20 && std::find(seen.begin(), seen.end(), false) == seen.end()) break;
      Arena arena;
      std::string document = generator.document(from);
      Node body = read_json(document, arena).value();
      if (!schema::validate(*source.plan, body).valid()) continue;
      cli::InputScope scope(body);
      auto result = (*expression)->evaluate(scope, arena);
      if (!result || result->is_nothing()) continue;
      ++results;
      auto verdict = schema::validate(*target.plan, *result);
      for (std::size_t k = 0; k < found.size(); ++k) {
        std::string path = path_of(found[k]);
        bool fails = fails_at(verdict, path, to_text.find("Of\":") != std::string::npos);
        seen[k] = seen[k] || fails || found[k].certain;
        bool missing = found[k].code == "BW4203";
        std::string about = missing ? path.substr(0, path.rfind('/')) : path;
        if (found[k].certain && !fails && stands(*result, about)) complain(found[k], document);
      }
    }
    for (std::size_t k = 0; k < found.size(); ++k) {
      ++told[found[k].code + (found[k].certain ? " certain" : " possible")];
      if (!seen[k] && results > 100) complain(found[k], std::to_string(results) + " results, and in none of them");
    }
  }
  std::string counts;
  for (const auto& [code, times] : told) counts += code + ": " + std::to_string(times) + "; ";
  MESSAGE(counts);
  CHECK(told.size() >= 8);
}
