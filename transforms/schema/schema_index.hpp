#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bus/config_node.hpp"
#include "transforms/schema/dialect.hpp"

namespace busway::schema {

// Where documents that a `$ref` names come from: files of the bundle, in tests a table. Never the network.
class SchemaDocuments {
 public:
  virtual ~SchemaDocuments() = default;
  struct Document {
    ConfigNode root;
    std::string uri;   // what it is known by besides its own `$id`
    std::string name;  // what keyword locations begin with; empty for the main schema
  };
  // The document at the absolute `uri` (without a fragment). `reference` is what the schema wrote and `from` where: a document
  // may lie beside the file that refers to it. Nothing when there is none; findings when there is one that cannot be read.
  virtual std::optional<Document> open(const std::string& uri, std::string_view reference, const Position& from,
                                       Findings& findings) = 0;
};

// A schema with a base URI of its own: a document, or a part of one with `$id`.
struct Resource {
  std::string uri;
  const ConfigNode* root = nullptr;
  Dialect dialect;
  std::map<std::string, const ConfigNode*, std::less<>> anchors;
  std::map<std::string, const ConfigNode*, std::less<>> dynamic_anchors;  // "" is 2019-09's $recursiveAnchor
};

// Knows every document of one load, which parts of it are schemas, and what `$id`, `$anchor` and `$schema` make of them. Used
// while a schema compiles; one thread. What cannot be resolved is a finding at the reference.
class SchemaIndex {
 public:
  struct Place {
    Resource* resource = nullptr;
    std::string where;  // "#/properties/qty", "address.json#/properties/city"
  };

  // `fallback` is what a document without `$schema` is read as.
  SchemaIndex(SchemaDocuments& documents, Dialect fallback, Findings& findings)
      : documents_(documents), fallback_(fallback), findings_(findings) {}

  // Adds a document; null after a finding about its `$schema`.
  const ConfigNode* add(SchemaDocuments::Document document);
  // What `reference`, written at `at` in `from`, refers to; null after a finding.
  const ConfigNode* find(std::string_view reference, const Resource& from, const Position& at);
  // Of a node that add() or find() led to, or of a subschema of one.
  const Place& place(const ConfigNode* node) const { return places_.at(node); }
  bool knows(const ConfigNode* node) const { return places_.contains(node); }
  std::deque<Resource>& resources() { return resources_; }

 private:
  void visit(const ConfigNode& node, Place place);
  void visit_subschemas(const ConfigNode& node, const Place& place);
  Place enter_resource(const ConfigNode& node, std::string_view id, Place place);
  void take_anchors(const ConfigNode& node, Resource& resource);
  void add_anchor(std::map<std::string, const ConfigNode*, std::less<>>& anchors, std::string name, const ConfigNode& node,
                  const Position& at);
  std::optional<Dialect> dialect_of(const ConfigNode& node, std::string_view base, Dialect fallback);
  std::optional<Dialect> custom_dialect(std::string_view uri, const Position& at);
  Resource* open_resource(const std::string& uri, std::string_view reference, const Position& at);
  const ConfigNode* walk(const ConfigNode* root, std::string_view pointer);

  SchemaDocuments& documents_;
  Dialect fallback_;
  Findings& findings_;
  std::deque<ConfigNode> roots_;
  std::deque<Resource> resources_;
  std::map<std::string, Resource*, std::less<>> by_uri_;
  std::unordered_map<const ConfigNode*, Place> places_;
  int metaschemas_deep_ = 0;
  bool failed_ = false;
};

// `~` and `/` of a name as a JSON Pointer writes them (RFC 6901, 3).
std::string pointer_token(std::string_view name);

}  // namespace busway::schema
