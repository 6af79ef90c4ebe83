#include "adapters/soap/body_shape.hpp"

#include "bus/spare.hpp"
#include "transforms/formats/xml_document.hpp"

namespace busway::soap {

namespace {

const XmlRules no_rules;

// The prefix n stands for `uri`, where there is one. A thread mostly writes one namespace after the same one.
class BodyRules {
 public:
  explicit BodyRules(std::string_view uri) : named_(!uri.empty()) {
    if (!named_) return;
    if (kept_->namespaces.empty()) kept_->namespaces.emplace_back("n", "");
    if (kept_->namespaces.front().second != uri) kept_->namespaces.front().second = uri;
  }
  const XmlRules& operator*() const { return named_ ? *kept_ : no_rules; }

 private:
  Spare<XmlRules> kept_;
  bool named_;
};

// Attributes the envelope's namespace owns (encodingStyle, ...) are no members.
Node without_envelope_attributes(const XmlElement& element, const Node& value, Version version, Arena& arena) {
  if (!value.is_object()) return value;
  bool found = false;
  for (const XmlAttribute& attribute : element.attributes()) found = found || attribute.uri() == envelope_namespace(version);
  if (!found) return value;
  Collector<Member> members(arena);
  for (const Member& member : value.members()) {
    std::string_view key = member.key.text();
    bool drop = key.starts_with('@') && element.attribute(envelope_namespace(version), key.substr(1)) != nullptr;
    if (!drop) members.push(member);
  }
  if (members.size() == 1 && members.items()[0].key.text() == "#text") return members.items()[0].value;
  return Node::object(members.items());
}

}  // namespace

Result<Node> PlainBody::read(const XmlElement& element, Version version, XmlBudget& budget, Arena& arena) const {
  auto value = element_value(element, no_rules, nullptr, budget, arena);
  if (!value) return std::unexpected(value.error());
  Node document = without_envelope_attributes(element, *value, version, arena);
  // An element without content has no members; it is no text.
  if (document.is_string() && document.text().empty()) return Node::object({});
  return document;
}

Result<void> PlainBody::write(const BodyName& name, const Node& document, std::string& out) const {
  if (document.is_array()) return fail(ErrorKind::format, "writing a SOAP body: expected an object, found an array");
  BodyRules rules(name.uri);
  XmlWriting how;
  std::string element = name.local;
  if (!name.uri.empty() && qualified_) how.prefix = "n";
  if (!name.uri.empty() && !qualified_) element.insert(0, "n:");
  return write_element(element, document.is_nothing() ? Node::object({}) : document, *rules, how, out);
}

Result<void> PlainBody::write_detail(std::string_view uri, const Node& document, std::string& out) const {
  switch (document.kind()) {
    case Node::Kind::nothing:
    case Node::Kind::null: return {};
    case Node::Kind::string:
    case Node::Kind::number:
    case Node::Kind::boolean: {
      // Written as an element, so that one place says what a scalar's text is; its tags go.
      std::string element;
      auto written = write_element("t", document, no_rules, {}, element);
      if (!written) return written;
      if (element.starts_with("<t>")) out.append(element, 3, element.size() - 7);
      return {};
    }
    case Node::Kind::object: break;
    default:
      return fail(ErrorKind::format,
                  "writing a Fault's detail: expected an object or a text, found " + std::string(name_of(document.kind())));
  }
  BodyRules rules(uri);
  for (const Member& member : document.members()) {
    std::string element(member.key.text());
    if (element.starts_with('@') || element == "#text") continue;
    XmlWriting how;
    if (!uri.empty() && qualified_) how.prefix = "n";
    if (!uri.empty() && !qualified_) element.insert(0, "n:");
    auto written = write_element(element, member.value, *rules, how, out);
    if (!written) return written;
  }
  return {};
}

}  // namespace busway::soap
