#include "transforms/schema/bundle_schemas.hpp"

#include "transforms/schema/placed_json.hpp"
#include "transforms/schema/uri.hpp"

namespace busway::schema {

namespace {

constexpr std::string_view bundle_scheme = "bundle:///";

// What a file is known by while it has no `$id`: its path in the bundle, as a URI.
std::string uri_of(std::string_view path) {
  std::string out(bundle_scheme);
  for (char c : path) {
    if (c == '%' || c == '#' || c == '?' || c == ' ') {
      static constexpr char digits[] = "0123456789ABCDEF";
      out += '%';
      out += digits[static_cast<unsigned char>(c) / 16];
      out += digits[static_cast<unsigned char>(c) % 16];
    } else {
      out += c;
    }
  }
  return out;
}

std::string id_of(const ConfigNode& root) {
  for (std::string_view keyword : {"$id", "id"}) {
    const ConfigNode::Entry* id = root.is_map() ? root.find(keyword) : nullptr;
    if (id != nullptr && id->value.kind == ConfigNode::Kind::string) return std::string(without_fragment(id->value.text));
  }
  return {};
}

bool is_yaml(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

}  // namespace

BundleSchemas::BundleSchemas(const CheckContext& check, const std::vector<ConfigNode>& listed) : check_(check) {
  for (const ConfigNode& file : listed) {
    auto document = read(file.text, file.at);
    if (!document) continue;
    std::string id = id_of(document->root);
    if (id.empty()) {
      check_.findings.error("BW4103", file.at, "'" + file.text + "' has no '$id', so no schema can refer to it by one");
      continue;
    }
    document->uri = id;
    if (!listed_.emplace(id, std::move(*document)).second) {
      check_.findings.error("BW4103", file.at, "another file of this list has the '$id' of '" + file.text + "' too");
    }
  }
}

std::optional<SchemaDocuments::Document> BundleSchemas::read(const std::string& path, const Position& named_by) {
  std::string name = check_.files.name_of(path, named_by);
  std::optional<ConfigNode> root;
  if (is_yaml(path)) {
    ConfigNode naming;
    naming.at = named_by;
    naming.text = path;
    root = check_.files.read_yaml(path, naming, check_.findings);
  } else {
    auto content = check_.files.read(path, named_by);
    if (!content) {
      check_.findings.error(content.error().code.empty() ? "BW1008" : content.error().code, named_by, content.error().text);
      return std::nullopt;
    }
    root = read_placed_json(*content, std::make_shared<const std::string>(name), check_.findings);
  }
  if (!root) return std::nullopt;
  return Document{.root = std::move(*root), .uri = uri_of(name), .name = name};
}

std::optional<SchemaDocuments::Document> BundleSchemas::beside(const std::string& path, const Position& from) {
  if (path.empty() || !check_.files.read(path, from)) return std::nullopt;
  return read(path, from);
}

std::optional<SchemaDocuments::Document> BundleSchemas::open(const std::string& uri, std::string_view reference,
                                                             const Position& from, Findings&) {
  if (uri.starts_with(bundle_scheme)) {
    Position root;  // paths are the bundle's own
    std::string path = percent_decoded(std::string_view(uri).substr(bundle_scheme.size()));
    if (!check_.files.read(path, root)) return std::nullopt;
    auto document = read(path, root);
    if (document) document->uri = uri;
    return document;
  }
  if (auto listed = listed_.find(uri); listed != listed_.end()) return listed->second;
  UriParts parts = split_uri(reference);
  if (!parts.has_scheme && !parts.has_authority && !parts.path.starts_with('/')) {
    return beside(percent_decoded(parts.path), from);
  }
  std::string path = percent_decoded(split_uri(uri).path);
  std::size_t slash = path.rfind('/');
  auto document = beside(slash == std::string::npos ? path : path.substr(slash + 1), from);
  if (document && id_of(document->root) != uri) document.reset();
  return document;
}

std::shared_ptr<const Plan> load_json_schema(const ConfigNode& file, const std::vector<ConfigNode>& listed,
                                             const CompileOptions& options, CheckContext& check) {
  std::size_t before = check.findings.errors();
  BundleSchemas documents(check, listed);
  auto root = documents.read(file.text, file.at);
  if (!root || check.findings.errors() != before) return nullptr;
  root->name.clear();
  return compile(std::move(*root), options, documents, check.findings);
}

}  // namespace busway::schema
