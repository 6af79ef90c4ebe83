#include "adapters/soap/envelope.hpp"

#include "adapters/soap/quoted.hpp"

namespace busway::soap {

namespace {

std::unexpected<Error> refuse(std::string why, std::string_view code = {}) {
  return fail(ErrorKind::format, "reading a SOAP envelope: " + why, std::string(code));
}

// What 1.2 asks of the attributes of its own elements (part 1, 5.1 to 5.3, 5.1.1), as far as it matters to us.
Result<void> check_attributes(const Envelope& envelope, const XmlElement& root, const XmlElement& body) {
  if (envelope.version != Version::v1_2) return {};
  for (const XmlElement* element : {&root, &body}) {
    for (const XmlAttribute& attribute : element->attributes()) {
      if (attribute.uri().empty()) return refuse(quoted(element->name()) + " has the attribute " + quoted(attribute.name()));
      if (attribute.uri() == envelope_1_2)
        return refuse(quoted(attribute.name()) + " cannot stand at " + quoted(element->name()));
    }
  }
  if (envelope.header != nullptr) {
    for (const XmlElement* block = envelope.header->first_child(); block != nullptr; block = block->next()) {
      const XmlAttribute* must = block->attribute(envelope_1_2, "mustUnderstand");
      if (must == nullptr) continue;
      std::string_view value = must->value();
      bool boolean = value == "0" || value == "1" || value == "true" || value == "false";
      if (!boolean) return refuse("mustUnderstand is " + quoted(value));
    }
  }
  const XmlAttribute* encoding =
      envelope.payload == nullptr ? nullptr : envelope.payload->attribute(envelope_1_2, "encodingStyle");
  bool known = encoding == nullptr || encoding->value() == "http://www.w3.org/2003/05/soap-envelope/encoding/none" ||
               encoding->value() == "http://www.w3.org/2003/05/soap-encoding";
  if (!known) return refuse("the encodingStyle is " + quoted(encoding->value()), data_encoding_unknown);
  return {};
}

// The parts of an Envelope in their order: Header?, Body, and in 1.1 further elements of other namespaces.
Result<void> read_parts(const XmlElement& root, Envelope& envelope) {
  std::string_view space = envelope_namespace(envelope.version);
  const XmlElement* part = root.first_child();
  if (part != nullptr && part->is(space, "Header")) {
    envelope.header = part;
    part = part->next();
  }
  if (part == nullptr || !part->is(space, "Body")) {
    return refuse(part == nullptr ? "there is no Body" : "expected the Body, found " + quoted(part->name()));
  }
  const XmlElement* body = part;
  for (part = part->next(); part != nullptr; part = part->next()) {
    bool allowed = envelope.version == Version::v1_1 && !part->uri().empty() && part->uri() != space;
    if (!allowed) return refuse(quoted(part->name()) + " stands behind the Body");
  }
  envelope.payload = body->first_child();
  if (envelope.payload != nullptr && envelope.payload->next() != nullptr)
    return refuse("the Body has more than one child element");
  return check_attributes(envelope, root, *body);
}

}  // namespace

Result<Envelope> read_envelope(std::string_view bytes, std::string_view charset, Arena& arena, Version& version) {
  auto document = parse_xml(bytes, arena, {}, charset);
  if (!document) return document.error().while_doing("reading a SOAP envelope");
  const XmlElement& root = *document->root;
  Envelope envelope;
  if (root.local() != "Envelope") return refuse("the root element is " + quoted(root.name()));
  if (root.uri() == envelope_1_1) {
    envelope.version = Version::v1_1;
  } else if (root.uri() == envelope_1_2) {
    envelope.version = Version::v1_2;
  } else {
    return refuse("the Envelope's namespace " + quoted(root.uri()) + " is of no version known", version_mismatch);
  }
  version = envelope.version;
  envelope.budget = document->budget;
  auto parts = read_parts(root, envelope);
  if (!parts) return std::unexpected(parts.error());
  return envelope;
}

void begin_envelope(Version version, std::string& out) {
  out += R"(<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap=")";
  out += envelope_namespace(version);
  out += "\">";
}

void begin_body(std::string& out) {
  out += "<soap:Body>";
}

void end_envelope(std::string& out) {
  out += "</soap:Body></soap:Envelope>";
}

}  // namespace busway::soap
