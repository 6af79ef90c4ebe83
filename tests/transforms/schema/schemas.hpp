#pragma once

#include <map>
#include <memory>
#include <string>

#include "transforms/formats/json.hpp"
#include "transforms/schema/compile.hpp"
#include "transforms/schema/placed_json.hpp"
#include "transforms/schema/plan.hpp"
#include "transforms/schema/validation.hpp"

namespace busway::schema::test {

// Documents by URI, from texts.
class Table final : public SchemaDocuments {
 public:
  std::map<std::string, std::string, std::less<>> texts;
  std::optional<Document> open(const std::string& uri, std::string_view, const Position&, Findings& findings) override {
    auto text = texts.find(uri);
    if (text == texts.end()) return std::nullopt;
    auto root = read_placed_json(text->second, std::make_shared<const std::string>(uri), findings);
    if (!root) return std::nullopt;
    return Document{.root = std::move(*root), .uri = uri, .name = uri};
  }
};

struct Compiled {
  std::shared_ptr<const Plan> plan;
  Findings findings;
  std::string first() const { return findings.all().empty() ? "" : to_text(findings.all()[0]); }
};

inline Compiled compiled(std::string_view text, const CompileOptions& options = {}, Table table = {}) {
  Compiled out;
  auto root = read_placed_json(text, std::make_shared<const std::string>("s.json"), out.findings);
  if (!root) return out;
  out.plan = compile({.root = std::move(*root), .uri = "bundle:///s.json", .name = ""}, options, table, out.findings);
  out.findings.sort();
  return out;
}

// Held against a document given as JSON; schemas that do not compile are the test's mistake.
inline ValidationResult check(std::string_view schema, std::string_view document, const CompileOptions& options = {},
                              const ValidationLimits& limits = {}) {
  auto made = compiled(schema, options);
  if (made.plan == nullptr) return {.violations = {{.pointer = "", .expected = "a schema that compiles", .got = made.first()}}};
  Arena arena;
  return validate(*made.plan, read_json(document, arena).value(), limits);
}

}  // namespace busway::schema::test
