#include "transforms/schema/explain.hpp"

#include <algorithm>

#include "transforms/schema/schema_index.hpp"
#include "transforms/schema/wording.hpp"

namespace busway::schema {

void Explanation::add(const Schema& schema, std::string_view keyword, std::string expected, std::string got) {
  if (full()) return;
  std::string where = schema.where;
  if (!keyword.empty()) where.append("/").append(keyword);
  bool known =
      std::any_of(out_.begin(), out_.end(), [&](const Violation& one) { return one.pointer == pointer_ && one.schema == where; });
  if (known) return;
  out_.push_back({.pointer = pointer_,
                  .schema = std::move(where),
                  .keyword = std::string(keyword),
                  .expected = std::move(expected),
                  .got = std::move(got)});
}

void Explanation::add(const Schema& schema, std::string_view keyword, std::string expected, const Node& got) {
  add(schema, keyword, std::move(expected), describe(got));
}

void Explanation::part(const Schema& schema, const Node& value, ScopeNumber scope, std::string_view token) {
  if (full() || check_.fits(schema, value, scope)) return;
  std::size_t size = pointer_.size();
  pointer_ += "/" + pointer_token(token);
  explain(schema, value, scope);
  pointer_.resize(size);
}

void Explanation::again(const Schema& schema, const Node& value, ScopeNumber scope) {
  if (!full() && !check_.fits(schema, value, scope)) explain(schema, value, scope);
}

void Explanation::explain(const Schema& schema, const Node& value, ScopeNumber scope) {
  if (full()) return;
  if (schema.verdict == Schema::Verdict::refuse) return add(schema, "", "nothing here", value);
  scope = check_.enter(schema, scope);
  if (!Check::fits_type(schema, value)) return add(schema, "type", describe_types(schema.allowed_types), value);
  if (schema.values != nullptr && !schema.values->contains(value)) {
    add(schema, schema.is_const ? "const" : "enum", describe_values(*schema.values), value);
  }
  if (value.is_number() && schema.numbers != nullptr) number(schema, value);
  if (value.is_string() && schema.strings != nullptr) text(schema, value);
  if (value.is_array() && schema.arrays != nullptr) array(schema, value, scope);
  if (value.is_object() && schema.objects != nullptr) object(schema, value, scope);
  if (schema.combined != nullptr) combinations(schema, value, scope);
  unevaluated(schema, value, scope);
}

void Explanation::number(const Schema& schema, const Node& value) {
  const NumberChecks& checks = *schema.numbers;
  char buffer[32];
  std::string_view digits = decimal_text(value, buffer);
  if (checks.minimum && checks.minimum->compare(digits) < 0) {
    add(schema, "minimum", "at least " + checks.minimum->text(), value);
  }
  if (checks.maximum && checks.maximum->compare(digits) > 0) add(schema, "maximum", "at most " + checks.maximum->text(), value);
  if (checks.exclusive_minimum && checks.exclusive_minimum->compare(digits) <= 0) {
    add(schema, "exclusiveMinimum", "more than " + checks.exclusive_minimum->text(), value);
  }
  if (checks.exclusive_maximum && checks.exclusive_maximum->compare(digits) >= 0) {
    add(schema, "exclusiveMaximum", "less than " + checks.exclusive_maximum->text(), value);
  }
  if (checks.multiple_of && !checks.multiple_of->divides(Decimal(digits))) {
    add(schema, "multipleOf", "a multiple of " + checks.multiple_of->text(), value);
  }
}

void Explanation::text(const Schema& schema, const Node& value) {
  const StringChecks& checks = *schema.strings;
  std::uint64_t length = code_points(value.text());
  auto got = [&] { return describe(value) + ", " + counted(length, "character"); };
  if (length < checks.min_length) {
    add(schema, "minLength", "at least " + counted(checks.min_length, "character"), got());
  }
  if (length > checks.max_length) {
    add(schema, "maxLength", "at most " + counted(checks.max_length, "character"), got());
  }
  if (checks.pattern && !checks.pattern->matches(value.text())) {
    add(schema, "pattern", "a text that matches " + checks.pattern->source(), value);
  }
  if (checks.format != nullptr && !checks.format(value.text())) {
    add(schema, "format", "a text of the format " + checks.format_name, value);
  }
}

void Explanation::array(const Schema& schema, const Node& value, ScopeNumber scope) {
  const ArrayChecks& checks = *schema.arrays;
  auto items = value.items();
  if (items.size() < checks.min_items) add(schema, "minItems", "at least " + counted(checks.min_items, "item"), value);
  if (items.size() > checks.max_items) add(schema, "maxItems", "at most " + counted(checks.max_items, "item"), value);
  for (std::size_t i = 0; i < items.size() && !full(); ++i) {
    const Schema* item = Check::item_schema(checks, i);
    if (item == nullptr) break;
    part(*item, items[i], scope, std::to_string(i));
  }
  if (checks.contains != nullptr) contains(schema, value, scope);
  if (!checks.unique) return;
  if (auto twins = find_equal_items(items)) {
    add(schema, "uniqueItems", "items that all differ",
        "items " + std::to_string(twins->first) + " and " + std::to_string(twins->second) + " are equal");
  }
}

void Explanation::contains(const Schema& schema, const Node& value, ScopeNumber scope) {
  const ArrayChecks& checks = *schema.arrays;
  std::uint64_t found = 0;
  for (const Node& item : value.items()) {
    if (check_.fits(*checks.contains, item, scope)) ++found;
  }
  std::string got = found == 0 ? "none" : std::to_string(found);
  if (found < checks.min_contains) {
    add(schema, checks.min_contains == 1 ? "contains" : "minContains",
        "at least " + counted(checks.min_contains, "item") + " that " + (checks.min_contains == 1 ? "fits" : "fit") +
            " 'contains'",
        got);
  }
  if (found > checks.max_contains) {
    add(schema, "maxContains", "at most " + counted(checks.max_contains, "item") + " that fit 'contains'", got);
  }
}

void Explanation::object(const Schema& schema, const Node& value, ScopeNumber scope) {
  const ObjectChecks& checks = *schema.objects;
  if (value.size() < checks.min_properties) {
    add(schema, "minProperties", "at least " + counted(checks.min_properties, "member"), value);
  }
  if (value.size() > checks.max_properties) {
    add(schema, "maxProperties", "at most " + counted(checks.max_properties, "member"), value);
  }
  std::string missing;
  for (const std::string& name : checks.required) {
    if (!check_.spend(value.size()) || !value.member(name).is_nothing()) continue;
    missing += (missing.empty() ? "'" : ", '") + name + "'";
  }
  if (!missing.empty()) add(schema, "required", "the member " + missing, value);
  members(schema, value, scope);
  dependents(schema, value, scope);
}

void Explanation::members(const Schema& schema, const Node& value, ScopeNumber scope) {
  const ObjectChecks& checks = *schema.objects;
  for (const Member& member : value.members()) {
    if (full()) return;
    std::string_view name = member.key.text();
    bool covered = false;
    if (auto known = checks.known.find(name); known != checks.known.end() && known->second.schema != nullptr) {
      covered = true;
      part(*known->second.schema, member.value, scope, name);
    }
    for (const auto& [pattern, of] : checks.patterns) {
      if (!pattern.matches(name)) continue;
      covered = true;
      part(*of, member.value, scope, name);
    }
    if (!covered && checks.additional != nullptr) {
      if (checks.additional->verdict == Schema::Verdict::refuse) {
        std::size_t size = pointer_.size();
        pointer_ += "/" + pointer_token(name);
        add(schema, "additionalProperties", "no member of this name", member.value);
        pointer_.resize(size);
      } else {
        part(*checks.additional, member.value, scope, name);
      }
    }
    if (checks.property_names != nullptr) part(*checks.property_names, member.key, scope, name);
  }
}

void Explanation::dependents(const Schema& schema, const Node& value, ScopeNumber scope) {
  for (const ObjectChecks::Dependent& dependent : schema.objects->dependents) {
    if (full() || value.member(dependent.name).is_nothing()) continue;
    std::string missing;
    for (const std::string& name : dependent.required) {
      if (check_.spend(value.size()) && value.member(name).is_nothing()) missing += (missing.empty() ? "'" : ", '") + name + "'";
    }
    if (!missing.empty()) {
      add(schema, std::string(dependent.keyword) + "/" + pointer_token(dependent.name),
          "the member " + missing + " beside '" + dependent.name + "'", value);
    }
    if (dependent.schema != nullptr) again(*dependent.schema, value, scope);
  }
}

// Whether a branch of a choice is the one that this value was meant for: it allows the type, and constants in it, which tell
// kinds of objects apart, agree.
bool Explanation::is_meant(const Schema& schema, const Node& value, ScopeNumber scope, int deep) const {
  constexpr int deepest = 8;
  if (schema.verdict == Schema::Verdict::refuse || !Check::fits_type(schema, value)) return false;
  if (schema.values != nullptr && !schema.values->contains(value)) return false;
  if (schema.objects != nullptr && value.is_object()) {
    for (const Member& member : value.members()) {
      auto known = schema.objects->known.find(member.key.text());
      if (known == schema.objects->known.end() || known->second.schema == nullptr) continue;
      const Schema& of = *known->second.schema;
      if (of.values != nullptr && !of.values->contains(member.value)) return false;
    }
  }
  if (schema.combined == nullptr || deep >= deepest) return true;
  return std::all_of(schema.combined->references.begin(), schema.combined->references.end(), [&](const Reference& reference) {
    return is_meant(check_.target(reference, scope), value, scope, deep + 1);
  });
}

void Explanation::alternatives(const Schema& schema, std::string_view keyword, const std::vector<const Schema*>& branches,
                               const Node& value, ScopeNumber scope) {
  const Schema* meant = nullptr;
  std::size_t candidates = 0;
  for (const Schema* branch : branches) {
    if (!is_meant(*branch, value, scope, 0)) continue;
    meant = branch;
    ++candidates;
  }
  if (candidates == 1) return again(*meant, value, scope);
  add(schema, keyword, "a value that fits one of " + counted(branches.size(), "alternative"),
      describe(value) + ", which fits none");
}

void Explanation::combinations(const Schema& schema, const Node& value, ScopeNumber scope) {
  const Combinations& combined = *schema.combined;
  for (const Reference& reference : combined.references) again(check_.target(reference, scope), value, scope);
  for (const Schema* one : combined.all_of) again(*one, value, scope);
  auto fitting = [&](const std::vector<const Schema*>& branches) {
    return std::count_if(branches.begin(), branches.end(), [&](const Schema* one) { return check_.fits(*one, value, scope); });
  };
  if (!combined.any_of.empty() && fitting(combined.any_of) == 0) alternatives(schema, "anyOf", combined.any_of, value, scope);
  if (!combined.one_of.empty()) {
    auto count = fitting(combined.one_of);
    if (count == 0) alternatives(schema, "oneOf", combined.one_of, value, scope);
    if (count > 1) {
      add(schema, "oneOf", "a value that fits exactly one of " + counted(combined.one_of.size(), "alternative"),
          describe(value) + ", which fits " + std::to_string(count));
    }
  }
  if (combined.no != nullptr && check_.fits(*combined.no, value, scope)) {
    add(schema, "not", "a value that does not fit the schema under 'not'", value);
  }
  if (combined.condition == nullptr) return;
  const Schema* next = check_.fits(*combined.condition, value, scope) ? combined.then : combined.otherwise;
  if (next != nullptr) again(*next, value, scope);
}

void Explanation::unevaluated(const Schema& schema, const Node& value, ScopeNumber scope) {
  const Schema* items = value.is_array() && schema.arrays != nullptr ? schema.arrays->unevaluated : nullptr;
  const Schema* rest = value.is_object() && schema.objects != nullptr ? schema.objects->unevaluated : nullptr;
  if ((items == nullptr && rest == nullptr) || full()) return;
  Evaluated evaluated;
  evaluated.start(value.size());
  if (!check_.fits_body(schema, value, scope, &evaluated)) return;
  for (std::size_t i = 0; i < value.size() && !full(); ++i) {
    if (evaluated.has(i)) continue;
    std::string token = items != nullptr ? std::to_string(i) : std::string(value.members()[i].key.text());
    const Node& found = items != nullptr ? value.items()[i] : value.members()[i].value;
    const Schema& of = items != nullptr ? *items : *rest;
    if (of.verdict != Schema::Verdict::refuse) {
      part(of, found, scope, token);
      continue;
    }
    std::size_t size = pointer_.size();
    pointer_ += "/" + pointer_token(token);
    add(schema, items != nullptr ? "unevaluatedItems" : "unevaluatedProperties",
        items != nullptr ? "no item here" : "no member of this name", found);
    pointer_.resize(size);
  }
}

}  // namespace busway::schema
