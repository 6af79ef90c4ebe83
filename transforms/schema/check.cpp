#include "transforms/schema/check.hpp"

#include <algorithm>

#include "bus/pause.hpp"

namespace busway::schema {

namespace {

std::uint8_t type_of(const Node& value) {
  switch (value.kind()) {
    case Node::Kind::null: return types::null;
    case Node::Kind::boolean: return types::boolean;
    case Node::Kind::number: return types::number;
    case Node::Kind::string: return types::string;
    case Node::Kind::array: return types::array;
    case Node::Kind::object: return types::object;
    default: return 0;
  }
}

bool has_member(const Node& object, std::string_view name) {
  return !object.member(name).is_nothing();
}

}  // namespace

std::uint64_t code_points(std::string_view text) {
  return static_cast<std::uint64_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::size_t Check::KnownHash::operator()(const Known& known) const {
  auto value = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(known.value));
  return static_cast<std::size_t>(
      mix(value ^ std::uint64_t{known.size} << 48, std::uint64_t{known.schema->number} << 32 | known.scope));
}

bool Check::spend(std::uint64_t units) {
  pause_if_due(static_cast<std::int32_t>(std::min<std::uint64_t>(units, 64)));
  work_ += units;
  if (work_ > limits_.work && exhausted_ == Exhausted::no) exhausted_ = Exhausted::work;
  return exhausted_ == Exhausted::no;
}

ScopeNumber Check::enter(const Schema& schema, ScopeNumber scope) {
  if (schema.resource < 0) return scope;
  if (scopes_.empty()) scopes_.push_back({0, -1});
  if (scopes_[scope].resource == schema.resource) return scope;
  for (ScopeNumber at = scope; at != 0; at = scopes_[at].outer) {
    if (scopes_[at].resource == schema.resource) return scope;
  }
  for (ScopeNumber at = 1; at < scopes_.size(); ++at) {
    if (scopes_[at].outer == scope && scopes_[at].resource == schema.resource) return at;
  }
  scopes_.push_back({scope, schema.resource});
  return static_cast<ScopeNumber>(scopes_.size() - 1);
}

const Schema& Check::target(const Reference& reference, ScopeNumber scope) const {
  const Schema* found = reference.target;
  if (reference.anchor < 0) return *found;
  // The outermost resource that has the anchor.
  for (ScopeNumber at = scope; at != 0; at = scopes_[at].outer) {
    const auto& anchors = plan_.dynamic_anchors[static_cast<std::size_t>(scopes_[at].resource)];
    if (auto anchor = anchors.find(reference.anchor); anchor != anchors.end()) found = anchor->second;
  }
  return *found;
}

bool Check::fits(const Schema& schema, const Node& value, ScopeNumber scope, Evaluated* evaluated) {
  if (schema.verdict != Schema::Verdict::open) return schema.verdict == Schema::Verdict::accept;
  if (!spend(1)) return false;
  if (depth_ >= limits_.depth) {
    exhausted_ = Exhausted::depth;
    return false;
  }
  scope = enter(schema, scope);
  bool keeps = schema.shared && evaluated == nullptr && (value.is_array() || value.is_object()) && value.size() != 0;
  Known key{};
  if (keeps) {
    const void* begin = value.is_array() ? static_cast<const void*>(value.items().data()) : value.members().data();
    key = {&schema, begin, value.size(), scope};
    if (auto known = known_.find(key); known != known_.end()) return known->second;
  }
  ++depth_;
  bool good = fits_here(schema, value, scope, evaluated);
  --depth_;
  if (keeps && exhausted_ == Exhausted::no) known_.emplace(key, good);
  return good;
}

bool Check::fits_here(const Schema& schema, const Node& value, ScopeNumber scope, Evaluated* evaluated) {
  const Schema* items = value.is_array() && schema.arrays != nullptr ? schema.arrays->unevaluated : nullptr;
  const Schema* members = value.is_object() && schema.objects != nullptr ? schema.objects->unevaluated : nullptr;
  if (items == nullptr && members == nullptr) return fits_body(schema, value, scope, evaluated);
  Evaluated own;
  own.start(value.size());
  if (!fits_body(schema, value, scope, &own) || !spend(value.size())) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (own.has(i)) continue;
    bool good = items != nullptr ? fits(*items, value.items()[i], scope) : fits(*members, value.members()[i].value, scope);
    if (!good) return false;
  }
  if (evaluated != nullptr) evaluated->add_all();
  return true;
}

bool Check::fits_body(const Schema& schema, const Node& value, ScopeNumber scope, Evaluated* evaluated) {
  if (!fits_type(schema, value)) return false;
  if (schema.values != nullptr && !schema.values->contains(value)) return false;
  switch (value.kind()) {
    case Node::Kind::number:
      if (schema.numbers != nullptr && !fits_number(*schema.numbers, value)) return false;
      break;
    case Node::Kind::string:
      if (schema.strings != nullptr && !fits_string(*schema.strings, value.text())) return false;
      break;
    case Node::Kind::array:
      if (schema.arrays != nullptr && !fits_array(*schema.arrays, value, scope, evaluated)) return false;
      break;
    case Node::Kind::object:
      if (schema.objects != nullptr && !fits_object(*schema.objects, value, scope, evaluated)) return false;
      break;
    default: break;
  }
  return schema.combined == nullptr || fits_combinations(*schema.combined, value, scope, evaluated);
}

bool Check::fits_type(const Schema& schema, const Node& value) {
  if (schema.allowed_types == 0 || (schema.allowed_types & type_of(value)) != 0) return true;
  if (!value.is_number() || (schema.allowed_types & types::integer) == 0) return false;
  char buffer[32];
  return Decimal(decimal_text(value, buffer)).is_integer();
}

bool Check::fits_number(const NumberChecks& checks, const Node& value) {
  char buffer[32];
  std::string_view text = decimal_text(value, buffer);
  if (checks.minimum && checks.minimum->compare(text) < 0) return false;
  if (checks.maximum && checks.maximum->compare(text) > 0) return false;
  if (checks.exclusive_minimum && checks.exclusive_minimum->compare(text) <= 0) return false;
  if (checks.exclusive_maximum && checks.exclusive_maximum->compare(text) >= 0) return false;
  return !checks.multiple_of || checks.multiple_of->divides(Decimal(text));
}

bool Check::fits_string(const StringChecks& checks, std::string_view text) {
  if (checks.min_length != 0 || checks.max_length != no_limit) {
    std::uint64_t length = code_points(text);
    if (length < checks.min_length || length > checks.max_length) return false;
  }
  if (checks.pattern && !checks.pattern->matches(text)) return false;
  return checks.format == nullptr || checks.format(text);
}

const Schema* Check::item_schema(const ArrayChecks& checks, std::size_t index) {
  return index < checks.prefix.size() ? checks.prefix[index] : checks.rest;
}

bool Check::fits_array(const ArrayChecks& checks, const Node& value, ScopeNumber scope, Evaluated* evaluated) {
  auto items = value.items();
  if (items.size() < checks.min_items || items.size() > checks.max_items || !spend(items.size())) return false;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Schema* schema = item_schema(checks, i);
    if (schema == nullptr) break;
    if (!fits(*schema, items[i], scope)) return false;
    if (evaluated != nullptr) evaluated->add(i);
  }
  if (checks.contains != nullptr) {
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
      bool enough = found >= checks.min_contains && checks.max_contains == no_limit;
      if (enough && (evaluated == nullptr || !checks.contains_evaluates)) break;
      if (!fits(*checks.contains, items[i], scope)) continue;
      ++found;
      if (evaluated != nullptr && checks.contains_evaluates) evaluated->add(i);
    }
    if (exhausted_ != Exhausted::no || found < checks.min_contains || found > checks.max_contains) return false;
  }
  return !checks.unique || !find_equal_items(items);
}

bool Check::fits_object(const ObjectChecks& checks, const Node& value, ScopeNumber scope, Evaluated* evaluated) {
  auto members = value.members();
  if (members.size() < checks.min_properties || members.size() > checks.max_properties || !spend(members.size())) return false;
  std::size_t required = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    std::string_view name = members[i].key.text();
    const Node& member = members[i].value;
    bool covered = false;
    if (auto known = checks.known.find(name); known != checks.known.end()) {
      if (known->second.required) ++required;
      if (known->second.schema != nullptr) {
        covered = true;
        if (!fits(*known->second.schema, member, scope)) return false;
      }
    }
    for (const auto& [pattern, schema] : checks.patterns) {
      if (!pattern.matches(name)) continue;
      covered = true;
      if (!fits(*schema, member, scope)) return false;
    }
    if (!covered && checks.additional != nullptr) {
      covered = true;
      if (!fits(*checks.additional, member, scope)) return false;
    }
    if (checks.property_names != nullptr && !fits(*checks.property_names, members[i].key, scope)) return false;
    if (covered && evaluated != nullptr) evaluated->add(i);
  }
  if (required < checks.required.size()) return false;
  for (const ObjectChecks::Dependent& dependent : checks.dependents) {
    if (!spend(members.size()) || !has_member(value, dependent.name)) continue;
    for (const std::string& name : dependent.required) {
      if (!spend(members.size()) || !has_member(value, name)) return false;
    }
    if (dependent.schema != nullptr && !fits(*dependent.schema, value, scope, evaluated)) return false;
  }
  return exhausted_ == Exhausted::no;
}

// A branch that may fail: what it has evaluated counts only when it does not.
bool Check::fits_branch(const Schema& schema, const Node& value, ScopeNumber scope, Evaluated* evaluated) {
  if (evaluated == nullptr) return fits(schema, value, scope);
  Evaluated branch = evaluated->empty_copy();
  if (!spend(value.size()) || !fits(schema, value, scope, &branch)) return false;
  evaluated->add(branch);
  return true;
}

bool Check::fits_any(const Combinations& combined, const Node& value, ScopeNumber scope, Evaluated* evaluated) {
  bool found = combined.any_of.empty();
  for (const Schema* schema : combined.any_of) {
    if (!fits_branch(*schema, value, scope, evaluated)) continue;
    found = true;
    if (evaluated == nullptr) break;
  }
  return found;
}

bool Check::fits_one(const Combinations& combined, const Node& value, ScopeNumber scope, Evaluated* evaluated) {
  std::size_t found = 0;
  for (const Schema* schema : combined.one_of) {
    if (fits_branch(*schema, value, scope, evaluated) && ++found > 1) return false;
  }
  return found == 1 || combined.one_of.empty();
}

bool Check::fits_combinations(const Combinations& combined, const Node& value, ScopeNumber scope, Evaluated* evaluated) {
  for (const Reference& reference : combined.references) {
    if (!fits(target(reference, scope), value, scope, evaluated)) return false;
  }
  for (const Schema* schema : combined.all_of) {
    if (!fits(*schema, value, scope, evaluated)) return false;
  }
  if (!fits_any(combined, value, scope, evaluated) || !fits_one(combined, value, scope, evaluated)) return false;
  if (combined.no != nullptr && fits(*combined.no, value, scope)) return false;
  if (combined.condition != nullptr) {
    const Schema* next = fits_branch(*combined.condition, value, scope, evaluated) ? combined.then : combined.otherwise;
    if (next != nullptr && !fits(*next, value, scope, evaluated)) return false;
  }
  return exhausted_ == Exhausted::no;
}

}  // namespace busway::schema
