#include "bus/cli/reference.hpp"

#include <algorithm>

#include "bus/diagnostics.hpp"

namespace busway::cli {

namespace {

// Ends with one newline: the last paragraph's empty line goes.
std::string page(std::string text) {
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

std::string diagnostics_page() {
  std::string out =
      "# Diagnostics\n\nEvery finding of `busway check` and `busway test` has an id that never changes its meaning. `busway explain ID` "
      "prints the same.\n\n";
  for (const Diagnostic& row : diagnostics()) {
    out += "## " + std::string(row.id) + ": " + std::string(row.title) + "\n\n" + std::string(row.explanation) + "\n\nWhat to do: " +
           std::string(row.remedy) + "\n\n";
  }
  return out;
}

std::string command_line_page(const CLI::App& app) {
  std::string out =
      "# Command line\n\nExit codes: 0 good, 1 findings, failed tests or a file that cannot be read, 2 a command line that cannot be "
      "understood, 70 a mistake of Busway's own.\n\n";
  auto verbs = app.get_subcommands([](const CLI::App*) { return true; });
  std::sort(verbs.begin(), verbs.end(), [](const CLI::App* a, const CLI::App* b) { return a->get_name() < b->get_name(); });
  for (const CLI::App* verb : verbs) {
    std::string text = verb->help("busway");
    while (text.ends_with('\n')) text.pop_back();
    while (text.starts_with('\n')) text.erase(0, 1);
    out += "## " + verb->get_name() + "\n\n```text\n" + text + "\n```\n\n";
  }
  return out;
}

}  // namespace

std::map<std::string, std::string> reference_pages(const Registry& registry, const CLI::App& app) {
  std::string adapters = "# Adapters\n\nAn adapter speaks one protocol. `busway help adapter NAME` prints its section.\n\n";
  for (const auto& [name, type] : registry.adapters()) adapters += adapter_reference(type, 2);
  std::string formats =
      "# Formats\n\nA format turns bytes into a document and back. It is named by `format:` at a listener, a route's `from:` or a "
      "service. `busway help format NAME` prints its section.\n\n";
  for (const auto& [name, type] : registry.formats()) formats += format_reference(type, 2);
  std::string steps =
      "# Steps\n\nA step is one key in a list of steps, with `name:` and `on_error:` beside it where needed. `busway help step NAME` "
      "prints its section.\n\n";
  for (const auto& [name, type] : registry.steps()) steps += step_reference(type, 2);
  return {{"adapters.md", page(adapters)},
          {"command-line.md", page(command_line_page(app))},
          {"diagnostics.md", page(diagnostics_page())},
          {"formats.md", page(formats)},
          {"steps.md", page(steps)}};
}

}  // namespace busway::cli
