#include <iostream>

#include "bus/cli/event_stream.hpp"
#include "bus/cli/plugin_registry.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/verbs.hpp"
#include "routes/compile.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::cli {

namespace {

struct CheckOptions {
  std::string bundle;
  std::string format = "text";
  PluginChoice plugins;
};

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

int check(CheckOptions& options) {
  Findings findings;
  options.plugins.bundle = options.bundle;
  auto known = known_components(options.plugins, plugins::Purpose::declared, findings);
  auto bundle = routes::load_bundle(options.bundle, *known.registry, jsonata::language(), routes::LoadMode::check, findings);
  tell_of_left_out(options.plugins, findings);
  read_events(bundle, *known.registry, routes::LoadMode::check, findings);
  if (options.format == "json") {
    write_json(findings, std::cout);
  } else {
    write_text(findings, std::cout);
    std::cout.flush();
    if (bundle.snapshot) {
      std::cerr << counted(bundle.snapshot->routes.size(), "route") << ", "
                << counted(bundle.snapshot->services.size(), "service") << ", "
                << counted(bundle.snapshot->listeners.size(), "listener") << ": ";
    }
    std::cerr << summary(findings) << '\n';
  }
  return findings.has_errors() ? found : good;
}

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* verb = app.add_subcommand("check",
                                      "Check a bundle: every file, name, expression and mapping. Nothing outside it is touched; "
                                      "its plugins are tried in a process of their own.");
  verb->add_option("BUNDLE", options->bundle, "The bundle's directory, or one route file")->required();
  verb->add_option("--format", options->format, "How findings are written")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  add_plugin_options(*verb, options->plugins, false);
  verb->footer(
      "A finding is 'file:line:column: error BW1004: text'; 'busway explain BW1004' tells more. Exits 0 without errors, else 1.");
  verb->callback([options, &exit_code] { exit_code = check(*options); });
}

}  // namespace busway::cli
