#pragma once

#include <string>
#include <vector>

#include "bus/exchange.hpp"
#include "transforms/schema/xsd.hpp"

namespace busway::schema {

// The element of a message that an XSD is about, and those around it: the root, or of a SOAP envelope the first child of its
// Body.
struct XsdSubject {
  const XmlElement* element = nullptr;  // null: there is none
  std::vector<const XmlElement*> around;
};

// From the bytes that came in when they are XML, else from the document, written as XML: its one member is the root, in the
// schema's target namespace, and its children are in it when the schema says elementFormDefault="qualified". Either way the
// elements come from our own strict parser. Errors: kind `format` when the body does not parse, `invalid` for a document that
// stands for no element.
Result<XsdSubject> xsd_subject(Exchange& exchange, const XsdSchema& schema);

}  // namespace busway::schema
