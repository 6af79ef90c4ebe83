#include "transforms/formats/xml_tree.hpp"

#include <algorithm>
#include <cstring>

#include "bus/spare.hpp"
#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_encoding.hpp"
#include "transforms/formats/xml_name.hpp"
#include "transforms/formats/xml_parser.hpp"

namespace busway {

namespace {

constexpr std::string_view doing = "reading XML";
constexpr std::size_t fixed_part = 256 * 1024;  // what any document may take besides ten times its bytes
constexpr std::size_t largest = 0x7FFFFFFF;
constexpr std::size_t shortest_element = 3;  // `<a>`, still open

XmlElement* small_elements(std::unique_ptr<std::byte[]>& elements) {
  if (!elements) elements.reset(new std::byte[(XmlParser::Workbench::small / shortest_element + 1) * sizeof(XmlElement)]);
  return reinterpret_cast<XmlElement*>(elements.get());
}

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
  // A converted text lies in the arena a second time.
  std::size_t copies = text->data() >= bytes.data() && text->data() <= bytes.data() + bytes.size() ? 1 : 2;
  // A small text is parsed before its elements are counted, and they are moved to the arena when they are known to be XML.
  bool small = text->size() <= XmlParser::Workbench::small;
  std::size_t elements = small ? text->size() / shortest_element + 1 : XmlParser::count_elements(*text);
  auto too_many = [&] {
    return fail(ErrorKind::format,
                "reading XML: its " + std::to_string(elements) + " elements need more than ten times its size in memory");
  };
  auto bad_character = [&](std::size_t bad) {
    bool utf8 = utf8_sequence(text->substr(bad)) != 0;
    return refuse_text(doing, *text, bad, utf8 ? "this control character cannot stand in XML" : "the text is not valid UTF-8");
  };
  if (!document.budget.take(text->size() * copies) || (!small && !document.budget.take(elements * sizeof(XmlElement)))) {
    return too_many();
  }
  char* copy = arena.array<char>(text->size() + XmlParser::padding);
  if (!text->empty()) std::memcpy(copy, text->data(), text->size());
  std::memset(copy + text->size(), 0, XmlParser::padding);
  Spare<XmlParser::Workbench> bench;
  XmlElement* room = small ? small_elements(bench->elements) : arena.array<XmlElement>(elements);
  XmlParser parser(copy, text->size(), arena, limits, document.budget, *bench);
  if (!parser.run(room, elements)) {
    // What is no text at all is told first.
    if (std::size_t bad = find_in_pieces(*text, find_non_xml); bad != std::string_view::npos) return bad_character(bad);
    return refuse_text(doing, *text, parser.error_offset(), parser.error());
  }
  if (small) {
    elements = parser.element_count();
    if (!document.budget.take(elements * sizeof(XmlElement))) return too_many();
    auto* kept = arena.array<XmlElement>(elements);
    std::memcpy(static_cast<void*>(kept), room, elements * sizeof(XmlElement));
    room = kept;
  }
  document.root = room;
  if (limits.pieces) {
    const std::vector<XmlPiece>& found = bench->pieces;
    auto* kept = arena.array<XmlPiece>(found.size());
    std::copy(found.begin(), found.end(), kept);
    document.pieces = {kept, found.size()};
  }
  return document;
}

}  // namespace busway
