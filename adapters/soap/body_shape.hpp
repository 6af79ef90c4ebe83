#pragma once

#include <string>
#include <string_view>

#include "adapters/soap/envelope.hpp"

namespace busway::soap {

// The name of a body element: `PlaceOrder` in `urn:orders`, or in no namespace.
struct BodyName {
  std::string local;
  std::string_view uri;
};

// How the element in a Body and a document stand for each other. Immutable, safe from any thread. What a schema knows (types,
// order, arrays) is another shape's to add; sources and targets only know this interface.
class BodyShape {
 public:
  virtual ~BodyShape() = default;
  // The document of a body element: its members, without the element itself. Errors: kind `format`.
  virtual Result<Node> read(const XmlElement& element, Version version, XmlBudget& budget, Arena& arena) const = 0;
  // Appends the element with the members of `document`; nothing writes it empty. Errors: kind `format`, naming the member.
  virtual Result<void> write(const BodyName& name, const Node& document, std::string& out) const = 0;
  // Appends the members of `document` as elements of a Fault's detail, whose names are global ones; a scalar as text.
  virtual Result<void> write_detail(std::string_view uri, const Node& document, std::string& out) const = 0;
};

// The shape without a schema (language.md, "SOAP, plain documents"): local names, leaves are strings, repeats are arrays; written
// in the document's order, members in the element's namespace if `qualified`, else in none.
class PlainBody final : public BodyShape {
 public:
  explicit PlainBody(bool qualified) : qualified_(qualified) {}
  Result<Node> read(const XmlElement& element, Version version, XmlBudget& budget, Arena& arena) const override;
  Result<void> write(const BodyName& name, const Node& document, std::string& out) const override;
  Result<void> write_detail(std::string_view uri, const Node& document, std::string& out) const override;

 private:
  bool qualified_;
};

}  // namespace busway::soap
