#include "transforms/formats/xml.hpp"

#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_document.hpp"
#include "transforms/formats/xml_name.hpp"

namespace busway {

namespace {

struct XmlConfig {
  std::string default_namespace;
  std::vector<std::pair<std::string, std::string>> namespaces;
  std::vector<std::string> arrays;
  bool declaration = true;
};

class XmlFormat final : public Format {
 public:
  XmlFormat(XmlRules rules, bool declaration) : rules_(std::move(rules)), declaration_(declaration) {}
  std::string_view name() const override { return "xml"; }
  std::string_view content_type() const override { return "application/xml"; }

  Result<Node> read(std::string_view bytes, Arena& arena) const override {
    auto document = parse_xml(bytes, arena);
    if (!document) return std::unexpected(document.error());
    return xml_document(*document, rules_, arena);
  }

  Result<void> write(const Node& document, std::string& out) const override {
    if (!document.is_object() || document.size() != 1 || document.members().front().value.is_array()) {
      return fail(ErrorKind::format,
                  "writing XML: the document must be an object with one member, the root element, that is no array");
    }
    const Member& root = document.members().front();
    if (declaration_) out += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    auto written = write_element(root.key.text(), root.value, rules_, {}, out);
    if (!written) return std::unexpected(written.error());
    return {};
  }

 private:
  XmlRules rules_;
  bool declaration_;
};

std::unique_ptr<const Format> make_xml(XmlConfig config, const ConfigNode& node, CheckContext& check, const FormatContext&) {
  const ConfigNode::Entry* declared = node.find("namespaces");
  XmlRules rules;
  for (const auto& [prefix, uri] : config.namespaces) {
    const ConfigNode::Entry* entry = declared == nullptr ? nullptr : declared->value.find(prefix);
    Position at = entry == nullptr ? node.at : entry->key.at;
    if (!is_ncname(prefix) || prefix == "xml" || prefix == "xmlns" || prefix == "xsi") {
      check.findings.error("BW4002", at, "'" + prefix + "' cannot be declared as a prefix");
      return nullptr;
    }
    if (uri.empty() || uri == xml_namespace || uri == xmlns_namespace || find_non_xml(uri) != std::string_view::npos) {
      check.findings.error("BW4002", at, "the prefix '" + prefix + "' needs a namespace of its own, such as urn:example:orders");
      return nullptr;
    }
  }
  rules.namespaces = std::move(config.namespaces);
  rules.default_namespace = std::move(config.default_namespace);
  for (const std::string& path : config.arrays) rules.arrays.add(path);
  return std::make_unique<XmlFormat>(std::move(rules), config.declaration);
}

}  // namespace

FormatType xml_format() {
  return {
      .name = "xml",
      .summary = "XML documents (XML 1.0, without a DTD).",
      .doc =
          "The root element is the document's only member; child elements are members by local name, repeated ones arrays, "
          "attributes `@name`, text beside them `#text`; `<a/>` is `\"\"` and `xsi:nil` is null. Every leaf is a text. A DOCTYPE "
          "is refused. Every byte is checked before anything is made of it.",
      .content_types = {"application/xml", "text/xml", "+xml"},
      .format = role<XmlConfig, const Format, FormatContext>(
          {{"namespace", &XmlConfig::default_namespace, "Namespace of the members without a prefix."},
           {"namespaces", &XmlConfig::namespaces, "Prefixes of member names (`p:name`) and their namespaces."},
           {"arrays", &XmlConfig::arrays, "Paths of elements that are arrays even when they stand once: `order/lines/line`."},
           {"declaration", &XmlConfig::declaration, "Whether a written document begins with the XML declaration."}},
          make_xml),
      .examples = {{"As it is", "xml"},
                   {"Lines are always an array", "xml: { arrays: [order/lines/line] }"},
                   {"Two namespaces", "xml: { namespace: 'urn:example:orders', namespaces: { c: 'urn:example:customers' } }"}}};
}

}  // namespace busway
