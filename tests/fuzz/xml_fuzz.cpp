#include <cstddef>
#include <cstdint>

#include "bus/registry.hpp"
#include "tests/fuzz/round_trip.hpp"
#include "transforms/formats/xml.hpp"
#include "transforms/formats/xml_document.hpp"
#include "transforms/formats/xml_name.hpp"
#include "transforms/formats/xml_parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace busway;
  static const FormatPtr xml = [] {
    Registry registry;
    registry.add(xml_format());
    return registry.plain_format("xml");
  }();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  // An attribute `p:xmlns` is read by its local name, and that name is refused when written.
  check_round_trip(*xml, text, text.find(":xmlns") != std::string_view::npos);
  Arena read_in(256);
  (void)xml->read(text, read_in);
  if (read_in.reserved() > 10 * size + 64 * 1024) std::abort();
  Arena arena;
  (void)parse_xml(text, arena, {.namespaces = false}, "iso-8859-1");
  auto read = parse_xml(text, arena, {}, "utf-8");
  if (!read || text.starts_with("\xFE\xFF") || text.starts_with("\xFF\xFE")) return 0;
  // No byte is passed without a look, and a small document reads as it does behind the bound of what is small.
  if (find_non_xml(text) != std::string_view::npos) std::abort();
  std::string longer = std::string(text) + "<!--" + std::string(XmlParser::Workbench::small, '=') + "-->";
  auto other = parse_xml(longer, arena, {}, "utf-8");
  if (!other) std::abort();
  auto small = xml_document(*read, {}, arena);
  auto large = xml_document(*other, {}, arena);
  if (small.has_value() != large.has_value() || (small && !equal(*small, *large))) std::abort();
  return 0;
}
