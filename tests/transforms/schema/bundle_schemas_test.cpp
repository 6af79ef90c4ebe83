#include "transforms/schema/bundle_schemas.hpp"

#include <doctest/doctest.h>

#include "tests/fakes/memory_bundle.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/schema/validation.hpp"

namespace busway::schema::test {

namespace {

ConfigNode named(std::string path, int line) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::string;
  node.text = std::move(path);
  node.at = {std::make_shared<const std::string>("routes.yaml"), line, 1};
  return node;
}

// Whether the document fits `main.json`; the findings when the schema does not compile.
std::string verdict(fakes::MemoryBundle& bundle, std::string_view document, const std::vector<ConfigNode>& listed = {}) {
  bundle.findings = Findings();
  CheckContext check = bundle.context();
  auto plan = load_json_schema(named("main.json", 1), listed, {}, check);
  std::string findings;
  for (const Finding& finding : bundle.findings.all()) findings += to_text(finding) + "\n";
  if (plan == nullptr) return findings;
  CHECK(findings == "");
  Arena arena;
  auto result = validate(*plan, read_json(document, arena).value());
  return result.valid() ? "fits" : result.violations[0].schema;
}

}  // namespace

TEST_CASE("a relative reference names a file, with or without an id") {
  fakes::MemoryBundle bundle;
  bundle.texts["main.json"] = R"({"$ref": "part.json#/$defs/a"})";
  bundle.texts["part.json"] = R"({"$defs": {"a": {"type": "null"}}})";
  CHECK(verdict(bundle, "null") == "fits");
  CHECK(verdict(bundle, "1") == "part.json#/$defs/a/type");
  bundle.texts["main.json"] = R"({"$id": "https://example.com/x/main", "$ref": "part.json#/$defs/a"})";
  CHECK(verdict(bundle, "1") == "part.json#/$defs/a/type");
  bundle.texts["my part.json"] = "false";
  bundle.texts["main.json"] = R"({"$ref": "my%20part.json"})";
  CHECK(verdict(bundle, "1") == "my part.json#");
}

TEST_CASE("an absolute reference finds the file beside it that has this id, or one that is listed") {
  fakes::MemoryBundle bundle;
  bundle.texts["main.json"] = R"({"$ref": "https://example.com/schemas/part.json"})";
  bundle.texts["part.json"] = R"({"$id": "https://example.com/schemas/part.json", "type": "null"})";
  CHECK(verdict(bundle, "1") == "part.json#/type");
  bundle.texts["part.json"] = R"({"$id": "https://example.com/other/part.json", "type": "null"})";
  CHECK(verdict(bundle, "1").find("main.json:1:10: error BW4103") == 0);
  bundle.texts["elsewhere.json"] = R"({"$id": "https://example.com/schemas/part.json", "type": "boolean"})";
  CHECK(verdict(bundle, "1", {named("elsewhere.json", 2)}) == "elsewhere.json#/type");
  CHECK(verdict(bundle, "1", {named("none.json", 3)}).find("routes.yaml:3:1: error BW1008") == 0);
  CHECK(verdict(bundle, "1", {named("elsewhere.json", 2), named("elsewhere.json", 4)}).find("routes.yaml:4:1: error BW4103") ==
        0);
}

}  // namespace busway::schema::test
