#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bus/check_context.hpp"
#include "bus/registry.hpp"

namespace busway::fakes {

// A bundle in memory, and all else that a check needs: files by name, no YAML, no secrets, no expressions.
class MemoryBundle final : public BundleFiles, public Secrets, public ExpressionLanguage {
 public:
  std::map<std::string, std::string, std::less<>> texts;
  mutable std::vector<std::string> asked;  // every path that was to be read
  Findings findings;
  Registry registry;

  CheckContext context() { return {findings, registry, *this, *this, *this}; }

  Result<std::string> read(std::string_view path, const Position&) const override {
    asked.emplace_back(path);
    auto text = texts.find(path);
    if (text != texts.end()) return text->second;
    return fail(ErrorKind::config, "there is no file '" + std::string(path) + "' in the bundle", "BW1008");
  }
  std::string name_of(std::string_view path, const Position&) const override { return std::string(path); }
  std::optional<ConfigNode> read_yaml(std::string_view, const ConfigNode&, Findings&) const override { return std::nullopt; }
  Result<std::string> expand(std::string_view text, const Position&) const override { return std::string(text); }
  Result<std::shared_ptr<const Expression>> compile(std::string_view, std::vector<ExpressionWarning>*) const override {
    return fail(ErrorKind::config, "no expressions here");
  }
};

}  // namespace busway::fakes
