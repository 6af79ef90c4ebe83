// Names in XML and where they belong: Namespaces in XML 1.0, third edition.
#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_name.hpp"
#include "transforms/formats/xml_parser.hpp"

namespace busway {

namespace {

constexpr std::string_view no_uri;
constexpr std::string_view xml_uri = xml_namespace;
constexpr std::string_view xmlns_uri = xmlns_namespace;

}  // namespace

const std::string_view* XmlParser::uri_of(std::string_view prefix) const {
  for (auto binding = bindings_.rbegin(); binding != bindings_.rend(); ++binding) {
    if (binding->prefix == prefix) return binding->uri;
  }
  if (prefix.empty()) return &no_uri;
  if (prefix == "xml") return &xml_uri;
  return nullptr;
}

bool XmlParser::declare_namespaces(XmlElement& element) {
  for (XmlAttribute& attribute : attributes_) {
    bool is_default = attribute.prefix_size_ == 0 && attribute.local() == "xmlns";
    if (!is_default && attribute.prefix() != "xmlns") continue;
    attribute.uri_ = &xmlns_uri;
    element.declares_ = true;
    std::string_view prefix = is_default ? std::string_view() : attribute.local();
    std::string_view uri = attribute.value();
    const char* at = attribute.name_;
    if (prefix == "xmlns") return refuse(at, "the prefix 'xmlns' cannot be declared");
    if ((prefix == "xml") != (uri == xml_namespace))
      return refuse(at, "the prefix 'xml' and its namespace belong to each other alone");
    if (uri == xmlns_namespace) return refuse(at, "the namespace of 'xmlns' cannot be declared");
    if (!is_default && uri.empty()) return refuse(at, "the prefix '" + printable(prefix) + "' is declared without a namespace");
    if (bindings_.size() == limits_.attributes) {
      return refuse(at, "more than " + std::to_string(limits_.attributes) + " namespaces are in scope");
    }
    if (!budget_.take(sizeof(std::string_view))) return refuse(at, "the document needs more than ten times its size in memory");
    auto* kept = arena_.array<std::string_view>(1);
    *kept = uri;
    bindings_.push_back({prefix, kept});
  }
  return true;
}

bool XmlParser::resolve_names(XmlElement& element) {
  if (!limits_.namespaces) {
    element.uri_ = &no_uri;
    for (XmlAttribute& attribute : attributes_) attribute.uri_ = &no_uri;
  } else {
    if (!attributes_.empty() && !declare_namespaces(element)) return false;
    element.uri_ = uri_of(element.prefix());
    if (element.uri_ == nullptr) return refuse_prefix(element.name_, element.prefix());
    for (std::size_t i = 0; i < attributes_.size(); ++i) {
      XmlAttribute& attribute = attributes_[i];
      if (attribute.uri_ != nullptr) continue;
      if (attribute.prefix_size_ == 0) {
        attribute.uri_ = &no_uri;
        continue;
      }
      attribute.uri_ = uri_of(attribute.prefix());
      if (attribute.uri_ == nullptr) return refuse_prefix(attribute.name_, attribute.prefix());
      for (std::size_t j = 0; j < i; ++j) {
        const XmlAttribute& other = attributes_[j];
        if (other.prefix_size_ != 0 && other.uri_ != nullptr && other.local() == attribute.local() &&
            other.uri() == attribute.uri()) {
          return refuse(attribute.name_,
                        "'" + printable(attribute.name()) + "' and '" + printable(other.name()) + "' are the same attribute");
        }
      }
    }
  }
  if (attributes_.empty()) return true;
  std::size_t bytes = attributes_.size() * sizeof(XmlAttribute);
  if (!budget_.take(bytes)) return refuse(element.name_, "the document needs more than ten times its size in memory");
  auto* kept = arena_.array<XmlAttribute>(attributes_.size());
  for (std::size_t i = 0; i < attributes_.size(); ++i) kept[i] = attributes_[i];
  element.attributes_ = kept;
  element.attribute_count_ = static_cast<std::uint16_t>(attributes_.size());
  return true;
}

}  // namespace busway
