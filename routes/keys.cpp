#include "routes/keys.hpp"

#include <algorithm>

namespace busway::routes {

std::vector<std::string_view> names_of(const std::vector<FieldInfo>& fields) {
  std::vector<std::string_view> out;
  for (const FieldInfo& field : fields) out.push_back(field.name);
  return out;
}

bool has(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool report_not_built(Place place, const ConfigNode& key, CheckContext& check) {
  if (!not_in_this_version(place, key.text)) return false;
  check.findings.error("BW1013", key.at, "'" + key.text + "' is not in this version");
  return true;
}

void report_unknown_key(const ConfigNode& key, const std::vector<std::string_view>& names, CheckContext& check) {
  check.findings.error("BW1004", key.at, "unknown key '" + key.text + "'" + did_you_mean(key.text, names));
}

bool report_no_use(const ConfigNode& node, const AdapterType& adapter, const std::vector<std::string_view>& names,
                   CheckContext& check) {
  bool good = true;
  for (const ConfigNode::Entry& entry : node.entries) {
    const std::string& key = entry.key.text;
    if (!has(names, key) || std::find(adapter.no_use_for.begin(), adapter.no_use_for.end(), key) == adapter.no_use_for.end())
      continue;
    check.findings.error("BW2018", entry.key.at, "'" + key + "' means nothing to '" + adapter.name + "'; remove it");
    good = false;
  }
  return good;
}

void report_not_a_mapping(const ConfigNode& node, std::string_view what, CheckContext& check) {
  check.findings.error("BW1005", node.at, std::string(what) + " must be a mapping, found " + std::string(node.kind_name()));
}

ConfigNode only(const ConfigNode& map, const std::vector<std::string_view>& names) {
  ConfigNode out;
  out.kind = ConfigNode::Kind::map;
  out.at = map.at;
  for (const ConfigNode::Entry& entry : map.entries) {
    if (has(names, entry.key.text)) out.entries.push_back(entry);
  }
  return out;
}

bool good_name(std::string_view name) {
  auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 64 && name[0] != '-' && name[0] != '.' && std::all_of(name.begin(), name.end(), good);
}

}  // namespace busway::routes
