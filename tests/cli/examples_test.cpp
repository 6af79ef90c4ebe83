#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "bus/cli/builtin_registry.hpp"
#include "bus/cli/new_bundle.hpp"
#include "routes/compile.hpp"
#include "routes/test/suite.hpp"
#include "routes/yaml.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "transforms/jsonata/jsonata.hpp"

using namespace busway;
namespace fs = std::filesystem;

namespace {

std::string indented(std::string_view text, std::size_t by) {
  std::string out;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    out += std::string(by, ' ') + std::string(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// The values of `key` anywhere below the node: services that calls name, listeners that routes are on.
void collect(const ConfigNode& node, std::string_view key, std::set<std::string>& out) {
  for (const ConfigNode& item : node.items) collect(item, key, out);
  for (const ConfigNode::Entry& entry : node.entries) {
    if (entry.key.text == key && entry.value.is_scalar()) out.insert(entry.value.text);
    collect(entry.value, key, out);
  }
}

const std::string step_frame = "routes:\n  example:\n    from: { http: POST /example, on: example }\n    steps:\n";
const std::string http_listener = "{ http: { listen: '127.0.0.1:0' } }\n";

// The bundle an example is checked in: bus/registry.hpp, Example.
std::string embedded(const std::string& text, bool is_format, const std::string& listener) {
  Findings findings;
  auto tree = routes::read_yaml(text, std::make_shared<const std::string>("example"), findings);
  REQUIRE(tree);
  std::set<std::string> services;
  std::set<std::string> listeners;
  collect(*tree, "service", services);
  collect(*tree, "on", listeners);
  std::string out;
  if (is_format) {
    out = "routes:\n  example:\n    from:\n      http: POST /example\n      on: example\n      format:\n" + indented(text, 8) +
          "    reply: {}\n";
    listeners.insert("example");
  } else if (tree->find("listeners") != nullptr || tree->find("services") != nullptr || tree->find("routes") != nullptr) {
    return text + "\n";
  } else if (tree->find("from") != nullptr) {
    out = "routes:\n  example:\n" + indented(text, 4);
    if (listeners.empty()) listeners.insert("front");
    if (tree->find("reply") == nullptr && tree->find("steps") == nullptr) out += "    reply: {}\n";
  } else {
    out = step_frame + (tree->is_list() ? indented(text, 6) : "      - " + indented(text, 8).substr(8));
    listeners.insert("example");
  }
  if (!listeners.empty()) out += "listeners:\n";
  for (const std::string& name : listeners) out += "  " + name + ": " + (name == "example" ? http_listener : listener);
  if (!services.empty()) out += "services:\n";
  for (const std::string& name : services) out += "  " + name + ": { http: { endpoints: ['http://127.0.0.1:9'] } }\n";
  return out;
}

void check_example(const std::string& of, const Example& example, bool is_format, const std::string& listener = http_listener) {
  CAPTURE(of);
  CAPTURE(example.title);
  fakes::TemporaryDirectory bundle;
  fs::copy(fs::path(BUSWAY_SOURCE_DIR) / "tests/cli/example_files", bundle.path(), fs::copy_options::recursive);
  std::string text = embedded(example.text, is_format, listener);
  CAPTURE(text);
  bundle.write("routes.yaml", text);
  Findings findings;
  routes::load_bundle(bundle.path().string(), cli::builtin_registry(), jsonata::language(), routes::LoadMode::check, findings);
  for (const Finding& finding : findings.all()) {
    // A listener or service alone is not used by any route; that is all that may be said of an example.
    if (finding.id != "BW2009") FAIL_CHECK(to_text(finding));
  }
}

}  // namespace

TEST_CASE("every documented example is right") {
  const Registry& registry = cli::builtin_registry();
  for (const auto& [name, type] : registry.adapters()) {
    std::string listener =
        type.listens_on == "tcp" ? "{ tcp: { listen: '127.0.0.1:0', frame: { length_prefix: 2 } } }\n" : http_listener;
    for (const Example& example : type.examples) check_example("adapter " + name, example, false, listener);
  }
  for (const auto& [name, type] : registry.formats()) {
    for (const Example& example : type.examples) check_example("format " + name, example, true);
  }
  for (const auto& [name, type] : registry.steps()) {
    for (const Example& example : type.examples) check_example("step " + name, example, false);
  }
}

TEST_CASE("every component has a summary, documented fields and an example") {
  const Registry& registry = cli::builtin_registry();
  auto documented = [](const std::string& of, const std::vector<FieldInfo>& fields) {
    for (const FieldInfo& field : fields) {
      CAPTURE(of);
      CAPTURE(field.name);
      CHECK(field.doc.ends_with('.'));
      CHECK(!field.type.empty());
      CHECK(!field.schema.empty());
    }
  };
  for (const auto& [name, type] : registry.adapters()) {
    CAPTURE(name);
    CHECK(type.summary.ends_with('.'));
    CHECK(!type.examples.empty());
    CHECK(!type.badge.acknowledges.empty());
    documented(name, type.listener.fields);
    documented(name, type.inlet.fields);
    documented(name, type.target.fields);
    documented(name, type.call);
  }
  for (const auto& [name, type] : registry.formats()) {
    CAPTURE(name);
    CHECK(type.summary.ends_with('.'));
    CHECK(!type.examples.empty());
    documented(name, type.format.fields);
  }
  for (const auto& [name, type] : registry.steps()) {
    CAPTURE(name);
    CHECK(type.summary.ends_with('.'));
    CHECK(!type.examples.empty());
    documented(name, type.step.fields);
  }
}

TEST_CASE("a new bundle passes its own check and tests") {
  fakes::TemporaryDirectory directory;
  for (const auto& [name, text] : cli::new_bundle_files("shop")) directory.write(name, text);
  Findings findings;
  auto bundle = routes::load_bundle(directory.path().string(), cli::builtin_registry(), jsonata::language(),
                                    routes::LoadMode::test, findings);
  REQUIRE(bundle.snapshot != nullptr);
  auto suite = routes::run_tests(bundle, cli::builtin_registry(), jsonata::language(), "", findings);
  CHECK(findings.all().empty());
  CHECK(suite.passed == 4);
  CHECK(suite.failed == 0);
}
