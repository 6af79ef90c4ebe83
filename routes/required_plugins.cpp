#include "routes/required_plugins.hpp"

#include <algorithm>

#include "bus/field.hpp"
#include "routes/bundle_files.hpp"
#include "routes/yaml.hpp"

namespace busway::routes {

namespace {

struct Required {
  std::string sha256;
};

bool is_hash(const std::string& text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

const ConfigNode* member(const ConfigNode& node, std::string_view name) {
  const ConfigNode::Entry* entry = node.is_map() ? node.find(name) : nullptr;
  return entry == nullptr ? nullptr : &entry->value;
}

}  // namespace

std::map<std::string, RequiredPlugin> required_plugins(const std::string& path) {
  std::map<std::string, RequiredPlugin> out;
  auto bundle = BundleDirectory::open(path);
  if (!bundle) return out;
  for (const std::string& name : (*bundle)->route_files()) {
    auto content = (*bundle)->read_file(name);
    // Most files have no such key, and are read once.
    if (!content || content->find("plugins") == std::string::npos) continue;
    Findings unused;
    auto file = read_yaml(*content, std::make_shared<const std::string>(name), unused);
    const ConfigNode* plugins = file ? member(*file, "plugins") : nullptr;
    if (plugins == nullptr || !plugins->is_map()) continue;
    for (const ConfigNode::Entry& entry : plugins->entries) {
      const ConfigNode* hash = member(entry.value, "sha256");
      RequiredPlugin required{hash == nullptr ? std::string() : hash->text, hash == nullptr ? entry.key.at : hash->at};
      if (!is_hash(required.sha256)) required.sha256 = "nothing";
      out.emplace(entry.key.text, std::move(required));
    }
  }
  return out;
}

void check_required_plugin(const ConfigNode& node, CheckContext& check) {
  static const Fields<Required> fields = {
      {"sha256", &Required::sha256, "What the plugin's file must be: its SHA-256, 64 hexadecimal digits.", required()}};
  Required out;
  if (!fields.read(node, check, out) || is_hash(out.sha256)) return;
  check.findings.error("BW7011", member(node, "sha256")->at,
                       "a SHA-256 is 64 hexadecimal digits: write what `sha256sum` prints for the plugin's file, in quotes");
}

}  // namespace busway::routes
