#include "transforms/inference/schema_view.hpp"

#include <algorithm>
#include <map>

#include "transforms/schema/check.hpp"

namespace busway::inference {

namespace {

using schema::Schema;

constexpr int most_levels = 16;
// Alternatives within alternatives are looked at all at once, members one by one: the former count for more.
constexpr int levels_of_a_choice = 4;
constexpr std::size_t most_conjuncts = 64;

std::uint16_t kinds_of_types(std::uint8_t types) {
  if (types == 0) return kinds::json;
  auto out = static_cast<std::uint16_t>(types & ~(schema::types::integer | schema::types::number));
  if ((types & schema::types::integer) != 0) out |= kinds::whole;
  if ((types & schema::types::number) != 0) out |= kinds::number;
  return out;
}

std::uint16_t kind_of(const Node& value) {
  switch (value.kind()) {
    case Node::Kind::null: return kinds::null;
    case Node::Kind::boolean: return kinds::boolean;
    case Node::Kind::number: return kinds::number;
    case Node::Kind::string: return kinds::string;
    case Node::Kind::array: return kinds::array;
    case Node::Kind::object: return kinds::object;
    default: return 0;
  }
}

std::uint16_t kinds_of_values(const schema::ValueSet& values) {
  std::uint16_t out = 0;
  for (const Node& value : values.values()) out |= kind_of(value);
  return out;
}

bool narrows(const schema::Combinations& combined) {
  return !combined.any_of.empty() || !combined.one_of.empty() || combined.no != nullptr || combined.condition != nullptr;
}

// Where several subschemas speak of one object, each member is as the first of them that knows it says.
class SchemaObject final : public ObjectShape {
 public:
  SchemaObject(NamedPlan plan, std::vector<const Schema*> schemas, bool exact, int level)
      : plan_(std::move(plan)), schemas_(std::move(schemas)), exact_(exact), level_(level) {}

  Shape member(std::string_view name) const override {
    Shape out = any_json();
    bool spoken = false;
    bool required = false;
    bool exact = exact_;
    for (const Schema* one : schemas_) {
      const schema::ObjectChecks& checks = *one->objects;
      required = required || std::find(checks.required.begin(), checks.required.end(), name) != checks.required.end();
      const Schema* found = nullptr;
      auto known = checks.known.find(name);
      if (known != checks.known.end()) {
        required = required || known->second.required;
        found = known->second.schema;
      }
      for (const auto& [pattern, schema] : checks.patterns) {
        if (!pattern.matches(name)) continue;
        if (found == nullptr) {
          found = schema;
        } else {
          exact = false;
        }
      }
      if (found == nullptr) {
        found = checks.additional;
        exact = exact && checks.additional != nullptr && checks.additional->verdict == Schema::Verdict::refuse;
      }
      if (found == nullptr) continue;
      Shape here = shape_of(plan_, *found, level_ + 1);
      if (here.kinds == 0) return nothing();  // nothing fits, so it is not there
      if (!spoken) {
        out = std::move(here);
      } else {
        exact = false;
      }
      spoken = true;
    }
    exact = exact && spoken;
    if (!exact) out = inexact(std::move(out));
    if (!required) {
      out.kinds |= kinds::missing;
      out.exact_missing = exact;
    }
    return out;
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const Schema* one : schemas_) {
      out.insert(out.end(), one->objects->names.begin(), one->objects->names.end());
      out.insert(out.end(), one->objects->required.begin(), one->objects->required.end());
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  bool closed() const override {
    return std::any_of(schemas_.begin(), schemas_.end(), [](const Schema* one) {
      const schema::ObjectChecks& checks = *one->objects;
      return checks.patterns.empty() && checks.additional != nullptr && checks.additional->verdict == Schema::Verdict::refuse;
    });
  }

 private:
  NamedPlan plan_;
  std::vector<const Schema*> schemas_;
  bool exact_;
  int level_;
};

class SchemaArray final : public ArrayShape {
 public:
  SchemaArray(NamedPlan plan, const schema::ArrayChecks& checks, bool exact, int level)
      : plan_(std::move(plan)), checks_(checks), exact_(exact), level_(level) {}

  Shape item() const override {
    bool exact = exact_ && checks_.prefix.empty();
    Shape out = checks_.rest == nullptr ? any_json() : shape_of(plan_, *checks_.rest, level_ + 1);
    for (const Schema* one : checks_.prefix) out = join(shape_of(plan_, *one, level_ + 1), out, false);
    return exact ? out : inexact(std::move(out));
  }
  std::uint64_t fewest() const override { return checks_.min_items; }
  bool lengths_happen() const override { return exact_ && checks_.prefix.empty(); }
  std::uint64_t most() const override {
    bool none = checks_.rest != nullptr && checks_.rest->verdict == Schema::Verdict::refuse;
    std::uint64_t most = checks_.max_items == schema::no_limit ? unbounded : checks_.max_items;
    return none ? std::min<std::uint64_t>(most, checks_.prefix.size()) : most;
  }

 private:
  NamedPlan plan_;
  const schema::ArrayChecks& checks_;
  bool exact_;
  int level_;
};

// Keywords of objects that bind members to one another, or that speak of members in ways SchemaObject does not follow.
bool binds_members(const schema::ObjectChecks& checks) {
  return checks.min_properties != 0 || checks.max_properties != schema::no_limit || checks.property_names != nullptr ||
         !checks.dependents.empty() || checks.unevaluated != nullptr;
}

bool binds_items(const schema::ArrayChecks& checks) {
  return checks.unique || checks.contains != nullptr || checks.unevaluated != nullptr || checks.min_items > checks.max_items;
}

// Whether some value surely fits, as far as plain keywords tell: a required member that nothing fits keeps its object, and all
// that hangs on it, from turning up. Patterns, formats and bounds of numbers are taken at their word.
class Possible {
 public:
  bool operator()(const Schema& schema) {
    auto [known, fresh] = known_.emplace(&schema, false);  // within itself it would never end
    if (!fresh || known_.size() > 500) return known->second;
    bool possible = look(schema);
    known_[&schema] = possible;
    return possible;
  }

 private:
  bool look(const Schema& schema) {
    if (accepted_kinds(schema) == 0) return false;
    for (const Schema* one : conjuncts_of(schema).all) {
      if (one->objects != nullptr && !object(*one)) return false;
      if (one->arrays != nullptr && !array(*one->arrays)) return false;
      if (one->combined != nullptr && narrows(*one->combined) && !choice(*one->combined)) return false;
    }
    return true;
  }

  bool object(const Schema& schema) {
    const schema::ObjectChecks& checks = *schema.objects;
    if (binds_members(checks)) return false;
    bool closed = checks.additional != nullptr && checks.additional->verdict == Schema::Verdict::refuse;
    for (const std::string& name : checks.required) {
      auto known = checks.known.find(name);
      const Schema* member = known == checks.known.end() ? nullptr : known->second.schema;
      if (member == nullptr && (closed || !checks.patterns.empty())) return false;
      if (member != nullptr && !(*this)(*member)) return false;
    }
    return true;
  }

  bool array(const schema::ArrayChecks& checks) {
    if (checks.contains != nullptr || checks.unevaluated != nullptr || checks.min_items > checks.max_items) return false;
    if (checks.min_items == 0) return true;
    for (const Schema* one : checks.prefix) {
      if (!(*this)(*one)) return false;
    }
    return checks.rest == nullptr || (*this)(*checks.rest);
  }

  bool choice(const schema::Combinations& combined) {
    if (combined.no != nullptr || combined.condition != nullptr || (!combined.any_of.empty() && !combined.one_of.empty()))
      return false;
    std::uint16_t seen = 0;
    for (const Schema* one : combined.one_of) {
      std::uint16_t here = accepted_kinds(*one);
      if ((seen & here) != 0) return false;
      seen |= here;
    }
    for (const auto* alternatives : {&combined.any_of, &combined.one_of}) {
      for (const Schema* one : *alternatives) {
        if (!(*this)(*one)) return false;
      }
    }
    return true;
  }

  std::map<const Schema*, bool> known_;
};

// What the alternatives of `anyOf` or `oneOf` leave of kinds and values.
void narrow(Shape& out, const NamedPlan& plan, const std::vector<const Schema*>& alternatives, bool base_says_more, int level,
            bool& exact) {
  if (alternatives.empty()) return;
  Shape joined;
  bool overlap = false;
  for (const Schema* one : alternatives) {
    Shape here = shape_of(plan, *one, level + levels_of_a_choice);
    overlap = overlap || (joined.kinds & here.kinds) != 0;
    joined = joined.kinds == 0 ? here : join(joined, here, true);
  }
  if (base_says_more) {
    // Both bind: the kinds both have, and the base's word on what is in them.
    out.kinds &= joined.kinds;
    exact = false;
    return;
  }
  exact = exact && joined.exact && !overlap;
  std::string source = std::move(out.source);
  std::uint16_t allowed = out.kinds;
  out = without(std::move(joined), static_cast<std::uint16_t>(~allowed));
  exact = exact && (out.kinds & ~allowed) == 0;
  out.source = std::move(source);
}

}  // namespace

Conjuncts conjuncts_of(const Schema& schema) {
  Conjuncts out;
  out.all.push_back(&schema);
  for (std::size_t i = 0; i < out.all.size(); ++i) {
    const schema::Combinations* combined = out.all[i]->combined.get();
    if (combined == nullptr) continue;
    if (narrows(*combined)) out.complete = false;
    auto add = [&out](const Schema* one) {
      if (one == nullptr || out.all.size() >= most_conjuncts) {
        out.complete = false;
      } else if (std::find(out.all.begin(), out.all.end(), one) == out.all.end()) {
        out.all.push_back(one);
      }
    };
    for (const schema::Reference& reference : combined->references) add(reference.anchor == -1 ? reference.target : nullptr);
    for (const Schema* one : combined->all_of) add(one);
  }
  return out;
}

std::uint16_t accepted_kinds(const Schema& schema, int level) {
  std::uint16_t out = kinds::json;
  if (level > most_levels) return out;
  for (const Schema* one : conjuncts_of(schema).all) {
    if (one->verdict == Schema::Verdict::refuse) return 0;
    out &= kinds_of_types(one->allowed_types);
    if (one->values != nullptr) out &= kinds_of_values(*one->values);
    if (one->combined == nullptr) continue;
    for (const auto* alternatives : {&one->combined->any_of, &one->combined->one_of}) {
      if (alternatives->empty()) continue;
      std::uint16_t any = 0;
      for (const Schema* alternative : *alternatives) any |= accepted_kinds(*alternative, level + levels_of_a_choice);
      out &= any;
    }
  }
  return out;
}

std::string place_of(const NamedPlan& plan, const Schema& schema) {
  return schema.where.starts_with('#') ? plan.name + schema.where : schema.where;
}

Shape shape_of(const NamedPlan& plan, const Schema& schema, int level) {
  if (level > most_levels) return any_json();
  Conjuncts conjuncts = conjuncts_of(schema);
  Shape out = any_json();
  out.source = place_of(plan, schema);
  bool exact = true;
  std::vector<const Schema*> objects;
  std::vector<const Schema*> arrays;
  const schema::ValueSet* values = nullptr;
  const schema::Combinations* choice = nullptr;
  for (const Schema* one : conjuncts.all) {
    if (one->verdict == Schema::Verdict::refuse) return Shape{};
    out.kinds &= kinds_of_types(one->allowed_types);
    if (one->values != nullptr) values = one->values.get();
    if (one->objects != nullptr) objects.push_back(one);
    if (one->arrays != nullptr) arrays.push_back(one);
    if (one->numbers != nullptr) exact = exact && !one->numbers->multiple_of && !(one->numbers->minimum && one->numbers->maximum);
    if (one->strings != nullptr) exact = exact && one->strings->min_length <= one->strings->max_length;
    if (one->combined != nullptr && narrows(*one->combined)) {
      bool simple = one->combined->no == nullptr && one->combined->condition == nullptr && choice == nullptr &&
                    (one->combined->any_of.empty() || one->combined->one_of.empty());
      exact = exact && simple;
      if (choice == nullptr) choice = one->combined.get();
    }
  }
  // A dynamic reference, or too many subschemas.
  if (!conjuncts.complete && choice == nullptr) exact = false;
  bool base_says_more = values != nullptr || !objects.empty() || !arrays.empty();
  if (choice != nullptr) {
    narrow(out, plan, choice->any_of.empty() ? choice->one_of : choice->any_of, base_says_more, level, exact);
  }
  bool possible = Possible()(schema);
  exact = exact && possible;
  if (!objects.empty() && out.can_be(kinds::object)) {
    bool parts = conjuncts.complete && possible;
    for (const Schema* one : objects) parts = parts && !binds_members(*one->objects);
    out.object = std::make_shared<SchemaObject>(plan, std::move(objects), parts, level);
  }
  if (!arrays.empty() && out.can_be(kinds::array)) {
    bool parts = conjuncts.complete && possible && arrays.size() == 1 && !binds_items(*arrays[0]->arrays);
    exact = exact && (parts || out.is_only(kinds::array));
    out.array = std::make_shared<SchemaArray>(plan, *arrays[0]->arrays, parts, level);
  }
  out.exact = exact;
  out.free_text = choice == nullptr && std::none_of(conjuncts.all.begin(), conjuncts.all.end(),
                                                    [](const Schema* one) { return one->strings != nullptr; });
  if (values == nullptr) return out;
  out.free_text = false;
  // Of an `enum`, what the rest of the schema lets pass: then these are the values, each of them possible.
  auto set = std::make_shared<ScalarSet>();
  std::uint16_t left = 0;
  schema::ValidationLimits limits;
  for (const Node& value : values->values()) {
    schema::Check check(*plan.plan, limits);
    if (plan.plan->dynamic_anchors.empty() && !check.fits(schema, value, 0)) continue;
    Shape one = value.is_array() || value.is_object() ? some(kind_of(value)) : just(value);
    left |= one.kinds;
    if (one.can_be(kinds::scalar)) set->nodes.push_back(deep_copy(value, set->arena));
  }
  out.kinds &= left;
  if (out.can_be(kinds::scalar)) out.values = std::move(set);
  out.exact = plan.plan->dynamic_anchors.empty() && !out.can_be(kinds::array | kinds::object);
  return out;
}

}  // namespace busway::inference
