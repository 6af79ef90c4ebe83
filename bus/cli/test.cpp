#include <fmt/format.h>

#include <iostream>

#include "bus/cli/plugin_registry.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/json_text.hpp"
#include "bus/log.hpp"
#include "routes/test/suite.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::cli {

namespace {

struct TestOptions {
  std::string bundle;
  std::string filter;
  std::string format = "text";
  PluginChoice plugins;
};

void print_text(const routes::TestSuite& suite, const TestOptions& options) {
  for (const routes::TestResult& result : suite.results) {
    if (result.passed()) {
      fmt::print("ok      {}\n", result.name);
      continue;
    }
    fmt::print("FAILED  {}  ({})\n", result.name, result.at.text());
    for (const routes::Difference& difference : result.record.differences)
      fmt::print("  {}: {}\n", difference.at.text(), difference.text);
    fmt::print("  what happened:\n");
    for (const std::string& line : result.record.story) fmt::print("    {}\n", line);
  }
  if (suite.files == 0) {
    fmt::print("{} has no tests: no *.test.yaml\n", options.bundle);
  } else if (suite.results.empty() && !options.filter.empty()) {
    fmt::print("no test has '{}' in its name\n", options.filter);
  }
  fmt::print("{} passed, {} failed\n", suite.passed, suite.failed);
}

std::string place(const Position& at) {
  return fmt::format("\"file\":{},\"line\":{},\"column\":{}", at.file ? json_string(*at.file) : "null", at.line, at.column);
}

void print_json(const routes::TestSuite& suite, const Findings& findings) {
  fmt::print("{{\"passed\":{},\"failed\":{},\"tests\":[", suite.passed, suite.failed);
  bool first = true;
  for (const routes::TestResult& result : suite.results) {
    std::string differences;
    for (const routes::Difference& difference : result.record.differences) {
      differences +=
          fmt::format("{}{{{},\"text\":{}}}", differences.empty() ? "" : ",", place(difference.at), json_string(difference.text));
    }
    std::string story;
    for (const std::string& line : result.record.story) story += (story.empty() ? "" : ",") + json_string(line);
    fmt::print("{}\n{{\"test\":{},{},\"passed\":{},\"differences\":[{}],\"story\":[{}]}}", first ? "" : ",",
               json_string(result.name), place(result.at), result.passed(), differences, story);
    first = false;
  }
  fmt::print("],\n\"report\":");
  std::fflush(stdout);
  write_json(findings, std::cout);
  std::cout << "}\n" << std::flush;
}

int test(TestOptions& options) {
  log().set_level(LogLevel::error);  // a test's own report tells what failed
  Findings findings;
  options.plugins.bundle = options.bundle;
  auto known = known_components(options.plugins, plugins::Purpose::used, findings);
  const ExpressionLanguage& expressions = jsonata::language();
  routes::LoadedBundle bundle =
      routes::load_bundle(options.bundle, *known.registry, expressions, routes::LoadMode::test, findings);
  tell_of_left_out(options.plugins, findings);
  routes::TestSuite suite;
  bool runs = bundle.snapshot != nullptr && !findings.has_errors();
  if (runs) suite = routes::run_tests(bundle, *known.registry, *bundle.expressions, options.filter, findings);
  if (options.format == "json") {
    print_json(suite, findings);
  } else {
    write_text(findings, std::cout);
    std::cout << std::flush;
    if (runs) {
      print_text(suite, options);
    } else {
      fmt::print("{}: no test was run\n", summary(findings));
    }
  }
  return findings.has_errors() || suite.failed != 0 ? found : good;
}

}  // namespace

void add_test(CLI::App& app, int& exit_code) {
  CLI::App* verb =
      app.add_subcommand("test", "Run a bundle's *.test.yaml through its real routes, with simulated services and no network.");
  auto options = std::make_shared<TestOptions>();
  verb->add_option("BUNDLE", options->bundle, "A directory of route files, or one route file.")->required();
  verb->add_option("--filter", options->filter, "Run only the tests whose name contains this.")->option_text("NAME");
  verb->add_option("--format", options->format, "How to report.")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("text|json");
  add_plugin_options(*verb, options->plugins, false);
  verb->callback([options, &exit_code] { exit_code = test(*options); });
}

}  // namespace busway::cli
