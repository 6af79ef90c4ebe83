#pragma once

#include "bus/check_context.hpp"
#include "bus/expression.hpp"

namespace busway::plugins {

// What surrounds values that are read like those of a route file, where there is no bundle: defaults, a manifest.
class NoBundle final : public BundleFiles, public Secrets, public ExpressionLanguage {
 public:
  Result<std::string> read(std::string_view, const Position&) const override { return fail(ErrorKind::config, "no bundle"); }
  std::string name_of(std::string_view path, const Position&) const override { return std::string(path); }
  std::optional<ConfigNode> read_yaml(std::string_view, const ConfigNode&, Findings&) const override { return std::nullopt; }
  Result<std::string> expand(std::string_view text, const Position&) const override { return std::string(text); }
  Result<std::shared_ptr<const Expression>> compile(std::string_view, std::vector<ExpressionWarning>*) const override {
    return fail(ErrorKind::config, "no expressions");
  }
};

}  // namespace busway::plugins
