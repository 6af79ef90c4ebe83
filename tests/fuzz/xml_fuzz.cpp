#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "bus/registry.hpp"
#include "tests/fuzz/round_trip.hpp"
#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/xml.hpp"
#include "transforms/formats/xml_document.hpp"
#include "transforms/formats/xml_name.hpp"
#include "transforms/formats/xml_parser.hpp"

namespace {

using namespace busway;

// Every option at once: the root's content keeps its order.
FormatPtr told_format(std::string_view text) {
  auto scalar = [](std::string value) { return config_scalar(std::move(value)); };
  std::size_t from = text.find('<') + 1;
  std::string root(text.substr(from, text.find_first_of(" >/", from) - from));
  MadeFormat made = make_format(xml_format(), config_map({{"attribute_prefix", scalar("_")},
                                                          {"mixed", config_list({scalar(root)})},
                                                          {"cdata", config_list({scalar(root), scalar(root + "/a")})},
                                                          {"charset", scalar("iso-8859-1")},
                                                          {"namespace", scalar("urn:o")},
                                                          {"prefix", scalar("n")},
                                                          {"namespaces", config_map({{"c", scalar("urn:c")}})}}));
  if (made.format == nullptr) std::abort();
  return made.format;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
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
  // What has no form with these options (a name that Latin 1 lacks, an attribute of an element told by the same name) is refused.
  FormatPtr told = told_format(text);
  // Its namespaces are declared by attributes, which count.
  if (std::count(text.begin(), text.end(), '=') < 250) check_round_trip(*told, text, true);
  read_in.reset();
  (void)told->read(text, read_in);
  if (read_in.reserved() > 10 * size + 512 * 1024) std::abort();
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
