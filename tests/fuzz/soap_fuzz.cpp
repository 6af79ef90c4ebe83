#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/soap/body_shape.hpp"
#include "adapters/soap/fault.hpp"
#include "adapters/soap/header_blocks.hpp"
#include "adapters/soap/media_type.hpp"
#include "adapters/soap/wsdl_contracts.hpp"
#include "adapters/soap/wsdl_file.hpp"
#include "bus/assert.hpp"
#include "tests/fakes/memory_bundle.hpp"

namespace {

using namespace busway;
using namespace busway::soap;

// A document that was read can be written, and reads back the same; but for white space that stood beside elements, and
// attributes and names whose namespaces a plain document does not keep.
void round_trip(const PlainBody& shape, const Node& document, Version version, Arena& arena) {
  std::string out;
  begin_envelope(version, out);
  begin_body(out);
  if (!shape.write({"Op", "urn:fuzz"}, document, out)) return;
  end_envelope(out);
  Version again = version;
  auto envelope = read_envelope(arena.copy(out), {}, arena, again);
  BUSWAY_ASSERT(envelope && again == version && envelope->payload != nullptr && envelope->payload->is("urn:fuzz", "Op"));
  auto back = shape.read(*envelope->payload, version, envelope->budget, arena);
  BUSWAY_ASSERT(back && equal(*back, document));
}

void write_as_headers(const Node& document, Version version, Arena& arena) {
  std::string out;
  begin_envelope(version, out);
  if (!write_header_blocks(version, "urn:fuzz", document, out)) return;
  begin_body(out);
  end_envelope(out);
  Version again = version;
  auto envelope = read_envelope(arena.copy(out), {}, arena, again);
  BUSWAY_ASSERT(envelope || envelope.error().text.find("more than") != std::string::npos || version == Version::v1_2);
}

// Whatever a WSDL says, what is read of it holds together: members lead to elements that are kept.
void read_contracts(const std::string& text) {
  fakes::MemoryBundle files;
  files.texts["x.wsdl"] = text;
  CheckContext check = files.context();
  auto contracts = WsdlContracts::read({.path = "x.wsdl", .content = text, .at = {}}, check);
  if (contracts == nullptr) return;
  std::size_t seen = 0;
  for (const WsdlContracts::Operation& operation : contracts->all()) {
    for (const ContractPtr& contract : {operation.contract.request, operation.contract.answer}) {
      if (contract == nullptr) continue;
      for (const ContractElement& element : *contract->elements) {
        for (const ContractMember& member : element.members) seen += member.type == nullptr ? 1 : member.type->members.size();
        if (++seen > 10'000) return;
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  MediaType type = read_media_type(bytes);
  if (type.may_be_envelope() && is_action(type.action)) {
    std::string written = content_type_of(type.version(), type.action);
    MediaType again = read_media_type(written);
    BUSWAY_ASSERT(again.may_be_envelope() && again.version() == type.version());
  }
  (void)action_names(bytes, "Op");
  if (auto wsdl = WsdlFile::read(std::string(bytes))) {
    BUSWAY_ASSERT(WsdlFile::read(wsdl->served_at("http://h/'\"<&")));
    read_contracts(std::string(bytes));
  }
  Arena arena;
  Version version = Version::v1_1;
  auto envelope = read_envelope(bytes, {}, arena, version);
  if (!envelope) return 0;
  find_not_understood(*envelope, std::vector<std::string>{"A", "{urn:x}B"});
  [[maybe_unused]] auto blocks = read_header_blocks(*envelope, arena);
  if (envelope->payload == nullptr) return 0;
  for (bool qualified : {true, false}) {
    PlainBody shape(qualified);
    if (envelope->is_fault()) {
      auto fault = read_fault(*envelope, shape, arena);
      if (!fault) return 0;
      std::string detail;
      if (!shape.write_detail("urn:fuzz", fault->detail, detail)) detail.clear();
      std::string out;
      begin_envelope(version, out);
      begin_body(out);
      bool written =
          write_fault(version, {.code = fault->code, .text = fault->text, .detail = detail, .uri = "urn:fuzz"}, out).has_value();
      end_envelope(out);
      Version again = version;
      auto back = read_envelope(arena.copy(out), {}, arena, again);
      BUSWAY_ASSERT(written && back && back->is_fault());
      continue;
    }
    auto document = shape.read(*envelope->payload, version, envelope->budget, arena);
    if (!document) return 0;
    round_trip(shape, *document, version, arena);
    write_as_headers(*document, version, arena);
  }
  return 0;
}
