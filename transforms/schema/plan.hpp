#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bus/document.hpp"
#include "transforms/schema/decimal.hpp"
#include "transforms/schema/deep_value.hpp"
#include "transforms/schema/format_check.hpp"
#include "transforms/schema/pattern.hpp"

namespace busway::schema {

// A compiled JSON Schema: what `compile` makes and `Validation` walks. Immutable once compiled, shared by all workers. Every
// subschema is a Schema; references are pointers. A group of checks a subschema does not have is null.
struct Schema;

// Kinds of values, as bits; a whole number has both its bits.
namespace types {
constexpr std::uint8_t null = 1;
constexpr std::uint8_t boolean = 2;
constexpr std::uint8_t integer = 4;
constexpr std::uint8_t number = 8;
constexpr std::uint8_t string = 16;
constexpr std::uint8_t array = 32;
constexpr std::uint8_t object = 64;
}  // namespace types

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

struct NumberChecks {
  std::optional<NumberBound> minimum;
  std::optional<NumberBound> maximum;
  std::optional<NumberBound> exclusive_minimum;
  std::optional<NumberBound> exclusive_maximum;
  std::optional<Divisor> multiple_of;
};

struct StringChecks {
  std::uint64_t min_length = 0;  // in code points
  std::uint64_t max_length = no_limit;
  std::optional<Pattern> pattern;
  FormatCheck format = nullptr;
  std::string format_name;
};

struct ArrayChecks {
  std::uint64_t min_items = 0;
  std::uint64_t max_items = no_limit;
  bool unique = false;
  std::vector<const Schema*> prefix;
  std::string_view prefix_keyword;  // "prefixItems", or "items" before 2020-12
  const Schema* rest = nullptr;     // of the items behind the prefix
  std::string_view rest_keyword;
  const Schema* contains = nullptr;
  std::uint64_t min_contains = 1;
  std::uint64_t max_contains = no_limit;
  bool contains_evaluates = false;  // since 2020-12 what `contains` matched counts as evaluated
  const Schema* unevaluated = nullptr;
};

struct ObjectChecks {
  std::uint64_t min_properties = 0;
  std::uint64_t max_properties = no_limit;
  std::vector<std::string> required;
  // By name: its schema, if any, and whether it is required. Views of names that live in `names`.
  struct Known {
    const Schema* schema = nullptr;
    bool required = false;
  };
  std::unordered_map<std::string_view, Known> known;
  std::deque<std::string> names;
  std::vector<std::pair<Pattern, const Schema*>> patterns;
  const Schema* additional = nullptr;
  const Schema* property_names = nullptr;
  struct Dependent {
    std::string name;
    std::vector<std::string> required;
    const Schema* schema = nullptr;
    std::string_view keyword;
  };
  std::vector<Dependent> dependents;
  const Schema* unevaluated = nullptr;
};

struct Reference {
  const Schema* target = nullptr;
  int anchor = -1;  // `$dynamicRef`: the number of the anchor to look for in the dynamic scope; -1: `target` it is
  std::string_view keyword;
};

// What looks at the same value once more.
struct Combinations {
  std::vector<Reference> references;
  std::vector<const Schema*> all_of;
  std::vector<const Schema*> any_of;
  std::vector<const Schema*> one_of;
  const Schema* no = nullptr;
  const Schema* condition = nullptr;
  const Schema* then = nullptr;
  const Schema* otherwise = nullptr;
};

struct Schema {
  enum class Verdict : std::uint8_t { open, accept, refuse };  // `true` and `false`
  Verdict verdict = Verdict::open;
  std::uint8_t allowed_types = 0;  // 0: any
  bool shared = false;             // reached by more than one reference: what was found out about a value is kept
  bool is_const = false;           // `values` came from `const`
  int resource = -1;               // its number, when that resource has dynamic anchors
  std::uint32_t number = 0;
  std::string where;  // "#/properties/qty"
  std::unique_ptr<ValueSet> values;
  std::unique_ptr<NumberChecks> numbers;
  std::unique_ptr<StringChecks> strings;
  std::unique_ptr<ArrayChecks> arrays;
  std::unique_ptr<ObjectChecks> objects;
  std::unique_ptr<Combinations> combined;
};

struct Plan {
  std::deque<Schema> schemas;
  const Schema* root = nullptr;
  // By number of resource and anchor: what the anchor is there.
  std::vector<std::map<int, const Schema*>> dynamic_anchors;
  Arena values;  // of `enum` and `const`
};

}  // namespace busway::schema
