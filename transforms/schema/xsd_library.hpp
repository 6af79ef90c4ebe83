#pragma once

#include <libxml/xmlschemas.h>

#include <memory>
#include <string>

#include "transforms/schema/xsd.hpp"

namespace busway::schema {

// libxml2 in our terms, for the xsd_*.cpp files alone.

struct FreeSchema {
  void operator()(xmlSchema* schema) const { xmlSchemaFree(schema); }
};

class XsdSchema::Library {
 public:
  explicit Library(xmlSchemaPtr schema) : schema_(schema) {}
  xmlSchemaPtr schema() const { return schema_.get(); }

 private:
  std::unique_ptr<xmlSchema, FreeSchema> schema_;
};

// Prepares the library for this process: once, before anything else of it is used; safe from any thread.
void prepare_xml_library();

// What the library says, without its line end and with `xs:` for the namespace of XML Schema.
std::string in_plain_words(const char* message);

}  // namespace busway::schema
