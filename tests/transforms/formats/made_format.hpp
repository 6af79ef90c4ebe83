#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bus/registry.hpp"

namespace busway {

// ConfigNode trees by hand.
inline ConfigNode config_scalar(std::string text, ConfigNode::Kind kind = ConfigNode::Kind::string) {
  ConfigNode node;
  node.kind = kind;
  node.text = std::move(text);
  return node;
}
inline ConfigNode config_map(std::vector<std::pair<std::string, ConfigNode>> entries) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::map;
  for (auto& [key, value] : entries) node.entries.push_back({config_scalar(key), std::move(value)});
  return node;
}
inline ConfigNode config_list(std::vector<ConfigNode> items) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::list;
  node.items = std::move(items);
  return node;
}

// A bundle whose YAML files are the trees a test put there.
class FakeFiles final : public BundleFiles {
 public:
  std::map<std::string, ConfigNode, std::less<>> yaml;
  Result<std::string> read(std::string_view path, const Position&) const override {
    return fail(ErrorKind::config, "no such file in the bundle: " + std::string(path));
  }
  std::string name_of(std::string_view path, const Position&) const override { return std::string(path); }
  std::optional<ConfigNode> read_yaml(std::string_view path, const ConfigNode& named_by, Findings& findings) const override {
    auto at = yaml.find(path);
    if (at != yaml.end()) return at->second;
    findings.error("BW1008", named_by.at, "no such file in the bundle: " + std::string(path));
    return std::nullopt;
  }
};

class NoSecretsHere final : public Secrets {
 public:
  Result<std::string> expand(std::string_view text, const Position&) const override { return std::string(text); }
};

class NoExpressionsHere final : public ExpressionLanguage {
 public:
  Result<std::shared_ptr<const Expression>> compile(std::string_view, std::vector<ExpressionWarning>*) const override {
    return fail(ErrorKind::config, "no expressions here");
  }
};

// A format made from its declaration and options, with what the check had to say.
struct MadeFormat {
  FormatPtr format;
  Findings findings;
};
inline MadeFormat make_format(const FormatType& type, const ConfigNode& options, const BundleFiles& files = FakeFiles()) {
  MadeFormat made;
  Registry registry;
  NoSecretsHere secrets;
  NoExpressionsHere expressions;
  CheckContext context{made.findings, registry, files, secrets, expressions};
  made.format = type.format.make(options, context, FormatContext{});
  return made;
}
inline FormatPtr plain(const FormatType& type) {
  return make_format(type, config_map({})).format;
}

}  // namespace busway
