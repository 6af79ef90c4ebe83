#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "bus/cli/builtin_registry.hpp"
#include "bus/cli/plugin_registry.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/field.hpp"
#include "bus/step.hpp"
#include "routes/bundle_files.hpp"
#include "routes/secrets.hpp"
#include "routes/yaml.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::cli {

namespace {

void print(const std::string& shown, const plugins::Declaration& declared) {
  fmt::print("{}  {}{}{}\n", shown, declared.name, declared.version.empty() ? "" : " ", declared.version);
  for (const plugins::ComponentDeclaration& component : declared.components) {
    std::string what = std::string(plugins::word_for_kind(component.kind)) + " " + component.name;
    fmt::print("  {:<20} {}\n", what, component.summary);
  }
}

int list(const PluginChoice& choice) {
  Findings findings;
  auto known = known_components(choice, plugins::Purpose::declared, findings);
  for (const auto& plugin : known.plugins) print(plugin->file().shown, plugin->declaration());
  for (const auto& manifest : known.processes) print(manifest->shown, manifest->declaration());
  std::fflush(stdout);
  write_text(findings, std::cerr);
  return findings.has_errors() ? found : good;
}

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
  bool needs_keys = false;
  for (const plugins::FieldDeclaration& field : component.fields) needs_keys = needs_keys || field.required;
  ConfigNode nothing;
  nothing.kind = ConfigNode::Kind::map;
  nothing.at.file = std::make_shared<const std::string>(component.name + " without settings");
  if (!needs_keys && component.kind == BUSWAY_KIND_FORMAT)
    check.registry.format(component.name)->format.make(nothing, check, FormatContext{});
  if (!needs_keys && component.kind == BUSWAY_KIND_STEP)
    check.registry.step(component.name)->step.make(nothing, check, StepContext{});
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

// A manifest, or the directory it lies in.
bool is_process(const std::string& path) {
  std::error_code unused;
  return std::filesystem::is_directory(path, unused) || path.ends_with(".yaml");
}

int check_files(const std::vector<std::string>& paths) {
  Findings findings;
  Registry registry = builtin_registry();
  std::vector<plugins::LibraryFile> files;
  std::vector<plugins::ManifestFile> manifests;
  for (const std::string& path : paths) {
    std::error_code unused;
    if (!is_process(path)) {
      files.push_back({path, path});
    } else {
      std::string file =
          std::filesystem::is_directory(path, unused) ? (std::filesystem::path(path) / "plugin.yaml").string() : path;
      manifests.push_back({file, file});
    }
  }
  auto known = plugins::add_plugin_files(registry, files, Finding::Severity::error, plugins::Purpose::declared,
                                         reserved_step_names(), findings);
  for (const auto& plugin : known) {
    try_components(plugin->file().path, plugin->declaration(), registry, findings);
    print(plugin->file().shown, plugin->declaration());
  }
  for (const auto& manifest :
       plugins::add_manifest_files(registry, manifests, manifest_reader(), reserved_step_names(), findings)) {
    try_components(manifest->shown, manifest->declaration(), registry, findings);
    print(manifest->shown, manifest->declaration());
  }
  std::fflush(stdout);
  write_text(findings, std::cout);
  std::cout.flush();
  std::cerr << summary(findings) << '\n';
  return findings.has_errors() ? found : good;
}

}  // namespace

void add_plugin(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("plugin", "List plugins, or check one.");
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
}

}  // namespace busway::cli
