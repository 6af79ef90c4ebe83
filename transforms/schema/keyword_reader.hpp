#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/schema/compile.hpp"
#include "transforms/schema/plan.hpp"

namespace busway::schema {

// Turns one map of keywords into a Schema, asking for its subschemas by what `need` hands out. Each keyword whose value has the
// wrong type is a finding (BW4102) and left out.
class KeywordReader {
 public:
  // What a reader needs of the compiler.
  class Subschemas {
   public:
    virtual ~Subschemas() = default;
    // The schema that `node` will be compiled to.
    virtual Schema* need(const ConfigNode& node) = 0;
    // The schema a reference leads to; null after a finding.
    virtual Schema* refer(const std::string& reference, const Position& at) = 0;
    // A `$dynamicRef` or `$recursiveRef`.
    virtual std::optional<Reference> refer_dynamically(const std::string& reference, std::string_view keyword,
                                                       const Position& at) = 0;
  };

  KeywordReader(const ConfigNode& node, const Dialect& dialect, bool assert_formats, Schema& out, Arena& values,
                Subschemas& subschemas, Findings& findings)
      : node_(node),
        dialect_(dialect),
        assert_formats_(assert_formats),
        out_(out),
        values_(values),
        subschemas_(subschemas),
        findings_(findings) {}
  void read();

 private:
  void references();
  void any_type();
  void numbers();
  void strings();
  void arrays();
  void contains();
  void objects();
  void properties();
  void dependents();
  void combinations();

  const ConfigNode* get(std::string_view keyword) const;
  bool refuse(const ConfigNode& at, std::string text);
  // Each is nothing when the keyword is not there, or after a finding.
  std::optional<std::uint64_t> count(std::string_view keyword);
  std::optional<std::string> number(std::string_view keyword);
  std::optional<bool> flag(std::string_view keyword);
  std::optional<std::vector<std::string>> names(const ConfigNode& list, std::string_view keyword);
  const ConfigNode* map(std::string_view keyword);
  const Schema* subschema(std::string_view keyword);
  const Schema* subschema(const ConfigNode& node, std::string_view keyword);
  std::vector<const Schema*> subschemas(std::string_view keyword);
  std::vector<const Schema*> subschemas(const ConfigNode& list, std::string_view keyword);
  std::optional<Pattern> pattern(const ConfigNode& at, const std::string& text);
  ObjectChecks::Known& known(ObjectChecks& checks, const std::string& name);
  NumberChecks& number_checks();
  StringChecks& string_checks();
  ArrayChecks& array_checks();
  ObjectChecks& object_checks();
  Combinations& combined();

  const ConfigNode& node_;
  const Dialect& dialect_;
  bool assert_formats_;
  Schema& out_;
  Arena& values_;
  Subschemas& subschemas_;
  Findings& findings_;
};

}  // namespace busway::schema
