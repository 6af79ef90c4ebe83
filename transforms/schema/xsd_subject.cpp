#include "transforms/schema/xsd_subject.hpp"

#include "transforms/formats/xml_document.hpp"

namespace busway::schema {

namespace {

XsdSubject below_envelope(const XmlElement& root) {
  const XmlElement* body = root.local() == "Envelope" ? root.child(root.uri(), "Body") : nullptr;
  if (body == nullptr) return {.element = &root, .around = {}};
  return {.element = body->first_child(), .around = {&root, body}};
}

// Nothing when the bytes are no XML as they stand: compressed, labelled with a character set, or another format.
const XmlElement* received(Exchange& exchange, bool envelope) {
  const Message& message = exchange.message();
  bool xml = envelope || (message.format() != nullptr && message.format()->name() == "xml");
  if (!message.has_bytes() || !xml || message.bytes().starts_with("\x1F\x8B")) return nullptr;
  auto document = parse_xml(message.bytes(), exchange.arena());
  return document ? document->root : nullptr;
}

Result<XsdSubject> written(Exchange& exchange, const XsdSchema& schema) {
  Arena& arena = exchange.arena();
  auto document = exchange.message().document(arena);
  if (!document) return std::unexpected(document.error());
  if (document->is_nothing()) return XsdSubject();
  if (!document->is_object() || document->size() != 1 || document->members()[0].value.is_array()) {
    return fail(ErrorKind::invalid,
                "a document that stands for XML has one "
                "member, which is its root element");
  }
  const Member& root = document->members()[0];
  std::string_view name = root.key.text();
  XmlRules rules;
  if (!schema.target_namespace().empty() && name.find(':') == std::string_view::npos) {
    if (schema.qualifies_elements()) {
      rules.default_namespace = schema.target_namespace();
    } else {
      rules.namespaces.emplace_back("target", schema.target_namespace());
      name = arena.copy("target:" + std::string(name));
    }
  }
  std::string& text = exchange.keep_string();
  if (auto good = write_element(name, root.value, rules, {}, text); !good) return std::unexpected(good.error());
  auto read = parse_xml(text, arena);
  if (!read) return std::unexpected(read.error());
  return XsdSubject{.element = read->root, .around = {}};
}

}  // namespace

Result<XsdSubject> xsd_subject(Exchange& exchange, const XsdSchema& schema) {
  bool envelope = exchange.message().protocol() == "soap";
  if (const XmlElement* root = received(exchange, envelope)) {
    return envelope ? below_envelope(*root) : XsdSubject{.element = root, .around = {}};
  }
  return written(exchange, schema);
}

}  // namespace busway::schema
