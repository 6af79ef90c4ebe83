#include <fmt/format.h>

#include <iostream>

#include "bus/cli/plugin_registry.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/verbs.hpp"

namespace busway::cli {

namespace {

template <class Types>
void print(const Types& types, std::string_view title, bool titled) {
  if (titled) fmt::print("{}:\n", title);
  for (const auto& [name, type] : types) fmt::print("{}{:<14} {}\n", titled ? "  " : "", name, type.summary);
}

void print_verbs(const CLI::App& app, bool titled) {
  if (titled) fmt::print("verbs:\n");
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    fmt::print("{}{:<14} {}\n", titled ? "  " : "", verb->get_name(), verb->get_description());
  }
}

}  // namespace

void add_list(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("list", "List what is built in, and what plugins add.");
  auto what = std::make_shared<std::string>();
  verb->add_option("WHAT", *what, "One of adapters, formats, steps, verbs; all of them when left out.")
      ->check(CLI::IsMember({"adapters", "formats", "steps", "verbs"}));
  auto choice = std::make_shared<PluginChoice>();
  add_plugin_options(*verb, *choice, true);
  verb->callback([what, choice, &app, &exit_code] {
    Findings findings;
    auto known = known_components(*choice, plugins::Purpose::declared, findings);
    write_text(findings, std::cerr);
    const Registry& registry = *known.registry;
    bool all = what->empty();
    if (all || *what == "adapters") print(registry.adapters(), "adapters", all);
    if (all || *what == "formats") print(registry.formats(), "formats", all);
    if (all || *what == "steps") print(registry.steps(), "steps", all);
    if (all || *what == "verbs") print_verbs(app, all);
    exit_code = good;
  });
}

}  // namespace busway::cli
