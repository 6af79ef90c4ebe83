#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/check_context.hpp"
#include "bus/message_contract.hpp"
#include "transforms/formats/xml_tree.hpp"
#include "transforms/schema/validation.hpp"

namespace busway::schema {

// A compiled XML Schema (XSD 1.0), by libxml2. The library reads schemas only: every file of one has passed our strict scan, is a
// file of the bundle, and comes by our own loader, which refuses everything else; no network, no entities. It never sees a
// message's bytes: validate() hands it the elements of a tree that parse_xml() has made. Immutable; validate() from any thread at
// once (the library's schemas are read-only while they are used: it adds to one only for xsi:schemaLocation without a schema).
class XsdSchema {
 public:
  // Compiles `file` of the bundle and what it includes and imports. Null after findings (BW4101, BW4107) at file and line. An
  // absolute schemaLocation is looked for beside `file` by its last segment. Calls of load() from several threads at once are
  // safe.
  static std::shared_ptr<const XsdSchema> load(const ConfigNode& file, CheckContext& check);
  ~XsdSchema();
  XsdSchema(const XsdSchema&) = delete;
  XsdSchema& operator=(const XsdSchema&) = delete;

  // The element is held against the global element of its name. `around` are the elements it stands in, outermost first: their
  // namespace prefixes may be used in its values. At most `most` violations.
  std::vector<Violation> validate(const XmlElement& element, const std::vector<const XmlElement*>& around,
                                  std::size_t most = ValidationLimits{}.violations) const;

  // What documents it is about look like, for checks; null when nothing is known.
  const ContractPtr& contract() const { return contract_; }
  const std::string& target_namespace() const { return target_namespace_; }
  bool qualifies_elements() const { return qualified_; }  // elementFormDefault

 private:
  class Library;
  XsdSchema(std::unique_ptr<Library> library, ContractPtr contract, std::string target_namespace, bool qualified);
  std::unique_ptr<Library> library_;
  ContractPtr contract_;
  std::string target_namespace_;
  bool qualified_;
};

// A message of the library as a violation at `path`.
Violation xsd_violation(std::string path, std::string_view message);

}  // namespace busway::schema
