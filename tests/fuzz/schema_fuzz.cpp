#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bus/assert.hpp"
#include "tests/fakes/memory_bundle.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/schema/bundle_schemas.hpp"
#include "transforms/schema/validation.hpp"

// A JSON Schema, a line `---`, and a document for it: it compiles or has findings, and checking a document ends within its limits
// with the same answer twice.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace busway;
  if (size > 64 * 1024) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view line = "\n---\n";
  std::size_t split = text.find(line);
  fakes::MemoryBundle bundle;
  bundle.texts["main.json"] = text.substr(0, split);
  bundle.texts["other.json"] = R"({"$id": "https://example.com/other.json", "$defs": {"a": {"$dynamicAnchor": "a"}}})";
  CheckContext check = bundle.context();
  ConfigNode file;
  file.kind = ConfigNode::Kind::string;
  file.text = "main.json";
  auto draft = size % 3 == 0 ? schema::Draft::draft4 : size % 3 == 1 ? schema::Draft::draft7 : schema::Draft::draft2020;
  auto plan = schema::load_json_schema(file, {}, {.draft = draft, .assert_formats = true}, check);
  BUSWAY_ASSERT((plan == nullptr) == bundle.findings.has_errors());
  for (const Finding& finding : bundle.findings.all()) {
    BUSWAY_ASSERT(finding.id.starts_with("BW41") && !finding.text.empty() && finding.at.file != nullptr && finding.at.line > 0);
  }
  if (plan == nullptr || split == std::string_view::npos) return 0;
  Arena arena;
  auto document = read_json(text.substr(split + line.size()), arena);
  if (!document) return 0;
  schema::ValidationLimits limits{.violations = 10, .depth = 300, .work = 200'000};
  auto first = schema::validate(*plan, *document, limits);
  auto second = schema::validate(*plan, *document, limits);
  BUSWAY_ASSERT(first.valid() == second.valid() && first.violations.size() == second.violations.size());
  for (const schema::Violation& violation : first.violations) {
    BUSWAY_ASSERT((violation.pointer.empty() || violation.pointer[0] == '/') && !violation.expected.empty());
  }
  return 0;
}
