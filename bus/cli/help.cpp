#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "bus/cli/plugin_registry.hpp"
#include "bus/cli/reference.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/verbs.hpp"

namespace busway::cli {

namespace {

struct HelpOptions {
  std::string kind;
  std::string name;
  std::string docs;
  PluginChoice plugins;
};

int refuse(std::string_view what, std::string_view name, const std::vector<std::string_view>& names) {
  fmt::print(stderr, "busway help: there is no {} '{}'{}\n", what, name.substr(0, 60), did_you_mean(name, names));
  return usage;
}

template <class Types>
int show(const Types& types, std::string_view what, std::string_view name,
         std::string (*reference)(const typename Types::mapped_type&, int)) {
  std::vector<std::string_view> names;
  for (const auto& [known, type] : types) {
    if (known == name) {
      std::string text = reference(type, 1);
      while (text.ends_with("\n\n")) text.pop_back();
      fmt::print("{}", text);
      return good;
    }
    names.push_back(known);
  }
  if (name.empty()) {
    fmt::print(stderr, "busway help {}: which one? `busway list {}s` names them.\n", what, what);
    return usage;
  }
  return refuse(what, name, names);
}

int write_pages(const std::string& directory, const Registry& registry, const CLI::App& app) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  for (const auto& [name, text] : reference_pages(registry, app)) {
    std::ofstream out(std::filesystem::path(directory) / name, std::ios::binary);
    out << text;
    out.close();
    if (!out) {
      fmt::print(stderr, "busway help: cannot write {}/{}\n", directory, name);
      return found;
    }
  }
  return good;
}

int help(const HelpOptions& options, const CLI::App& app) {
  Findings findings;
  auto known = known_components(options.plugins, plugins::Purpose::declared, findings);
  write_text(findings, std::cerr);
  const Registry& registry = *known.registry;
  if (!options.docs.empty()) return write_pages(options.docs, registry, app);
  if (options.kind.empty()) {
    fmt::print("{}", app.get_formatter()->make_help(&app, "busway", CLI::AppFormatMode::Normal));
    return good;
  }
  if (options.kind == "adapter") return show(registry.adapters(), "adapter", options.name, adapter_reference);
  if (options.kind == "format") return show(registry.formats(), "format", options.name, format_reference);
  if (options.kind == "step") return show(registry.steps(), "step", options.name, step_reference);
  std::vector<std::string_view> names = {"adapter", "format", "step"};
  auto verbs = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* verb : verbs) {
    if (verb->get_name() == options.kind) {
      fmt::print("{}", verb->help("busway"));
      return good;
    }
  }
  std::vector<std::string> words;
  for (const CLI::App* verb : verbs) words.push_back(verb->get_name());
  names.insert(names.end(), words.begin(), words.end());
  return refuse("topic", options.kind, names);
}

}  // namespace

void add_help(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("help", "Show what a verb, adapter, step or format does and which keys it takes.");
  auto options = std::make_shared<HelpOptions>();
  verb->add_option("WHAT", options->kind, "A verb, or one of adapter, format, step.");
  verb->add_option("NAME", options->name, "Which adapter, format or step.");
  verb->add_option("--docs", options->docs, "Write the whole reference as Markdown pages into this directory instead.")
      ->option_text("DIR");
  add_plugin_options(*verb, options->plugins, true);
  verb->callback([options, &app, &exit_code] { exit_code = help(*options, app); });
}

}  // namespace busway::cli
