#include "transforms/formats/xml.hpp"

#include "bus/labelled_format.hpp"
#include "transforms/formats/charset_field.hpp"
#include "transforms/formats/media_charset.hpp"
#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_document.hpp"
#include "transforms/formats/xml_encoding.hpp"
#include "transforms/formats/xml_name.hpp"

namespace busway {

namespace {

enum class Attributes : std::uint8_t { keep, drop };
enum class OtherNamespaces : std::uint8_t { read, refuse };

struct XmlConfig {
  std::string default_namespace;
  std::vector<std::pair<std::string, std::string>> namespaces;
  std::string prefix;
  OtherNamespaces other_namespaces = OtherNamespaces::read;
  Attributes attributes = Attributes::keep;
  std::string attribute_prefix = "@";
  std::vector<std::string> arrays;
  std::vector<std::string> mixed;
  std::vector<std::string> cdata;
  Charset charset = Charset::utf_8;
  bool declaration = true;
};

class XmlFormat final : public LabelledFormat {
 public:
  XmlFormat(XmlRules rules, XmlWriting writing, Charset charset, bool declaration)
      : rules_(std::move(rules)),
        writing_(std::move(writing)),
        charset_(charset),
        content_type_(charset == Charset::utf_8 ? "application/xml" : labelled("application/xml", charset)) {
    if (declaration) declaration_ = "<?xml version=\"1.0\" encoding=\"" + encoding_name(charset) + "\"?>\n";
  }
  std::string_view name() const override { return "xml"; }
  std::string_view content_type() const override { return content_type_; }

  Result<Node> read_labelled(std::string_view bytes, std::string_view content_type, Arena& arena) const override {
    std::string_view charset = charset_of(content_type);
    if (charset.empty() && charset_ != Charset::utf_8 && !says_encoding(bytes)) charset = busway::name_of(charset_);
    auto document = parse_xml(bytes, arena, {.pieces = rules_.mixed}, charset);
    if (!document) return std::unexpected(document.error());
    return xml_document(*document, rules_, arena);
  }

  Result<void> write(const Node& document, std::string& out) const override {
    if (charset_ == Charset::utf_8) return write_utf8(document, out);
    std::string text;
    if (auto written = write_utf8(document, text); !written) return written;
    return append_xml_in(charset_, text, out);
  }

 private:
  Result<void> write_utf8(const Node& document, std::string& out) const {
    if (!document.is_object() || document.size() != 1 || document.members().front().value.is_array()) {
      return fail(ErrorKind::format,
                  "writing XML: the document must be an object with one member, the root element, that is no array");
    }
    const Member& root = document.members().front();
    out += declaration_;
    auto written = write_element(root.key.text(), root.value, rules_, writing_, out);
    if (!written) return std::unexpected(written.error());
    return {};
  }

  XmlRules rules_;
  XmlWriting writing_;
  Charset charset_;
  std::string content_type_;
  std::string declaration_;
};

// Whether a prefix and its namespace can be declared. `at` is where they stand.
bool check_prefix(std::string_view prefix, std::string_view uri, Position at, CheckContext& check) {
  if (!is_ncname(prefix) || prefix == "xml" || prefix == "xmlns" || prefix == "xsi") {
    check.findings.error("BW4002", at, "'" + std::string(prefix) + "' cannot be declared as a prefix");
    return false;
  }
  if (uri.empty() || uri == xml_namespace || uri == xmlns_namespace || find_non_xml(uri) != std::string_view::npos) {
    check.findings.error("BW4002", at,
                         "the prefix '" + std::string(prefix) + "' needs a namespace of its own, such as urn:example:orders");
    return false;
  }
  return true;
}

// With a prefix for what has none, it is declared in place of a default namespace.
XmlWriting writing_of(const XmlConfig& config) {
  if (config.prefix.empty()) return {};
  XmlWriting writing{.prefix = config.prefix, .declare_rules = false, .declarations = {}};
  auto declare = [&](const std::string& prefix, const std::string& uri) {
    writing.declarations += " xmlns:" + prefix + "=\"";
    append_xml_attribute(uri, writing.declarations);
    writing.declarations += '"';
  };
  declare(config.prefix, config.default_namespace);
  for (const auto& [prefix, uri] : config.namespaces) declare(prefix, uri);
  return writing;
}

std::unique_ptr<const Format> make_xml(XmlConfig config, const ConfigNode& node, CheckContext& check, const FormatContext&) {
  auto place = [&](const char* key) {
    const ConfigNode::Entry* entry = node.find(key);
    return entry == nullptr ? node.at : entry->value.at;
  };
  const ConfigNode::Entry* declared = node.find("namespaces");
  for (const auto& [prefix, uri] : config.namespaces) {
    const ConfigNode::Entry* entry = declared == nullptr ? nullptr : declared->value.find(prefix);
    if (!check_prefix(prefix, uri, entry == nullptr ? node.at : entry->key.at, check)) return nullptr;
    if (prefix == config.prefix) {
      check.findings.error("BW4002", place("prefix"), "the prefix '" + prefix + "' stands under `namespaces` already");
      return nullptr;
    }
  }
  if (!config.prefix.empty() && !check_prefix(config.prefix, config.default_namespace, place("prefix"), check)) return nullptr;
  const std::string& mark = config.attribute_prefix;
  if (mark.size() > 8 || mark.starts_with('#') || mark.find(':') != std::string::npos ||
      mark.find_first_of(" \t\r\n") != mark.npos) {
    check.findings.error("BW4002", place("attribute_prefix"),
                         "what tells attributes is at most eight bytes without blanks and ':', and does not begin with '#'");
    return nullptr;
  }
  XmlWriting writing = writing_of(config);
  XmlRules rules{.namespaces = std::move(config.namespaces),
                 .default_namespace = std::move(config.default_namespace),
                 .paths = {},
                 .attribute_prefix = mark,
                 .keep_attributes = config.attributes == Attributes::keep,
                 .refuse_other_namespaces = config.other_namespaces == OtherNamespaces::refuse,
                 .mixed = !config.mixed.empty(),
                 .cdata = !config.cdata.empty()};
  for (const std::string& path : config.arrays) rules.paths.add(path, XmlPaths::Told::array);
  for (const std::string& path : config.mixed) rules.paths.add(path, XmlPaths::Told::mixed);
  for (const std::string& path : config.cdata) rules.paths.add(path, XmlPaths::Told::cdata);
  return std::make_unique<XmlFormat>(std::move(rules), std::move(writing), config.charset, config.declaration);
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
           {"prefix", &XmlConfig::prefix,
            "The prefix that `namespace` is written with: `<n:order xmlns:n=...>`. Without it, it is the default namespace."},
           {"other_namespaces", &XmlConfig::other_namespaces,
            "What is read from a namespace that is named here nowhere: `read` takes it by its local name, `refuse` is an error.",
            one_of<OtherNamespaces>({{"read", OtherNamespaces::read}, {"refuse", OtherNamespaces::refuse}})},
           {"attributes", &XmlConfig::attributes, "Whether attributes that are read become members, or are dropped.",
            one_of<Attributes>({{"keep", Attributes::keep}, {"drop", Attributes::drop}})},
           {"attribute_prefix", &XmlConfig::attribute_prefix,
            "What stands before the names of members that are attributes. Empty: they are read as members like any other, and "
            "none are written."},
           {"arrays", &XmlConfig::arrays, "Paths of elements that are arrays even when they stand once: `order/lines/line`."},
           {"mixed", &XmlConfig::mixed,
            "Paths of elements whose texts and elements keep their order, as the array `#mixed`, with all that is in them."},
           {"cdata", &XmlConfig::cdata, "Paths of elements whose text is written as a CDATA section."},
           charset_field(&XmlConfig::charset),
           {"declaration", &XmlConfig::declaration, "Whether a written document begins with the XML declaration."}},
          make_xml),
      .examples = {{"As it is", "xml"},
                   {"Lines are always an array", "xml: { arrays: [order/lines/line] }"},
                   {"Two namespaces", "xml: { namespace: 'urn:example:orders', namespaces: { c: 'urn:example:customers' } }"},
                   {"Text with markup in it, for a system that reads Latin 1",
                    "xml: { mixed: [letter/body], cdata: [letter/note], charset: iso-8859-1 }"}}};
}

}  // namespace busway
