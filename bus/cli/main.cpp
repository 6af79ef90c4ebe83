#include <algorithm>
#include <cstdio>
#include <exception>

#include "bus/cli/verbs.hpp"
#include "bus/finding.hpp"

namespace busway::cli {

namespace {

// The verbs, in the order `busway --help` shows them.
constexpr AddVerb verbs[] = {add_run,    add_check, add_test, add_new,     add_eval,  add_convert,
                             add_plugin, add_help,  add_list, add_explain, add_schema};

// Says so when `word` is no verb, with the nearest one.
bool known(const CLI::App& app, std::string_view word) {
  if (word.starts_with('-')) return true;
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) names.push_back(verb->get_name());
  if (std::find(names.begin(), names.end(), word) != names.end()) return true;
  std::string hint = did_you_mean(word, {names.begin(), names.end()});
  std::fprintf(stderr, "busway: there is no verb '%.60s'%s\n", std::string(word).c_str(), hint.c_str());
  return false;
}

int run(int argc, char** argv) {
  CLI::App app{"Busway: a service bus in one binary. It makes systems that cannot talk to each other understand one another.",
               "busway"};
  app.set_version_flag("--version", "busway " BUSWAY_VERSION);
  app.require_subcommand(1);
  app.footer(R"(
Examples:
  busway check samples/orders          is every file of this bundle right?
  busway run samples/orders            serve it until Ctrl-C
  echo '{"a": 2}' | busway eval 'a * 21'

'busway VERB --help' tells more about each verb.)");
  int exit_code = good;
  for (AddVerb add : verbs) add(app, exit_code);
  if (argc > 1 && !known(app, argv[1])) return usage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? good : usage;
  }
  return exit_code;
}

}  // namespace

}  // namespace busway::cli

int main(int argc, char** argv) {
  try {
    return busway::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "busway: internal error: %s\n", error.what());
    return busway::cli::internal;
  }
}
