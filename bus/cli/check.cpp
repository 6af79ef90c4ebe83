#include <iostream>

#include "bus/cli/builtin_registry.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/verbs.hpp"
#include "routes/compile.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::cli {

namespace {

struct CheckOptions {
  std::string bundle;
  std::string format = "text";
};

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

int check(const CheckOptions& options) {
  Findings findings;
  auto bundle = routes::load_bundle(options.bundle, builtin_registry(), jsonata::language(), routes::LoadMode::check, findings);
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
  CLI::App* verb =
      app.add_subcommand("check", "Check a bundle: every file, name, expression and mapping. Nothing outside it is touched.");
  verb->add_option("BUNDLE", options->bundle, "The bundle's directory, or one route file")->required();
  verb->add_option("--format", options->format, "How findings are written")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  verb->footer(
      "A finding is 'file:line:column: error BW1004: text'; 'busway explain BW1004' tells more. Exits 0 without errors, else 1.");
  verb->callback([options, &exit_code] { exit_code = check(*options); });
}

}  // namespace busway::cli
