#include "transforms/schema/keyword_reader.hpp"

// The keywords about arrays, objects and schemas that look at the same value once more.

namespace busway::schema {

void KeywordReader::arrays() {
  if (dialect_.validation) {
    if (auto value = count("minItems")) array_checks().min_items = *value;
    if (auto value = count("maxItems")) array_checks().max_items = *value;
    if (flag("uniqueItems").value_or(false)) array_checks().unique = true;
  }
  if (dialect_.applicator) {
    const ConfigNode* items = get("items");
    if (dialect_.draft == Draft::draft2020) {
      if (get("prefixItems") != nullptr) {
        array_checks().prefix = subschemas("prefixItems");
        array_checks().prefix_keyword = "prefixItems";
      }
      if (items != nullptr) {
        array_checks().rest = subschema(*items, "items");
        array_checks().rest_keyword = "items";
      }
    } else if (items != nullptr && items->is_list()) {
      array_checks().prefix = subschemas(*items, "items");
      array_checks().prefix_keyword = "items";
      array_checks().rest = subschema("additionalItems");
      array_checks().rest_keyword = "additionalItems";
    } else if (items != nullptr) {
      array_checks().rest = subschema(*items, "items");
      array_checks().rest_keyword = "items";
    }
    if (dialect_.at_least(Draft::draft6)) contains();
  }
  if (dialect_.unevaluated && dialect_.at_least(Draft::draft2019) && get("unevaluatedItems") != nullptr) {
    array_checks().unevaluated = subschema("unevaluatedItems");
  }
}

void KeywordReader::contains() {
  if (get("contains") == nullptr) return;
  ArrayChecks& checks = array_checks();
  checks.contains = subschema("contains");
  checks.contains_evaluates = dialect_.draft == Draft::draft2020;
  if (!dialect_.at_least(Draft::draft2019) || !dialect_.validation) return;
  if (auto value = count("minContains")) checks.min_contains = *value;
  if (auto value = count("maxContains")) checks.max_contains = *value;
}

ObjectChecks::Known& KeywordReader::known(ObjectChecks& checks, const std::string& name) {
  auto found = checks.known.find(name);
  if (found != checks.known.end()) return found->second;
  return checks.known[checks.names.emplace_back(name)];
}

void KeywordReader::objects() {
  if (dialect_.validation) {
    if (auto value = count("minProperties")) object_checks().min_properties = *value;
    if (auto value = count("maxProperties")) object_checks().max_properties = *value;
    const ConfigNode* required = get("required");
    if (required != nullptr) {
      if (auto listed = names(*required, "required")) {
        ObjectChecks& checks = object_checks();
        for (std::string& name : *listed) {
          auto& entry = known(checks, name);
          if (!entry.required) checks.required.push_back(name);
          entry.required = true;
        }
      }
    }
  }
  if (dialect_.applicator) properties();
  dependents();
  if (dialect_.unevaluated && dialect_.at_least(Draft::draft2019) && get("unevaluatedProperties") != nullptr) {
    object_checks().unevaluated = subschema("unevaluatedProperties");
  }
}

void KeywordReader::properties() {
  if (const ConfigNode* value = map("properties")) {
    ObjectChecks& checks = object_checks();
    for (const ConfigNode::Entry& entry : value->entries) {
      known(checks, entry.key.text).schema = subschema(entry.value, entry.key.text);
    }
  }
  if (const ConfigNode* value = map("patternProperties")) {
    ObjectChecks& checks = object_checks();
    for (const ConfigNode::Entry& entry : value->entries) {
      auto compiled = pattern(entry.key, entry.key.text);
      const Schema* schema = subschema(entry.value, entry.key.text);
      if (compiled && schema != nullptr) checks.patterns.emplace_back(std::move(*compiled), schema);
    }
  }
  if (get("additionalProperties") != nullptr) object_checks().additional = subschema("additionalProperties");
  if (dialect_.at_least(Draft::draft6) && get("propertyNames") != nullptr) {
    object_checks().property_names = subschema("propertyNames");
  }
}

void KeywordReader::dependents() {
  auto take = [&](std::string_view keyword, bool lists, bool schemas) {
    const ConfigNode* value = map(keyword);
    if (value == nullptr) return;
    for (const ConfigNode::Entry& entry : value->entries) {
      ObjectChecks::Dependent dependent{.name = entry.key.text, .required = {}, .schema = nullptr, .keyword = keyword};
      if (lists && (entry.value.is_list() || !schemas)) {
        auto listed = names(entry.value, entry.key.text);
        if (!listed) continue;
        dependent.required = std::move(*listed);
      } else {
        dependent.schema = subschema(entry.value, entry.key.text);
        if (dependent.schema == nullptr) continue;
      }
      object_checks().dependents.push_back(std::move(dependent));
    }
  };
  // Since 2019-09 `dependencies` is two keywords; the old one still means what it meant.
  if (dialect_.applicator && dialect_.validation) take("dependencies", true, true);
  if (!dialect_.at_least(Draft::draft2019)) return;
  if (dialect_.validation) take("dependentRequired", true, false);
  if (dialect_.applicator) take("dependentSchemas", false, true);
}

void KeywordReader::combinations() {
  if (get("allOf") != nullptr) combined().all_of = subschemas("allOf");
  if (get("anyOf") != nullptr) combined().any_of = subschemas("anyOf");
  if (get("oneOf") != nullptr) combined().one_of = subschemas("oneOf");
  if (get("not") != nullptr) combined().no = subschema("not");
  if (!dialect_.at_least(Draft::draft7) || get("if") == nullptr) return;
  combined().condition = subschema("if");
  combined().then = subschema("then");
  combined().otherwise = subschema("else");
}

}  // namespace busway::schema
