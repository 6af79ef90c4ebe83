#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>

#include "bus/cli/builtin_registry.hpp"
#include "bus/cli/plugin_bench.hpp"
#include "bus/cli/plugin_registry.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/field.hpp"
#include "bus/listener.hpp"
#include "bus/step.hpp"
#include "bus/target.hpp"
#include "routes/bundle_files.hpp"
#include "routes/secrets.hpp"
#include "routes/yaml.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::cli {

namespace {

void print(const std::string& shown, const plugins::Declaration& declared, const std::string& where = "") {
  fmt::print("{}  {}{}{}{}\n", shown, declared.name, declared.version.empty() ? "" : " ", declared.version, where);
  for (const plugins::ComponentDeclaration& component : declared.components) {
    std::string what = std::string(plugins::word_for_kind(component.kind)) + " " + component.name;
    fmt::print("  {:<20} {}\n", what, component.summary);
  }
}

void print(const plugins::Manifest& manifest) {
  std::string where;
  if (manifest.remote)
    where = "  (remote: connects to " + manifest.remote->listen + (manifest.remote->curve ? ", CURVE)" : ", cookie)");
  print(manifest.shown, manifest.declaration(), where);
}

int list(const PluginChoice& choice) {
  Findings findings;
  auto known = known_components(choice, plugins::Purpose::declared, findings);
  for (const auto& plugin : known.plugins) print(plugin->file().shown, plugin->declaration());
  for (const auto& manifest : known.processes) print(*manifest);
  std::fflush(stdout);
  write_text(findings, std::cerr);
  return findings.has_errors() ? found : good;
}

// A listener, a service or a `from:` without more than its keys. Its format and its route are for the bundle to say.
class AdapterTrial {
 public:
  AdapterTrial(const AdapterType& type, CheckContext& check) : type_(type), check_(check) {}
  void listener(const ConfigNode& keys) { type_.listener.make(keys, check_, ListenerContext{}); }
  void service(const ConfigNode& keys) { type_.target.make(keys, check_, TargetContext{}); }
  void from(const ConfigNode& keys) { type_.inlet.make(keys, check_, InletContext{}); }

  // An example is a piece of a bundle; what is tried are the uses of the adapter in it.
  void example(const ConfigNode& piece) {
    used_ = false;
    each(piece, "listeners", type_.listener, [&](const ConfigNode& entry) { use(entry, [&](auto& keys) { listener(keys); }); });
    each(piece, "services", type_.target, [&](const ConfigNode& entry) { use(entry, [&](auto& keys) { service(keys); }); });
    if (type_.inlet && piece.is_map()) try_from(piece);
    each(piece, "routes", type_.inlet, [&](const ConfigNode& route) { try_from(route); });
    if (!used_) check_.findings.error("BW7008", piece.at, "the example does not use the adapter '" + type_.name + "'");
  }

 private:
  template <class Role, class Do>
  void each(const ConfigNode& piece, std::string_view list, const Role& role, Do&& f) {
    const ConfigNode::Entry* entry = piece.is_map() && role ? piece.find(list) : nullptr;
    if (entry == nullptr || !entry->value.is_map()) return;
    for (const ConfigNode::Entry& named : entry->value.entries) f(named.value);
  }
  template <class Do>
  void use(const ConfigNode& entry, Do&& f) {
    const ConfigNode::Entry* keys = entry.is_map() ? entry.find(type_.name) : nullptr;
    if (keys == nullptr) return;
    used_ = true;
    f(keys->value);
  }
  void try_from(const ConfigNode& route) {
    const ConfigNode::Entry* entry = route.is_map() ? route.find("from") : nullptr;
    if (entry == nullptr || !entry->value.is_map() || entry->value.find(type_.name) == nullptr) return;
    used_ = true;
    ConfigNode keys = entry->value;
    std::erase_if(keys.entries, [](const ConfigNode::Entry& at) {
      return at.key.text == "on" || at.key.text == "format" || at.key.text == "error";
    });
    from(keys);
  }

  const AdapterType& type_;
  CheckContext& check_;
  bool used_ = false;
};

// A worked example stands where its component would, alone; a key of a plugin's names files of the plugin's own directory.
void try_example(const plugins::ComponentDeclaration& component, const Example& example, CheckContext& check) {
  auto name = std::make_shared<const std::string>("example '" + example.title + "' of " + component.name);
  auto node = routes::read_yaml(example.text, name, check.findings);
  if (!node) return;
  if (component.kind == BUSWAY_KIND_FORMAT) {
    FormatRef made;
    read_value(*node, Constraints{}, check, made);
    return;
  }
  if (component.kind == BUSWAY_KIND_ADAPTER) return AdapterTrial(*check.registry.adapter(component.name), check).example(*node);
  const ConfigNode& step = node->is_list() && !node->items.empty() ? node->items.front() : *node;
  const ConfigNode::Entry* entry = step.is_map() ? step.find(component.name) : nullptr;
  if (entry == nullptr) {
    check.findings.error("BW7008", node->at, "the example does not use the step '" + component.name + "'");
    return;
  }
  check.registry.step(component.name)->step.make(entry->value, check, StepContext{});
}

// Its examples, and what it does without any settings.
void try_component(const plugins::ComponentDeclaration& component, CheckContext& check) {
  auto required = [](const std::vector<plugins::FieldDeclaration>& fields) {
    return std::any_of(fields.begin(), fields.end(), [](const plugins::FieldDeclaration& field) { return field.required; });
  };
  bool needs_keys = required(component.fields);
  ConfigNode nothing;
  nothing.kind = ConfigNode::Kind::map;
  nothing.at.file = std::make_shared<const std::string>(component.name + " without settings");
  if (!needs_keys && component.kind == BUSWAY_KIND_FORMAT)
    check.registry.format(component.name)->format.make(nothing, check, FormatContext{});
  if (!needs_keys && component.kind == BUSWAY_KIND_STEP)
    check.registry.step(component.name)->step.make(nothing, check, StepContext{});
  if (component.kind == BUSWAY_KIND_ADAPTER) {
    AdapterTrial trial(*check.registry.adapter(component.name), check);
    if (component.adapter.source && !required(component.adapter.listener)) trial.listener(nothing);
    if (component.adapter.target && !required(component.adapter.service)) trial.service(nothing);
  }
  for (const Example& example : component.examples) try_example(component, example, check);
}

// Its components, with what lies beside it as their bundle.
void try_components(const std::string& path, const plugins::Declaration& declared, const Registry& registry, Findings& findings) {
  auto beside = routes::BundleDirectory::open(std::filesystem::absolute(path).parent_path().string(),
                                              routes::BundleDirectory::Listing::none);
  if (!beside) return;
  routes::SecretReferences secrets(routes::SecretReferences::Reading::opaque);
  CheckContext check{findings, registry, **beside, secrets, jsonata::language()};
  for (const plugins::ComponentDeclaration& component : declared.components) try_component(component, check);
}

// The manifest of a plugin that is a process: itself, or in the directory that is named. Nothing for a library.
std::optional<std::string> manifest_at(const std::string& path) {
  std::error_code unused;
  if (std::filesystem::is_directory(path, unused)) return (std::filesystem::path(path) / "plugin.yaml").string();
  return path.ends_with(".yaml") ? std::optional(path) : std::nullopt;
}

int check_files(const std::vector<std::string>& paths) {
  Findings findings;
  Registry registry = builtin_registry();
  std::vector<plugins::LibraryFile> files;
  std::vector<plugins::ManifestFile> manifests;
  for (const std::string& path : paths) {
    if (auto manifest = manifest_at(path)) {
      manifests.push_back({*manifest, *manifest});
    } else {
      files.push_back({path, path});
    }
  }
  plugins::ReservedNames reserved = reserved_names();
  auto known =
      plugins::add_plugin_files(registry, files, Finding::Severity::error, plugins::Purpose::declared, reserved, findings);
  for (const auto& plugin : known) {
    try_components(plugin->file().path, plugin->declaration(), registry, findings);
    print(plugin->file().shown, plugin->declaration());
  }
  for (const auto& manifest : plugins::add_manifest_files(registry, manifests, manifest_reader(), reserved, findings)) {
    try_components(manifest->shown, manifest->declaration(), registry, findings);
    print(*manifest);
  }
  std::fflush(stdout);
  write_text(findings, std::cout);
  std::cout.flush();
  std::cerr << summary(findings) << '\n';
  return findings.has_errors() ? found : good;
}

}  // namespace

void add_plugin(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("plugin", "List plugins, check them, or measure one.");
  verb->require_subcommand(1);
  auto choice = std::make_shared<PluginChoice>();
  CLI::App* listing = verb->add_subcommand("list", "The plugins that are found, and what they add.");
  listing->add_option("--bundle", choice->bundle, "A bundle whose plugins count, too")->option_text("DIR");
  listing->callback([choice, &exit_code] { exit_code = list(*choice); });
  CLI::App* checking = verb->add_subcommand("check",
                                            "Try plugins: what they declare, their examples, and whether they work without "
                                            "settings. Libraries are loaded in a process of their "
                                            "own; a plugin that is a process is not started.");
  auto files = std::make_shared<std::vector<std::string>>();
  checking->add_option("FILE", *files, "Shared libraries, and the plugin.yaml of processes or their directories")->required();
  checking->callback([files, &exit_code] { exit_code = check_files(*files); });
  add_plugin_bench(*verb, exit_code);
}

}  // namespace busway::cli
