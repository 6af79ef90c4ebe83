#include "adapters/soap/wsdl_file.hpp"

#include <pugixml.hpp>

#include "transforms/formats/xml_document.hpp"
#include "transforms/formats/xml_encoding.hpp"

namespace busway::soap {

namespace {

constexpr std::string_view wsdl_namespace = "http://schemas.xmlsoap.org/wsdl/";

bool is_soap_address(const XmlElement& element) {
  return element.is("http://schemas.xmlsoap.org/wsdl/soap/", "address") ||
         element.is("http://schemas.xmlsoap.org/wsdl/soap12/", "address");
}

pugi::xml_node element_from(pugi::xml_node node) {
  while (node && node.type() != pugi::node_element) node = node.next_sibling();
  return node;
}

// The same element in both trees: ours knows namespaces, pugixml's can be changed and written. Depth is bounded by our parser.
void mark_locations(const XmlElement& element, pugi::xml_node node, const std::string& mark) {
  if (is_soap_address(element)) node.attribute("location").set_value(mark.c_str());
  pugi::xml_node twin = element_from(node.first_child());
  for (const XmlElement* child = element.first_child(); child != nullptr; child = child->next()) {
    mark_locations(*child, twin, mark);
    twin = element_from(twin.next_sibling());
  }
}

class Appender final : public pugi::xml_writer {
 public:
  explicit Appender(std::string& out) : out_(out) {}
  void write(const void* data, std::size_t size) override { out_.append(static_cast<const char*>(data), size); }

 private:
  std::string& out_;
};

}  // namespace

Result<WsdlFile> WsdlFile::read(const std::string& content) {
  Arena arena;
  // pugixml accepts far more than XML: it only ever sees what the strict parser has passed.
  auto strict = parse_xml(content, arena);
  if (!strict) return fail(ErrorKind::config, strict.error().text);
  if (!strict->root->is(wsdl_namespace, "definitions"))
    return fail(ErrorKind::config, "it is not a WSDL 1.1 file: its root is not 'definitions'");
  auto utf8 = xml_as_utf8(content, "", arena);
  if (!utf8) return fail(ErrorKind::config, utf8.error().text);
  pugi::xml_document document;
  auto loaded = document.load_buffer(utf8->data(), utf8->size(), pugi::parse_full | pugi::parse_ws_pcdata, pugi::encoding_utf8);
  if (!loaded) return fail(ErrorKind::config, loaded.description());
  if (pugi::xml_node first = document.first_child(); first.type() == pugi::node_declaration) {
    if (pugi::xml_attribute encoding = first.attribute("encoding")) encoding.set_value("UTF-8");
  }
  std::string mark = "urn:busway:location";
  while (utf8->find(mark) != std::string_view::npos) mark += '-';
  mark_locations(*strict->root, document.document_element(), mark);

  std::string text;
  Appender appender(text);
  document.save(appender, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  WsdlFile file;
  std::size_t from = 0;
  for (std::size_t at = 0; (at = text.find(mark, from)) != std::string::npos; from = at + mark.size()) {
    file.pieces_.push_back(text.substr(from, at - from));
  }
  file.pieces_.push_back(text.substr(from));
  return file;
}

std::string WsdlFile::served_at(std::string_view address) const {
  std::string value;
  append_xml_attribute(address, value);
  std::string out = pieces_.front();
  for (std::size_t i = 1; i < pieces_.size(); ++i) out.append(value).append(pieces_[i]);
  return out;
}

}  // namespace busway::soap
