#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bus/check_context.hpp"
#include "transforms/schema/compile.hpp"

namespace busway::schema {

// Schemas as files of a bundle: JSON, or YAML by a name that ends in .yaml or .yml. A `$ref` leads
// - from a schema without `$id` to the file it names, relative to its own;
// - else to the file of `listed` that has that `$id`;
// - else to a file beside the schema: by the path as written when it is relative, or by the last segment of an absolute URI when
//   that file's `$id` is this very URI.
// Nothing else is read, and nothing is fetched. One thread, during a check.
class BundleSchemas final : public SchemaDocuments {
 public:
  // `listed` are file names as a route file writes them; what cannot be read is a finding.
  BundleSchemas(const CheckContext& check, const std::vector<ConfigNode>& listed);

  // The file as a document; nothing after a finding at `named_by`.
  std::optional<Document> read(const std::string& path, const Position& named_by);
  std::optional<Document> open(const std::string& uri, std::string_view reference, const Position& from,
                               Findings& findings) override;

 private:
  std::optional<Document> beside(const std::string& path, const Position& from);

  const CheckContext& check_;
  std::map<std::string, Document, std::less<>> listed_;  // by `$id`
};

// Compiles the schema in the file that `file` names. Null after findings.
std::shared_ptr<const Plan> load_json_schema(const ConfigNode& file, const std::vector<ConfigNode>& listed,
                                             const CompileOptions& options, CheckContext& check);

}  // namespace busway::schema
