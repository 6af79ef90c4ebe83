#include "plugins/process/manifest.hpp"

#include <algorithm>
#include <filesystem>

#include "plugins/host/no_bundle.hpp"
#include "plugins/host/settings.hpp"
#include "plugins/process/manifest_keys.hpp"
#include "plugins/process/wire.hpp"

namespace busway::plugins {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_components = 256;

// The rules that keys alone cannot hold.
class Reading {
 public:
  Reading(const ManifestFile& file, CheckContext& check) : file_(file), check_(check) {}

  std::optional<Manifest> read(const ConfigNode& node) {
    ManifestConfig config;
    bool good = manifest_fields().read(node, check_, config);
    if (const ConfigNode::Entry* protocol = node.is_map() ? node.find("protocol") : nullptr;
        protocol != nullptr && good && config.protocol != wire::version) {
      say("BW7102", protocol->value.at,
          "the plugin speaks version " + protocol->value.text.substr(0, 20) +
              " of the plugin protocol, and this busway has version " + std::to_string(wire::version));
      return std::nullopt;
    }
    Manifest out;
    if (good) good = take(config, node, out);
    if (good && config.steps.kind == ConfigNode::Kind::null && config.adapters.kind == ConfigNode::Kind::null) {
      say("BW7104", node.at, "the plugin offers nothing: give it 'steps' or 'adapters'");
      return std::nullopt;
    }
    good = each("steps", config.steps, [&](const ConfigNode::Entry& entry) { return read_step(entry, out); }) && good;
    good = each("adapters", config.adapters, [&](const ConfigNode::Entry& entry) { return read_adapter(entry, out); }) && good;
    if (!good) return std::nullopt;
    auto checked = check_declaration(out.declaration());
    if (checked && out.remote) tell_remote(out);
    if (checked) return out;
    say("BW7104", node.at, "the plugin cannot be used as it declares itself: " + checked.error().text);
    return std::nullopt;
  }

 private:
  void say(const std::string& id, const Position& at, std::string text) { check_.findings.error(id, at, std::move(text)); }

  bool take(ManifestConfig& config, const ConfigNode& node, Manifest& out) {
    fs::path folder = fs::path(file_.path).parent_path();
    std::error_code error;
    out.directory = fs::canonical(folder, error).string();
    out.name = fs::path(out.directory).filename().string();
    out.shown = file_.shown;
    out.version = std::move(config.version);
    out.command = std::move(config.command);
    out.environment = std::move(config.environment);
    out.inherits = std::move(config.inherits);
    out.limits = {config.limits.memory.bytes, config.limits.processor, config.limits.open_files};
    out.in_flight = static_cast<std::size_t>(config.in_flight);
    out.queue = static_cast<std::size_t>(config.queue);
    out.max_body = config.max_body.bytes;
    out.start_within = config.start_within;
    out.silence = config.silence;
    out.acknowledge_within = config.acknowledge_within;
    out.stop_within = config.stop_within;
    if (config.remote) return take_remote(config, node, out);
    if (node.find("command") == nullptr) {
      say("BW1006", node.at,
          "'command' is required here, or 'remote' for a plugin that is started elsewhere: the program and its arguments");
      return false;
    }
    const ConfigNode& command = node.find("command")->value;
    if (out.command.empty() || out.command.front().empty()) {
      say("BW7103", command.at,
          "the plugin's command is empty: name the program and its arguments, as in [python3, " + out.name + ".py]");
      return false;
    }
    for (const std::string& word : out.command) {
      if (word.find('\0') == std::string::npos) continue;
      say("BW7103", command.at, "the plugin's command holds a zero byte");
      return false;
    }
    for (const auto& [name, value] : out.environment) {
      if (is_variable(name) && value.find('\0') == std::string::npos) continue;
      say("BW7103", node.find("environment")->value.at,
          "'" + name.substr(0, 60) +
              "' cannot be set in its environment: a name has letters, digits and '_', and BUSWAY_ is the bus's own");
      return false;
    }
    for (const std::string& name : out.inherits) {
      if (is_variable(name)) continue;
      say("BW7103", node.find("inherits")->value.at,
          "'" + name.substr(0, 60) + "' is no name of a variable that a plugin can inherit");
      return false;
    }
    look_at_command(out, command.at, check_.findings);
    return true;
  }

  // So that whoever lists it or asks for help sees where it works.
  static void tell_remote(Manifest& manifest) {
    auto tell = [&](ComponentDeclaration& declared) {
      declared.summary += " (remote)";
      declared.doc += std::string(declared.doc.empty() ? "" : "\n\n") + "Its plugin is remote: it connects to " +
                      manifest.remote->listen + (manifest.remote->curve ? " (CURVE)." : " (cookie).");
    };
    for (ProcessStep& step : manifest.steps) tell(step.declared);
    for (ProcessAdapter& adapter : manifest.adapters) tell(adapter.declared);
  }

  // What is said of a process has no meaning where the bus starts none.
  bool take_remote(ManifestConfig& config, const ConfigNode& node, Manifest& out) {
    const ConfigNode::Entry& remote = *node.find("remote");
    bool good = check_remote(*config.remote, remote.value, check_);
    for (std::string_view key : {"command", "environment", "inherits", "limits"}) {
      const ConfigNode::Entry* entry = node.find(key);
      if (entry == nullptr) continue;
      say("BW7106", entry->key.at,
          "'" + std::string(key) + "' is for a plugin that the bus starts, and this one is remote: remove it, or 'remote'");
      good = false;
    }
    out.remote = std::move(config.remote);
    return good;
  }

  static bool is_variable(const std::string& name) {
    return !name.empty() && !name.starts_with("BUSWAY_") && !(name[0] >= '0' && name[0] <= '9') &&
           std::all_of(name.begin(), name.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
           });
  }

  template <class Read>
  bool each(const std::string& what, const ConfigNode& all, Read read) {
    if (!all.at.file) return true;  // it is not there
    if (!all.is_map() || all.entries.empty() || all.entries.size() > most_components) {
      say("BW7104", all.at, "expected a mapping of " + what + " by their names, at most 256");
      return false;
    }
    bool good = true;
    for (const ConfigNode::Entry& entry : all.entries) good = read(entry) && good;
    return good;
  }

  bool read_step(const ConfigNode::Entry& entry, Manifest& out) {
    StepConfig config;
    if (!step_config_fields().read(entry.value, check_, config)) return false;
    ProcessStep& step = out.steps.emplace_back();
    step.body = config.body;
    step.idempotent = config.idempotent;
    step.timeout = config.timeout;
    step.headers = std::move(config.headers);
    step.variables = std::move(config.variables);
    ComponentDeclaration& declared = step.declared;
    declared.kind = BUSWAY_KIND_STEP;
    declared.name = entry.key.text;
    declared.summary = std::move(config.summary);
    declared.doc = std::move(config.doc);
    declared.leaves_body = config.body == StepBody::none;
    declared.later = true;
    for (ExampleConfig& example : config.examples)
      declared.examples.push_back({std::move(example.title), std::move(example.text)});
    return read_keys(config.keys, declared.fields) && is_good(entry, declared);
  }

  static std::uint32_t flag(bool set, std::uint32_t value) { return set ? value : 0; }

  bool read_adapter(const ConfigNode::Entry& entry, Manifest& out) {
    AdapterConfig config;
    if (!adapter_config_fields().read(entry.value, check_, config)) return false;
    ProcessAdapter& adapter = out.adapters.emplace_back();
    ComponentDeclaration& declared = adapter.declared;
    declared.kind = BUSWAY_KIND_ADAPTER;
    declared.name = entry.key.text;
    declared.summary = std::move(config.summary);
    declared.doc = std::move(config.doc);
    for (ExampleConfig& example : config.examples)
      declared.examples.push_back({std::move(example.title), std::move(example.text)});
    AdapterDeclaration& about = declared.adapter;
    about.format = std::move(config.format);
    about.flags = flag(config.headers, BUSWAY_ADAPTER_HEADERS) | flag(config.method, BUSWAY_ADAPTER_METHOD) |
                  flag(config.path, BUSWAY_ADAPTER_PATH) | flag(config.operation, BUSWAY_ADAPTER_OPERATION);
    bool good = true;
    if (config.listener) {
      about.source = true;
      about.acknowledges = std::move(config.listener->acknowledges);
      about.source_flags = flag(config.listener->may_repeat, BUSWAY_SOURCE_MAY_REPEAT) |
                           flag(config.listener->keeps_order, BUSWAY_SOURCE_KEEPS_ORDER) |
                           flag(config.from.has_value(), BUSWAY_SOURCE_PICKS_ROUTE);
      good = read_keys(config.listener->keys, about.listener);
    }
    if (config.from) good = read_keys(config.from->keys, about.from) && good;
    if (config.service) {
      about.target = true;
      adapter.idempotent = config.service->idempotent;
      good = read_keys(config.service->keys, about.service) && good;
    }
    if (config.from && !config.listener) {
      say("BW7104", entry.key.at, "the adapter has keys for 'from' and no 'listener' that a message could come from");
      return false;
    }
    if (!about.format.empty() && check_.registry.plain_format(about.format) == nullptr) {
      say("BW7104", entry.key.at,
          "the adapter's format '" + about.format.substr(0, 80) + "' is none that this busway has and that needs no options");
      return false;
    }
    return good && is_good(entry, declared);
  }

  bool is_good(const ConfigNode::Entry& entry, const ComponentDeclaration& declared) {
    Declaration alone{.name = "plugin", .version = "", .components = {declared}};
    auto checked = check_declaration(alone);
    if (!checked) say("BW7104", entry.key.at, checked.error().text);
    return checked.has_value();
  }

  bool read_keys(const ConfigNode& keys, std::vector<FieldDeclaration>& into) {
    if (keys.kind == ConfigNode::Kind::null) return true;
    if (!keys.is_map()) {
      say("BW1005", keys.at, "expected a mapping of keys by their names, found " + std::string(keys.kind_name()));
      return false;
    }
    bool good = true;
    for (const ConfigNode::Entry& entry : keys.entries) {
      KeyConfig config;
      if (!key_fields().read(entry.value, check_, config)) {
        good = false;
        continue;
      }
      FieldDeclaration field{.type = config.type,
                             .required = config.required,
                             .shorthand = config.shorthand,
                             .endpoints = config.endpoints,
                             .name = entry.key.text,
                             .doc = std::move(config.doc),
                             .default_text = std::move(config.default_text),
                             .at_least = std::move(config.at_least),
                             .at_most = std::move(config.at_most),
                             .choices = std::move(config.choices)};
      if (auto made = DeclaredField::make(field); !made) {
        say("BW7104", entry.key.at, "the key '" + field.name.substr(0, 80) + "' " + made.error().text);
        good = false;
      }
      into.push_back(std::move(field));
    }
    return good;
  }

  const ManifestFile& file_;
  CheckContext& check_;
};

}  // namespace

Declaration Manifest::declaration() const {
  Declaration out{.name = name, .version = version, .components = {}};
  for (const ProcessStep& step : steps) out.components.push_back(step.declared);
  for (const ProcessAdapter& adapter : adapters) out.components.push_back(adapter.declared);
  return out;
}

std::optional<Manifest> read_manifest(const ManifestFile& file, const Registry& registry, const ReadYaml& read_yaml,
                                      Findings& findings) {
  auto name = std::make_shared<const std::string>(file.shown);
  auto content = manifest_content(file);
  if (!content) {
    findings.error(content.error().code, Position{name, 0, 0}, "the plugin's manifest " + content.error().text);
    return std::nullopt;
  }
  auto node = read_yaml(*content, name, findings);
  if (!node) return std::nullopt;
  NoBundle none;
  CheckContext check{findings, registry, none, none, none};
  return Reading(file, check).read(*node);
}

}  // namespace busway::plugins
