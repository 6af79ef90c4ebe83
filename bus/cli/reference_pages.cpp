#include <algorithm>

#include "adapters/zmq/event_stream.hpp"
#include "bus/cli/reference.hpp"
#include "bus/diagnostics.hpp"
#include "plugins/process/manifest.hpp"
#include "routes/language_fields.hpp"
#include "routes/test/test_fields.hpp"

namespace busway::cli {

namespace {

// Ends with one newline: the last paragraph's empty line goes.
std::string page(std::string text) {
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

std::string diagnostics_page() {
  std::string out =
      "# Diagnostics\n\nEvery finding of `busway check` and `busway test` has an id that never changes its meaning. `busway "
      "explain ID` "
      "prints the same.\n\n";
  for (const Diagnostic& row : diagnostics()) {
    out += "## " + std::string(row.id) + ": " + std::string(row.title) + "\n\n" + std::string(row.explanation) +
           "\n\nWhat to do: " + std::string(row.remedy) + "\n\n";
  }
  return out;
}

std::string command_line_page(const CLI::App& app) {
  std::string out =
      "# Command line\n\nExit codes: 0 good, 1 findings, failed tests or a file that cannot be read, 2 a command line that "
      "cannot be "
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

std::string section(std::string_view title, std::string_view text, const std::vector<FieldInfo>& fields) {
  return "## " + std::string(title) + "\n\n" + std::string(text) + "\n\n" + fields_reference(fields) + "\n";
}

std::string route_file_page() {
  return "# Route files\n\nThe keys of the language itself. What adapters, formats and steps take beside them stands in their "
         "own pages.\n\n" +
         section("Bundle", "At the top of a route file.", routes::bundle_fields()) +
         section("Events", "Keys of `events:`; [zmq.md](../zmq.md#the-event-stream) says what is published.",
                 zmq::events_fields().infos()) +
         section("Defaults", "Keys of `defaults:`.", routes::defaults_fields()) +
         section("Listeners", "Beside the adapter's key, in an entry of `listeners:`.", routes::listener_fields()) +
         section("Services", "Beside the adapter's key, in an entry of `services:`.", routes::service_fields()) +
         section("Routes", "In an entry of `routes:`.", routes::route_fields()) +
         section("From", "Beside the adapter's keys, in a route's `from:`.", routes::from_fields()) +
         section("Steps",
                 "Beside the step's key, in a list of steps. A plain text there names a list under the bundle's `steps:`.",
                 routes::step_fields()) +
         section("Handlers", "In a handler of `on_error:`.", routes::handler_fields());
}

std::string tests_page() {
  return "# Tests\n\nThe keys of a `*.test.yaml`: one or more YAML documents, each a test. `busway test BUNDLE` runs them.\n\n" +
         section("A test", "At the top of each document.", routes::test_config_fields().infos()) +
         section("Send", "Beside the adapter's key, and what else the adapter takes in a `from:`.",
                 routes::send_config_fields().infos()) +
         section("Exchanges", "Of a service in `services:`.", routes::exchange_config_fields().infos()) +
         section("Fails", "When it is a mapping.", routes::fails_config_fields().infos()) +
         section("Fault", "Of `fails:`.", routes::fault_config_fields().infos()) +
         section("Expect", "What must come back.", routes::expect_config_fields().infos());
}

std::string manifest_page() {
  plugins::ManifestKeys keys = plugins::manifest_keys();
  return "# Plugin manifests\n\nThe keys of a `plugin.yaml`, which says how a plugin that is a process is started or where it "
         "connects, and what it "
         "offers. "
         "[plugins.md](../plugins.md) shows one at work.\n\n" +
         section("Manifest", "At the top of the file.", keys.manifest) +
         section("Steps", "Of each step in `steps:`.", keys.step) +
         section("Adapters", "Of each adapter in `adapters:`. It has a `listener`, a `service`, or both.", keys.adapter) +
         section("Keys", "Of each key in `keys:`.", keys.key);
}

}  // namespace

std::map<std::string, std::string> reference_pages(const Registry& registry, const CLI::App& app) {
  std::string adapters = "# Adapters\n\nAn adapter speaks one protocol. `busway help adapter NAME` prints its section.\n\n";
  for (const auto& [name, type] : registry.adapters()) adapters += adapter_reference(type, 2);
  std::string formats =
      "# Formats\n\nA format turns bytes into a document and back. It is named by `format:` at a listener, a route's `from:` or "
      "a "
      "service. `busway help format NAME` prints its section.\n\n";
  for (const auto& [name, type] : registry.formats()) formats += format_reference(type, 2);
  std::string steps =
      "# Steps\n\nA step is one key in a list of steps, with `name:` and `on_error:` beside it where needed. `busway help step "
      "NAME` "
      "prints its section.\n\n";
  for (const auto& [name, type] : registry.steps()) steps += step_reference(type, 2);
  return {{"adapters.md", page(adapters)},
          {"command-line.md", page(command_line_page(app))},
          {"diagnostics.md", page(diagnostics_page())},
          {"formats.md", page(formats)},
          {"plugin-manifest.md", page(manifest_page())},
          {"route-files.md", page(route_file_page())},
          {"steps.md", page(steps)},
          {"tests.md", page(tests_page())}};
}

}  // namespace busway::cli
