#include "transforms/formats/xml_tree.hpp"

#include <cstring>

#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_encoding.hpp"
#include "transforms/formats/xml_name.hpp"
#include "transforms/formats/xml_parser.hpp"

namespace busway {

namespace {

constexpr std::string_view doing = "reading XML";
constexpr std::size_t fixed_part = 256 * 1024;  // what any document may take besides ten times its bytes
constexpr std::size_t largest = 0x7FFFFFFF;

}  // namespace

const XmlAttribute* XmlElement::attribute(std::string_view uri, std::string_view local) const {
  for (const XmlAttribute& attribute : attributes()) {
    if (attribute.local() == local && attribute.uri() == uri) return &attribute;
  }
  return nullptr;
}

const XmlElement* XmlElement::child(std::string_view uri, std::string_view local) const {
  for (const XmlElement* at = first_child(); at != nullptr; at = at->next()) {
    if (at->is(uri, local)) return at;
  }
  return nullptr;
}

bool XmlElement::is_nil() const {
  const XmlAttribute* nil = attribute_count_ == 0 ? nullptr : attribute(xsi_namespace, "nil");
  return nil != nullptr && (nil->value() == "true" || nil->value() == "1");
}

Result<XmlDocument> parse_xml(std::string_view bytes, Arena& arena, const XmlLimits& limits, std::string_view charset) {
  if (bytes.size() > largest) return fail(ErrorKind::format, "reading XML: the document is larger than 2 GiB");
  XmlDocument document;
  document.budget.left = bytes.size() * 10 + fixed_part;
  auto text = xml_as_utf8(bytes, charset, arena);
  if (!text) return std::unexpected(text.error());
  if (std::size_t bad = find_in_pieces(*text, find_non_xml); bad != std::string_view::npos) {
    bool utf8 = utf8_sequence(text->substr(bad)) != 0;
    return refuse_text(doing, *text, bad, utf8 ? "this control character cannot stand in XML" : "the text is not valid UTF-8");
  }
  std::size_t elements = XmlParser::count_elements(*text);
  // A converted text lies in the arena a second time.
  std::size_t copies = text->data() >= bytes.data() && text->data() <= bytes.data() + bytes.size() ? 1 : 2;
  if (!document.budget.take(text->size() * copies) || !document.budget.take(elements * sizeof(XmlElement))) {
    return fail(ErrorKind::format,
                "reading XML: its " + std::to_string(elements) + " elements need more than ten times its size in memory");
  }
  constexpr std::size_t padding = 16;  // zeros to stop at
  char* copy = arena.array<char>(text->size() + padding);
  if (!text->empty()) std::memcpy(copy, text->data(), text->size());
  std::memset(copy + text->size(), 0, padding);
  XmlParser parser(copy, text->size(), arena, limits, document.budget);
  if (!parser.run(elements)) return refuse_text(doing, *text, parser.error_offset(), parser.error());
  document.root = parser.root();
  return document;
}

}  // namespace busway
