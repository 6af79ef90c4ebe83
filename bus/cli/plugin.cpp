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

void print(const plugins::Plugin& plugin) {
  const plugins::Declaration& declared = plugin.declaration();
  fmt::print("{}  {}{}{}\n", plugin.file().shown, declared.name, declared.version.empty() ? "" : " ", declared.version);
  for (const plugins::ComponentDeclaration& component : declared.components) {
    std::string what = std::string(plugins::word_for_kind(component.kind)) + " " + component.name;
    fmt::print("  {:<20} {}\n", what, component.summary);
  }
}

int list(const PluginChoice& choice) {
  Findings findings;
  auto known = known_components(choice, plugins::Purpose::declared, findings);
  for (const auto& plugin : known.plugins) print(*plugin);
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
void try_component(const plugins::Plugin& plugin, std::size_t index, CheckContext& check) {
  const plugins::ComponentDeclaration& component = plugin.declaration().components[index];
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

int check_files(const std::vector<std::string>& paths) {
  Findings findings;
  Registry registry = builtin_registry();
  std::vector<plugins::LibraryFile> files;
  for (const std::string& path : paths) files.push_back({path, path});
  auto known = plugins::add_plugin_files(registry, files, Finding::Severity::error, plugins::Purpose::declared,
                                         reserved_step_names(), findings);
  for (const auto& plugin : known) {
    auto beside = routes::BundleDirectory::open(std::filesystem::absolute(plugin->file().path).parent_path().string(),
                                                routes::BundleDirectory::Listing::none);
    if (!beside) continue;
    routes::SecretReferences secrets(routes::SecretReferences::Reading::opaque);
    CheckContext check{findings, registry, **beside, secrets, jsonata::language()};
    for (std::size_t i = 0; i < plugin->declaration().components.size(); ++i) try_component(*plugin, i, check);
    print(*plugin);
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
  CLI::App* checking = verb->add_subcommand(
      "check",
      "Try plugins in processes of their own: what they declare, their examples, and whether they work without settings.");
  auto files = std::make_shared<std::vector<std::string>>();
  checking->add_option("FILE", *files, "Shared libraries")->required();
  checking->callback([files, &exit_code] { exit_code = check_files(*files); });
}

}  // namespace busway::cli
