#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "transforms/schema/plan.hpp"
#include "transforms/schema/validation.hpp"

namespace busway::schema {

// Members of one object, or items of one array, that subschemas have evaluated (2020-12, 11).
class Evaluated {
 public:
  void start(std::size_t size) { words_.assign((size + 63) / 64, 0); }
  void add(std::size_t index) { words_[index / 64] |= std::uint64_t{1} << index % 64; }
  void add_all() { words_.assign(words_.size(), ~std::uint64_t{0}); }
  bool has(std::size_t index) const { return (words_[index / 64] >> index % 64 & 1) != 0; }
  void add(const Evaluated& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  }
  Evaluated empty_copy() const {
    Evaluated out;
    out.words_.assign(words_.size(), 0);
    return out;
  }

 private:
  std::vector<std::uint64_t> words_;
};

// Which resources a validation has passed on its way, as far as `$dynamicRef` cares: 0 is none. Numbers are dealt out as new ways
// turn up; a resource counts where it was entered first.
using ScopeNumber = std::uint32_t;

// Answers whether a value fits a schema, and nothing else. One validation; one thread.
class Check {
 public:
  Check(const Plan& plan, const ValidationLimits& limits) : plan_(plan), limits_(limits) {}

  // `evaluated`, when given, belongs to `value` and gains what the schema evaluates, if it fits.
  bool fits(const Schema& schema, const Node& value, ScopeNumber scope, Evaluated* evaluated = nullptr);

  // ---- the parts, for those who ask why ----
  ScopeNumber enter(const Schema& schema, ScopeNumber scope);
  const Schema& target(const Reference& reference, ScopeNumber scope) const;
  static bool fits_type(const Schema& schema, const Node& value);
  static bool fits_number(const NumberChecks& checks, const Node& value);
  static bool fits_string(const StringChecks& checks, std::string_view text);
  // All of `schema` but `unevaluatedItems` and `unevaluatedProperties`.
  bool fits_body(const Schema& schema, const Node& value, ScopeNumber scope, Evaluated* evaluated);
  // The schema an item or member is held against, by `items` and `prefixItems`; null for none.
  static const Schema* item_schema(const ArrayChecks& checks, std::size_t index);

  // A limit was reached: every answer since is "no".
  enum class Exhausted : std::uint8_t { no, depth, work };
  Exhausted exhausted() const { return exhausted_; }
  // Counts `units` of work; false at the limit.
  bool spend(std::uint64_t units);

 private:
  struct Scope {
    ScopeNumber outer;
    int resource;
  };
  struct Known {
    const Schema* schema;
    const void* value;  // where its items or members begin
    std::uint32_t size;
    ScopeNumber scope;
    bool operator==(const Known&) const = default;
  };
  struct KnownHash {
    std::size_t operator()(const Known& known) const;
  };

  bool fits_here(const Schema& schema, const Node& value, ScopeNumber scope, Evaluated* evaluated);
  bool fits_array(const ArrayChecks& checks, const Node& value, ScopeNumber scope, Evaluated* evaluated);
  bool fits_object(const ObjectChecks& checks, const Node& value, ScopeNumber scope, Evaluated* evaluated);
  bool fits_combinations(const Combinations& combined, const Node& value, ScopeNumber scope, Evaluated* evaluated);
  bool fits_any(const Combinations& combined, const Node& value, ScopeNumber scope, Evaluated* evaluated);
  bool fits_one(const Combinations& combined, const Node& value, ScopeNumber scope, Evaluated* evaluated);
  bool fits_branch(const Schema& schema, const Node& value, ScopeNumber scope, Evaluated* evaluated);

  const Plan& plan_;
  const ValidationLimits& limits_;
  std::vector<Scope> scopes_;  // empty until a resource with dynamic anchors is entered; the first is no resource
  std::unordered_map<Known, bool, KnownHash> known_;
  std::uint64_t work_ = 0;
  std::size_t depth_ = 0;
  Exhausted exhausted_ = Exhausted::no;
};

// The code points of a text.
std::uint64_t code_points(std::string_view text);

}  // namespace busway::schema
