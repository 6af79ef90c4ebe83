#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bus/assert.hpp"
#include "tests/fakes/memory_bundle.hpp"
#include "transforms/schema/xsd.hpp"

// An XML Schema, a line `---`, and a document for it: it loads or has findings, and a document has the same violations twice.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace busway;
  if (size > 16 * 1024) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view line = "\n---\n";
  std::size_t split = text.find(line);
  fakes::MemoryBundle bundle;
  bundle.texts["main.xsd"] = text.substr(0, split);
  CheckContext check = bundle.context();
  ConfigNode file;
  file.kind = ConfigNode::Kind::string;
  file.text = "main.xsd";
  auto xsd = schema::XsdSchema::load(file, check);
  BUSWAY_ASSERT((xsd == nullptr) == bundle.findings.has_errors());
  for (const Finding& finding : bundle.findings.all()) BUSWAY_ASSERT(finding.id.starts_with("BW") && !finding.text.empty());
  if (xsd == nullptr || split == std::string_view::npos) return 0;
  Arena arena;
  auto document = parse_xml(text.substr(split + line.size()), arena);
  if (!document) return 0;
  auto first = xsd->validate(*document->root, {});
  BUSWAY_ASSERT(first.size() == xsd->validate(*document->root, {}).size());
  for (const schema::Violation& violation : first) BUSWAY_ASSERT(violation.pointer.starts_with("/"));
  return 0;
}
