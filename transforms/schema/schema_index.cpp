#include "transforms/schema/schema_index.hpp"

#include <charconv>

#include "transforms/schema/metaschemas.hpp"
#include "transforms/schema/placed_json.hpp"
#include "transforms/schema/uri.hpp"

namespace busway::schema {

namespace {

const std::string* text_of(const ConfigNode& node, std::string_view key) {
  const ConfigNode::Entry* entry = node.find(key);
  return entry != nullptr && entry->value.kind == ConfigNode::Kind::string ? &entry->value.text : nullptr;
}

std::string_view id_keyword(Draft draft) {
  return draft == Draft::draft4 ? "id" : "$id";
}

std::string shortened(std::string_view text) {
  return text.size() <= 120 ? std::string(text) : std::string(text.substr(0, 117)) + "...";
}

}  // namespace

std::string pointer_token(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

const ConfigNode* SchemaIndex::add(SchemaDocuments::Document document) {
  const ConfigNode& root = roots_.emplace_back(std::move(document.root));
  auto dialect = dialect_of(root, document.uri, fallback_);
  if (!dialect) return nullptr;
  Resource& resource = resources_.emplace_back();
  resource.uri = document.uri;
  resource.root = &root;
  resource.dialect = *dialect;
  by_uri_.emplace(document.uri, &resource);
  visit(root, {&resource, document.name + "#"});
  return failed_ ? nullptr : &root;
}

// `node` stands where a schema may stand.
void SchemaIndex::visit(const ConfigNode& node, Place place) {
  if (!node.is_map()) {
    places_.emplace(&node, std::move(place));
    return;
  }
  Dialect dialect = place.resource->dialect;
  bool alone = dialect.reference_stands_alone() && text_of(node, "$ref") != nullptr;
  if (const std::string* id = text_of(node, id_keyword(dialect.draft)); id != nullptr && !alone) {
    place = enter_resource(node, *id, std::move(place));
    dialect = place.resource->dialect;
  }
  if (!alone) take_anchors(node, *place.resource);
  const Place& kept = places_.emplace(&node, std::move(place)).first->second;
  visit_subschemas(node, Place(kept));
}

void SchemaIndex::visit_subschemas(const ConfigNode& node, const Place& place) {
  Draft draft = place.resource->dialect.draft;
  auto child = [&](const ConfigNode& value, const std::string& where) {
    if (!places_.contains(&value)) visit(value, {place.resource, where});
  };
  for (const Applicator& applicator : applicators()) {
    if (draft < applicator.first || draft > applicator.last) continue;
    const ConfigNode::Entry* entry = node.find(applicator.keyword);
    if (entry == nullptr) continue;
    const ConfigNode& value = entry->value;
    std::string where = place.where + "/" + std::string(applicator.keyword);
    bool holds_list = applicator.holds == Holds::list || (applicator.holds == Holds::one_or_list && value.is_list());
    if (holds_list) {
      for (std::size_t i = 0; i < value.items.size(); ++i) child(value.items[i], where + "/" + std::to_string(i));
    } else if (applicator.holds == Holds::one || applicator.holds == Holds::one_or_list) {
      child(value, where);
    } else {
      for (const ConfigNode::Entry& named : value.entries) {
        if (!named.value.is_list()) child(named.value, where + "/" + pointer_token(named.key.text));
      }
    }
  }
}

SchemaIndex::Place SchemaIndex::enter_resource(const ConfigNode& node, std::string_view id, Place place) {
  std::string_view base = without_fragment(id);
  const Position& at = node.find(id_keyword(place.resource->dialect.draft))->value.at;
  if (base.size() + 1 < id.size()) {
    if (place.resource->dialect.at_least(Draft::draft2019)) {
      findings_.error("BW4102", at, "'$id' has a fragment: since 2019-09 a place within a schema is named by '$anchor'");
      failed_ = true;
      return place;
    }
    // Until draft 07 `$id: "#name"` is an anchor.
    if (base.empty()) {
      add_anchor(place.resource->anchors, std::string(id.substr(1)), node, at);
      return place;
    }
  }
  if (base.empty()) return place;
  std::string uri = resolve_uri(place.resource->uri, base);
  if (place.resource->root == &node) {
    // The document's own name, beside the one it was found by.
    place.resource->uri = uri;
    by_uri_.emplace(uri, place.resource);
  } else {
    auto dialect = dialect_of(node, uri, place.resource->dialect);
    if (!dialect) {
      failed_ = true;
      return place;
    }
    Resource& resource = resources_.emplace_back();
    resource.uri = uri;
    resource.root = &node;
    resource.dialect = *dialect;
    if (auto [first, added] = by_uri_.emplace(uri, &resource); !added && first->second->root != &node) {
      findings_.error("BW4102", at, "two schemas have the id '" + shortened(uri) + "'");
      failed_ = true;
    }
    place.resource = &resource;
  }
  if (base.size() + 1 < id.size()) add_anchor(place.resource->anchors, std::string(id.substr(base.size() + 1)), node, at);
  return place;
}

void SchemaIndex::take_anchors(const ConfigNode& node, Resource& resource) {
  if (!resource.dialect.at_least(Draft::draft2019)) return;
  if (const std::string* name = text_of(node, "$anchor")) {
    add_anchor(resource.anchors, *name, node, node.find("$anchor")->value.at);
  }
  if (const std::string* name = text_of(node, "$dynamicAnchor"); name != nullptr && resource.dialect.draft == Draft::draft2020) {
    const Position& at = node.find("$dynamicAnchor")->value.at;
    add_anchor(resource.anchors, *name, node, at);
    resource.dynamic_anchors.emplace(*name, &node);
  }
  const ConfigNode::Entry* recursive = node.find("$recursiveAnchor");
  if (recursive != nullptr && resource.dialect.draft == Draft::draft2019 && recursive->value.text == "true" &&
      resource.root == &node) {
    resource.dynamic_anchors.emplace("", &node);
  }
}

void SchemaIndex::add_anchor(std::map<std::string, const ConfigNode*, std::less<>>& anchors, std::string name,
                             const ConfigNode& node, const Position& at) {
  auto [first, added] = anchors.emplace(std::move(name), &node);
  if (added || first->second == &node) return;
  findings_.error("BW4102", at, "the anchor '" + shortened(first->first) + "' is there twice");
  failed_ = true;
}

std::optional<Dialect> SchemaIndex::dialect_of(const ConfigNode& node, std::string_view base, Dialect fallback) {
  const std::string* metaschema = node.is_map() ? text_of(node, "$schema") : nullptr;
  if (metaschema == nullptr) return fallback;
  if (auto known = find_dialect(*metaschema)) return known;
  return custom_dialect(resolve_uri(base, *metaschema), node.find("$schema")->value.at);
}

// A metaschema of one's own says by its `$schema` and `$vocabulary` what keywords mean.
std::optional<Dialect> SchemaIndex::custom_dialect(std::string_view uri, const Position& at) {
  constexpr int deepest = 8;
  if (++metaschemas_deep_ > deepest) {
    findings_.error("BW4105", at, "the metaschemas refer to each other in a circle");
    --metaschemas_deep_;
    return std::nullopt;
  }
  Resource* metaschema = open_resource(std::string(without_fragment(uri)), {}, at);
  --metaschemas_deep_;
  if (metaschema == nullptr) {
    findings_.error("BW4105", at,
                    "'" + shortened(uri) +
                        "' is no draft that is built in (draft-04, draft-06, draft-07, 2019-09, 2020-12) and " +
                        "no metaschema of the bundle");
    return std::nullopt;
  }
  Dialect dialect = metaschema->dialect;
  const ConfigNode::Entry* vocabulary = metaschema->root->find("$vocabulary");
  if (vocabulary == nullptr || !dialect.at_least(Draft::draft2019)) return dialect;
  dialect.applicator = dialect.validation = dialect.unevaluated = dialect.format_assertion = false;
  std::string prefix = "https://json-schema.org/draft/" + std::string(name_of(dialect.draft)) + "/vocab/";
  for (const ConfigNode::Entry& entry : vocabulary->value.entries) {
    std::string_view name = entry.key.text;
    bool ours = name.starts_with(prefix);
    if (ours) name.remove_prefix(prefix.size());
    if (ours && name == "applicator") {
      dialect.applicator = true;
      if (dialect.draft == Draft::draft2019) dialect.unevaluated = true;
    } else if (ours && name == "validation") {
      dialect.validation = true;
    } else if (ours && name == "unevaluated") {
      dialect.unevaluated = true;
    } else if (ours && name == "format-assertion") {
      dialect.format_assertion = true;
    } else if (!ours && entry.value.text == "true") {
      findings_.error("BW4105", at,
                      "the metaschema '" + shortened(uri) + "' needs the vocabulary '" + shortened(entry.key.text) +
                          "', which is not built in");
      return std::nullopt;
    }
  }
  return dialect;
}

Resource* SchemaIndex::open_resource(const std::string& uri, std::string_view reference, const Position& at) {
  if (auto known = by_uri_.find(uri); known != by_uri_.end()) return known->second;
  std::size_t before = findings_.errors();
  std::optional<SchemaDocuments::Document> document;
  if (std::string_view text = find_metaschema(uri); !text.empty()) {
    auto root = read_placed_json(text, std::make_shared<const std::string>(uri), findings_);
    if (root) document = SchemaDocuments::Document{.root = std::move(*root), .uri = uri, .name = uri};
  } else {
    document = documents_.open(uri, reference, at, findings_);
  }
  if (!document) return nullptr;
  std::string known_by = document->uri;
  if (add(std::move(*document)) == nullptr || findings_.errors() != before) return nullptr;
  if (auto found = by_uri_.find(uri); found != by_uri_.end()) return found->second;
  Resource* resource = by_uri_.at(known_by);
  by_uri_.emplace(uri, resource);
  return resource;
}

// `pointer` begins with '/'. What it leads to becomes a schema, with the base of the nearest schema above it.
const ConfigNode* SchemaIndex::walk(const ConfigNode* root, std::string_view pointer) {
  const ConfigNode* node = root;
  Place place = places_.at(root);
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    std::string_view raw = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(raw.size());
    std::string token;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      bool escaped = raw[i] == '~' && i + 1 < raw.size() && (raw[i + 1] == '0' || raw[i + 1] == '1');
      token += escaped ? (raw[i + 1] == '0' ? '~' : '/') : raw[i];
      if (escaped) ++i;
    }
    if (node->is_list()) {
      std::size_t index = 0;
      auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
      if (error != std::errc() || end != token.data() + token.size() || index >= node->items.size()) return nullptr;
      node = &node->items[index];
    } else {
      const ConfigNode::Entry* entry = node->find(token);
      if (entry == nullptr) return nullptr;
      node = &entry->value;
    }
    auto known = places_.find(node);
    if (known != places_.end()) {
      place = known->second;
    } else {
      place.where += "/" + pointer_token(token);
    }
  }
  if (!places_.contains(node)) visit(*node, place);
  return node;
}

const ConfigNode* SchemaIndex::find(std::string_view reference, const Resource& from, const Position& at) {
  auto refuse = [&](const std::string& why) {
    findings_.error("BW4103", at, "'" + shortened(reference) + "' " + why);
    return nullptr;
  };
  std::size_t before = findings_.errors();
  std::string uri = resolve_uri(from.uri, reference);
  std::string fragment = percent_decoded(split_uri(uri).fragment);
  Resource* resource = open_resource(std::string(without_fragment(uri)), without_fragment(reference), at);
  if (resource == nullptr) {
    if (findings_.errors() != before) return nullptr;
    return refuse("names no schema of the bundle; nothing is fetched from a network");
  }
  if (fragment.empty()) return resource->root;
  if (!fragment.starts_with('/')) {
    auto anchor = resource->anchors.find(fragment);
    return anchor == resource->anchors.end() ? refuse("names an anchor that the schema does not have") : anchor->second;
  }
  const ConfigNode* found = walk(resource->root, fragment);
  if (found == nullptr) return refuse("points at nothing");
  return failed_ ? nullptr : found;
}

}  // namespace busway::schema
