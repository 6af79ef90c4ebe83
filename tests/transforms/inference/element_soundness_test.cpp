#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "bus/cli/input_scope.hpp"
#include "bus/json_text.hpp"
#include "generate.hpp"
#include "generate_elements.hpp"
#include "tests/fakes/memory_bundle.hpp"
#include "transforms/formats/xml_document.hpp"
#include "transforms/formats/xml_schema_types.hpp"
#include "transforms/inference/element_contract.hpp"
#include "transforms/inference/element_view.hpp"
#include "transforms/inference/inference.hpp"
#include "transforms/inference/interpreter.hpp"
#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/jsonata.hpp"
#include "transforms/schema/xsd.hpp"

// The same documents twice: once as XML that libxml2 holds against the schema, once as what a mapping reads and makes.
namespace busway::inference {

namespace {

std::uint64_t wanted(const char* name, std::uint64_t usual) {
  const char* set = std::getenv(name);
  return set == nullptr ? usual : std::strtoull(set, nullptr, 10);
}

// A schema of both readers.
struct Schema {
  std::string text;
  std::shared_ptr<const schema::XsdSchema> xsd;
  ContractPtr contract;
};

Schema load(const std::string& text) {
  fakes::MemoryBundle files;
  files.texts["main.xsd"] = text;
  CheckContext check = files.context();
  ConfigNode file;
  file.kind = ConfigNode::Kind::string;
  file.text = "main.xsd";
  file.at = {std::make_shared<const std::string>("routes.yaml"), 1, 1};
  Schema out{.text = text, .xsd = schema::XsdSchema::load(file, check), .contract = nullptr};
  for (const Finding& finding : files.findings.all()) MESSAGE(to_text(finding) << "\n" << text);
  REQUIRE(out.xsd != nullptr);
  XmlSchemaTypes types([](std::string_view, const std::string&) { return std::nullopt; });
  types.add_file({text, "main.xsd"});
  CHECK(types.complete());
  out.contract = types.element({"", "root"}, "main.xsd");
  REQUIRE(out.contract != nullptr);
  return out;
}

bool valid(const Schema& schema, const XmlElement& element) {
  return schema.xsd->validate(element, {}).empty();
}

// As a SOAP body or an XML step writes it.
bool valid(const Schema& schema, const Node& document, std::string& written) {
  Arena arena;
  if (!write_element("root", document, {}, {}, written)) return false;
  auto read = parse_xml(written, arena);
  return read && valid(schema, *read->root);
}

// The value of the root, where it keeps to the schema.
std::optional<Node> read(const Schema& schema, const std::string& text, Arena& arena) {
  auto document = parse_xml(text, arena);
  REQUIRE(document);
  if (!valid(schema, *document->root)) return std::nullopt;
  auto value = element_value(*document->root, {}, nullptr, document->budget, arena);
  REQUIRE(value);
  return *value;
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

// Whether a value stands at "/a/*/b".
bool stands(const Node& node, std::string_view path) {
  if (path.empty()) return !node.is_nothing();
  std::size_t end = path.find('/', 1);
  std::string_view name = path.substr(1, end == std::string_view::npos ? end : end - 1);
  std::string_view rest = end == std::string_view::npos ? std::string_view() : path.substr(end);
  if (name != "*") return node.is_object() && stands(node.member(name), rest);
  if (!node.is_array()) return stands(node, rest);  // one of a list that is one
  return std::any_of(node.items().begin(), node.items().end(), [&](const Node& item) { return stands(item, rest); });
}

std::string path_of(const Misfit& misfit) {
  std::size_t begin = misfit.text.rfind("(output ") + 8;
  std::string path = misfit.text.substr(begin, misfit.text.find_first_of(",)", begin) - begin);
  return path == "as a whole" ? "" : path;
}

// What a misfit is about: of a member that is never there, what should hold it.
bool applies(const Misfit& misfit, const Node& result) {
  std::string path = path_of(misfit);
  if (misfit.code == "BW4203" && misfit.text.find("none of") == std::string::npos) path = path.substr(0, path.rfind('/'));
  return stands(result, path);
}

}  // namespace

// BUSWAY_SOUNDNESS=N tries N schemas and mappings, each over 20 documents.
TEST_CASE("what is read from an element, and what a mapping makes of it, is in the shape") {
  std::uint64_t count = wanted("BUSWAY_SOUNDNESS", 1500);
  std::uint64_t held = 0;
  int failed = 0;
  for (std::uint64_t seed = 1; seed <= count && failed < 8; ++seed) {
    test::ElementGenerator elements(seed);
    test::Element root = elements.root();
    Schema schema = load(elements.schema(root));
    Shape input = shape_of(schema.contract, false);
    test::Generator generator(seed);
    std::string mapping = seed % 2 == 0 ? generator.plain() : generator.mapping();
    auto expression = jsonata::eval_language().compile(mapping, nullptr);
    if (!expression) continue;
    Shape shape = shape_of_result(mapping, input);
    for (int i = 0; i < 20; ++i) {
      std::string text = elements.document(root);
      Arena arena;
      auto body = read(schema, text, arena);
      if (!body) continue;
      bool fits = holds(input, *body);
      cli::InputScope scope(*body);
      auto result = (*expression)->evaluate(scope, arena);
      ++held;
      if (fits && (!result || holds(shape, *result))) continue;
      ++failed;
      FAIL_CHECK("seed " << seed << (fits ? "" : ", as it is read") << "\nschema   " << schema.text << "\nmapping  " << mapping
                         << "\nbody     " << text << "\ndocument " << to_json(*body));
      break;
    }
  }
  MESSAGE(held << " documents held");
  CHECK(held > count * 10);
}

// A certain misfit is there whenever what it is about is; a possible one in some document at least. BUSWAY_CLAIMS=N tries N
// mappings.
TEST_CASE("each misfit of an element that is told does happen") {
  std::uint64_t count = wanted("BUSWAY_CLAIMS", 2000);
  std::map<std::string, int> told;
  int failed = 0;
  for (std::uint64_t seed = 1; seed <= count && failed < 8; ++seed) {
    test::ElementGenerator elements(seed + 1'000'000);
    test::Element from = elements.root();
    test::Element to = elements.changed(from);
    Schema source = load(elements.schema(from));
    Schema target = load(elements.schema(to));
    test::Generator generator(seed);
    std::string mapping = seed % 3 != 0 ? generator.plain() : generator.mapping();
    if (seed % 5 == 0) mapping = "$";
    auto expression = jsonata::eval_language().compile(mapping, nullptr);
    if (!expression) continue;
    Inferred inferred = infer(mapping, shape_of(source.contract, false));
    auto found = misfits(inferred.shape, *target.contract, inferred.guards);
    std::vector<bool> seen(found.size());
    int results = 0;
    auto complain = [&](const Misfit& misfit, const std::string& what) {
      ++failed;
      FAIL_CHECK("seed " << seed << "\nfrom     " << source.text << "\nto       " << target.text << "\nmapping  " << mapping
                         << "\ntold     " << misfit.code << " " << misfit.text << "\n"
                         << what);
    };
    for (int i = 0; i < 400 && !found.empty() && failed < 8; ++i) {
      if (i >= 20 && std::find(seen.begin(), seen.end(), false) == seen.end()) break;
      std::string text = elements.document(from);
      Arena arena;
      auto body = read(source, text, arena);
      if (!body) continue;
      cli::InputScope scope(*body);
      auto result = (*expression)->evaluate(scope, arena);
      if (!result || result->is_nothing() || result->is_array()) continue;
      ++results;
      std::string written;
      bool good = valid(target, *result, written);
      for (std::size_t k = 0; k < found.size(); ++k) {
        seen[k] = seen[k] || found[k].certain || !good;
        if (found[k].certain && good && applies(found[k], *result)) complain(found[k], text + "\n" + written);
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

}  // namespace busway::inference
