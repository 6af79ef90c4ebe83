#include "routes/definition.hpp"

#include <algorithm>

#include "bus/field.hpp"
#include "routes/keys.hpp"
#include "routes/required_plugins.hpp"
#include "routes/yaml.hpp"

namespace busway::routes {

namespace {

struct Defaults {
  std::chrono::milliseconds deadline{30'000};
};

class DefinitionReader {
 public:
  DefinitionReader(Definition& out, CheckContext& check) : out_(out), check_(check) {}

  void read(const ConfigNode& file) {
    if (file.kind == ConfigNode::Kind::null) return;
    if (!file.is_map()) return report_not_a_mapping(file, "a route file", check_);
    for (const ConfigNode::Entry& entry : file.entries) read(entry);
  }

 private:
  void read(const ConfigNode::Entry& entry) {
    const std::string& key = entry.key.text;
    if (key == "listeners") return declare(entry, "listener", out_.listeners);
    if (key == "services") return declare(entry, "service", out_.services);
    if (key == "routes") return declare(entry, "route", out_.routes);
    if (key == "steps") return declare(entry, "list of steps", out_.steps);
    if (key == "tables") return declare(entry, "table", out_.tables);
    if (key == "plugins") return read_plugins(entry);
    if (key == "functions") return read_functions(entry.value);
    if (key == "on_error") {
      if (!second(entry, on_error_)) out_.on_error = &entry.value;
      return;
    }
    if (key == "events") {
      if (!second(entry, events_)) out_.events = &entry.value;
      return;
    }
    if (key == "defaults") {
      if (!second(entry, defaults_)) read_defaults(entry.value);
      return;
    }
    if (!report_not_built(Place::bundle, entry.key, check_)) report_unknown_key(entry.key, names_of(bundle_fields()), check_);
  }

  void declare(const ConfigNode::Entry& entry, std::string_view what, std::vector<Declared>& out) {
    if (entry.value.kind == ConfigNode::Kind::null) return;
    if (!entry.value.is_map()) return report_not_a_mapping(entry.value, "'" + entry.key.text + "'", check_);
    for (const ConfigNode::Entry& item : entry.value.entries) {
      if (!good_name(item.key.text)) {
        check_.findings.error("BW2001", item.key.at,
                              "'" + item.key.text.substr(0, 80) + "' cannot name a " + std::string(what) +
                                  ": use letters, digits, '_', '-' and '.', at most 64");
      } else if (const Declared* first = Definition::find(out, item.key.text)) {
        check_.findings.error(
            "BW2002", item.key.at,
            "the " + std::string(what) + " '" + item.key.text + "' is declared twice; the first is at " + first->key->at.text());
      } else {
        out.push_back({&item.key, &item.value});
      }
    }
  }

  void read_plugins(const ConfigNode::Entry& entry) {
    std::size_t before = out_.plugins.size();
    declare(entry, "plugin", out_.plugins);
    for (; before < out_.plugins.size(); ++before) check_required_plugin(*out_.plugins[before].value, check_);
  }

  void read_functions(const ConfigNode& node) {
    if (node.kind == ConfigNode::Kind::null) return;
    if (!node.is_list()) {
      out_.functions.push_back(&node);
      return;
    }
    for (const ConfigNode& file : node.items) out_.functions.push_back(&file);
  }

  bool second(const ConfigNode::Entry& entry, const ConfigNode*& first) {
    if (first == nullptr) {
      first = &entry.key;
      return false;
    }
    check_.findings.error("BW2002", entry.key.at,
                          "'" + entry.key.text + "' is declared twice; the first is at " + first->at.text());
    return true;
  }

  void read_defaults(const ConfigNode& node) {
    static const Fields<Defaults> fields = {{"deadline", &Defaults::deadline,
                                             "The time a message may take, from its complete head to the reply.",
                                             at_least(std::chrono::milliseconds(1))}};
    Defaults defaults;
    if (fields.read(node, check_, defaults)) out_.deadline = defaults.deadline;
  }

  Definition& out_;
  CheckContext& check_;
  const ConfigNode* on_error_ = nullptr;
  const ConfigNode* defaults_ = nullptr;
  const ConfigNode* events_ = nullptr;
};

}  // namespace

const Declared* Definition::find(const std::vector<Declared>& declared, std::string_view name) {
  auto at = std::find_if(declared.begin(), declared.end(), [&](const Declared& item) { return item.name() == name; });
  return at == declared.end() ? nullptr : &*at;
}

std::unique_ptr<Definition> read_definition(const BundleDirectory& bundle, CheckContext& check) {
  auto definition = std::make_unique<Definition>();
  for (const std::string& name : bundle.route_files()) {
    auto file = std::make_shared<const std::string>(name);
    auto content = bundle.read_file(name);
    if (!content) {
      check.findings.error(content.error().code, {file, 0, 0}, content.error().text);
      continue;
    }
    if (auto node = read_yaml(*content, file, check.findings)) definition->files.push_back(std::move(*node));
  }
  DefinitionReader reader(*definition, check);
  for (const ConfigNode& file : definition->files) reader.read(file);
  return definition;
}

}  // namespace busway::routes
