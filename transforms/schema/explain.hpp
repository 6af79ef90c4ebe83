#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transforms/schema/check.hpp"

namespace busway::schema {

// Walks a document that does not fit once more and writes down why, where it fails and only there. One thread.
class Explanation {
 public:
  Explanation(Check& check, std::size_t most, std::vector<Violation>& out) : check_(check), most_(most), out_(out) {}

  // `value` does not fit `schema`.
  void explain(const Schema& schema, const Node& value, ScopeNumber scope);

 private:
  bool full() const { return out_.size() >= most_ || check_.exhausted() != Check::Exhausted::no; }
  void add(const Schema& schema, std::string_view keyword, std::string expected, std::string got);
  void add(const Schema& schema, std::string_view keyword, std::string expected, const Node& got);
  // A part of the value, held against its own schema.
  void part(const Schema& schema, const Node& value, ScopeNumber scope, std::string_view token);
  void again(const Schema& schema, const Node& value, ScopeNumber scope);

  void number(const Schema& schema, const Node& value);
  void text(const Schema& schema, const Node& value);
  void array(const Schema& schema, const Node& value, ScopeNumber scope);
  void contains(const Schema& schema, const Node& value, ScopeNumber scope);
  void object(const Schema& schema, const Node& value, ScopeNumber scope);
  void members(const Schema& schema, const Node& value, ScopeNumber scope);
  void dependents(const Schema& schema, const Node& value, ScopeNumber scope);
  void combinations(const Schema& schema, const Node& value, ScopeNumber scope);
  void alternatives(const Schema& schema, std::string_view keyword, const std::vector<const Schema*>& branches, const Node& value,
                    ScopeNumber scope);
  void unevaluated(const Schema& schema, const Node& value, ScopeNumber scope);
  bool is_meant(const Schema& schema, const Node& value, ScopeNumber scope, int deep) const;

  Check& check_;
  std::size_t most_;
  std::vector<Violation>& out_;
  std::string pointer_;
};

}  // namespace busway::schema
