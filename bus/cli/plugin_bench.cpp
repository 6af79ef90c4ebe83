#include "bus/cli/plugin_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>

#include "bus/cli/builtin_registry.hpp"
#include "bus/cli/files.hpp"
#include "bus/cli/plugin_registry.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/step_bench.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/json_text.hpp"
#include "bus/log.hpp"
#include "routes/bundle_files.hpp"
#include "routes/secrets.hpp"
#include "routes/yaml.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::cli {

namespace fs = std::filesystem;

namespace {

constexpr int rounds = 5;

struct BenchOptions {
  std::string plugin;
  std::string bundle;
  std::string step;
  std::string settings;
  std::string input;
  std::string format = "text";
  double seconds = 2;
  std::size_t in_flight = 16;
};

// A plugin's file, found by path or by name.
struct PluginFile {
  std::string path;
  bool manifest = false;
};

std::optional<PluginFile> at_path(const fs::path& path) {
  std::error_code unused;
  if (fs::is_directory(path, unused)) return PluginFile{(path / "plugin.yaml").string(), true};
  if (!fs::exists(path, unused)) return std::nullopt;
  return PluginFile{path.string(), path.extension() == ".yaml"};
}

std::optional<PluginFile> find_plugin(const BenchOptions& options) {
  if (auto found = at_path(options.plugin)) return found;
  for (const plugins::PluginDirectory& directory : plugin_directories(options.bundle)) {
    for (const std::string& name : {options.plugin + ".so", options.plugin}) {
      if (auto found = at_path(fs::path(directory.path) / name)) return found;
    }
  }
  return std::nullopt;
}

// A value that a key may have, as YAML; empty where none can be made up.
std::string sample_of(const plugins::FieldDeclaration& field) {
  switch (field.type) {
    case BUSWAY_FIELD_BOOLEAN: return "true";
    case BUSWAY_FIELD_INTEGER: return field.at_least.empty() ? field.at_most.empty() ? "1" : field.at_most : field.at_least;
    case BUSWAY_FIELD_DURATION: return field.at_least.empty() ? field.at_most.empty() ? "1s" : field.at_most : field.at_least;
    case BUSWAY_FIELD_SIZE: return field.at_least.empty() ? field.at_most.empty() ? "1KiB" : field.at_most : field.at_least;
    case BUSWAY_FIELD_TEXT:
    case BUSWAY_FIELD_SECRET: return "text";
    case BUSWAY_FIELD_CHOICE: return field.choices.empty() ? "" : json_string(field.choices.front());
    case BUSWAY_FIELD_TEXTS: return "[text]";
    default: return "";
  }
}

// With what settings a step is measured: those that were given, none where it needs none, those of its first example, or made-up
// ones. Nothing after a finding.
std::optional<ConfigNode> settings_of(const plugins::ComponentDeclaration& step, const BenchOptions& options,
                                      Findings& findings) {
  auto read = [&](const std::string& text, const std::string& name) {
    return routes::read_yaml(text, std::make_shared<const std::string>(name), findings);
  };
  if (!options.settings.empty()) return read(options.settings, "--settings");
  std::string made = "{";
  bool needed = false;
  for (const plugins::FieldDeclaration& field : step.fields) {
    if (!field.required) continue;
    needed = true;
    made += " " + json_string(field.name) + ": " + sample_of(field) + ",";
  }
  if (needed) {
    for (const Example& example : step.examples) {
      auto node = read(example.text, "example '" + example.title + "' of " + step.name);
      if (!node) return std::nullopt;
      const ConfigNode& piece = node->is_list() && !node->items.empty() ? node->items.front() : *node;
      if (const ConfigNode::Entry* entry = piece.is_map() ? piece.find(step.name) : nullptr) return entry->value;
    }
  }
  return read(made + " }", "made-up settings of " + step.name);
}

// A small document; what the settings say by a text may be the name of a member, so each of them is one.
void add_texts(const ConfigNode& node, std::string& out) {
  if (node.is_map()) {
    for (const ConfigNode::Entry& entry : node.entries) add_texts(entry.value, out);
  } else if (node.is_list()) {
    for (const ConfigNode& item : node.items) add_texts(item, out);
  } else if (!node.text.empty()) {
    std::string member = json_string(node.text) + ":\"4111111111111111\",";
    if (out.find(member) == std::string::npos) out += member;
  }
}

std::string sample_body(const ConfigNode& settings) {
  std::string out = "{";
  add_texts(settings, out);
  return out + R"("id":17,"name":"Ada Lovelace","lines":[{"sku":"A1","qty":3,"price":12.50},{"sku":"B2","qty":1,"price":0.05}]})";
}

double middle(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// What the rounds of one step came to.
struct Row {
  std::string name;
  std::vector<double> per_second{};
  std::vector<double> own_cpu{};
  std::vector<double> plugin_cpu{};
  Durations durations{};
  std::optional<std::string> failure{};

  void add(StepFigures figures) {
    per_second.push_back(figures.per_second);
    own_cpu.push_back(figures.own_cpu_us);
    plugin_cpu.push_back(figures.plugin_cpu_us);
    if (!failure) failure = std::move(figures.failure);
  }
};

// A round of nothing and a round of the step in turn, so that what the machine does besides meets both.
std::pair<Row, Row> measure(const StepBench& bench, const std::string& name, const std::shared_ptr<const Step>& step,
                            const BenchOptions& options) {
  std::pair<Row, Row> out{Row{"nothing, built in"}, Row{name}};
  auto nothing = step_of_nothing();
  auto part = std::chrono::milliseconds(static_cast<std::int64_t>(std::max(options.seconds, 0.01) * 1000 / rounds));
  Durations warming;
  out.second.failure = bench.run(step, part, warming).failure;
  for (int i = 0; i < rounds && !out.second.failure; ++i) {
    out.first.add(bench.run(nothing, part / 4, out.first.durations));
    out.second.add(bench.run(step, part, out.second.durations));
  }
  return out;
}

void print(const Row& row) {
  fmt::print("  {:<20} {:>12.0f} {:>10.2f} {:>10.2f} {:>10.2f} {:>10.2f}\n", row.name, middle(row.per_second),
             middle(row.own_cpu), middle(row.plugin_cpu), row.durations.at(0.5), row.durations.at(0.99));
}

std::string as_json(const Row& row) {
  return fmt::format(R"("messages_per_second":{:.1f},"cpu_us":{:.4f},"plugin_cpu_us":{:.4f},"p50_us":{:.3f},"p99_us":{:.3f})",
                     middle(row.per_second), middle(row.own_cpu), middle(row.plugin_cpu), row.durations.at(0.5),
                     row.durations.at(0.99));
}

// Whether another message may fare better: `failure` begins with its kind.
bool may_be_of_input(std::string_view failure) {
  if (failure.find("refuses these settings") != std::string_view::npos) return false;
  for (ErrorKind kind : {ErrorKind::format, ErrorKind::internal, ErrorKind::invalid, ErrorKind::mapping}) {
    if (failure.starts_with(std::string(name_of(kind)) + ":")) return true;
  }
  return false;
}

// The steps of one plugin, made and measured one after another.
class PluginBench {
 public:
  PluginBench(const BenchOptions& options, Findings& findings) : options_(options), findings_(findings) {}

  int run(const PluginFile& file, const std::optional<std::string>& input) {
    Registry registry = builtin_registry();
    auto supervisor = std::make_shared<plugins::Supervisor>();
    std::optional<plugins::Declaration> declared = add(file, registry, supervisor);
    if (!declared) return found;
    auto beside =
        routes::BundleDirectory::open(fs::absolute(file.path).parent_path().string(), routes::BundleDirectory::Listing::none);
    if (!beside) return refuse(beside.error().text);
    routes::SecretReferences secrets(routes::SecretReferences::Reading::resolved);
    CheckContext check{findings_, registry, **beside, secrets, jsonata::language()};
    std::vector<Made> steps;
    for (const plugins::ComponentDeclaration& component : declared->components) {
      if (component.kind != BUSWAY_KIND_STEP || (!options_.step.empty() && options_.step != component.name)) continue;
      auto settings = settings_of(component, options_, findings_);
      auto step = settings ? registry.step(component.name)->step.make(*settings, check, StepContext{}) : nullptr;
      if (step == nullptr) return found;
      steps.push_back({component.name, std::move(step), input ? *input : sample_body(*settings)});
    }
    if (steps.empty())
      return refuse(options_.step.empty() ? "it has no steps, and only steps are measured"
                                          : "it has no step '" + options_.step + "'");
    supervisor->start();
    bool json = options_.format == "json";
    if (!json) {
      fmt::print("{}  {}{}{}\n", file.path, declared->name, declared->version.empty() ? "" : " ", declared->version);
      fmt::print("  {:<20} {:>12} {:>10} {:>10} {:>10} {:>10}\n", "", "messages/s", "bus CPU us", "plugin CPU", "p50 us",
                 "p99 us");
    } else {
      fmt::print("{{\"plugin\":{},\"steps\":[", json_string(declared->name));
    }
    bool good_all = true;
    for (std::size_t i = 0; i < steps.size(); ++i) good_all = one(steps[i], registry, json, i != 0) && good_all;
    if (json) fmt::print("]}}\n");
    std::fflush(stdout);
    return good_all ? good : found;
  }

 private:
  struct Made {
    std::string name;
    std::shared_ptr<const Step> step;
    std::string body;
  };

  std::optional<plugins::Declaration> add(const PluginFile& file, Registry& registry,
                                          const std::shared_ptr<plugins::Supervisor>& supervisor) {
    plugins::ReservedNames reserved = reserved_names();
    if (file.manifest) {
      auto added =
          plugins::add_manifest_files(registry, {{file.path, file.path}}, manifest_reader(), reserved, findings_, supervisor);
      return added.empty() ? std::nullopt : std::optional(added.front()->declaration());
    }
    auto added = plugins::add_plugin_files(registry, {{file.path, file.path}}, Finding::Severity::error, plugins::Purpose::used,
                                           reserved, findings_);
    return added.empty() ? std::nullopt : std::optional(added.front()->declaration());
  }

  int refuse(const std::string& why) {
    findings_.error("BW0001", Position{std::make_shared<const std::string>(options_.plugin), 0, 0},
                    "measuring the plugin: " + why);
    return found;
  }

  // False when a message failed: what that costs says nothing of the step.
  bool one(const Made& made, const Registry& registry, bool json, bool behind_another) {
    StepBench bench({.format = registry.plain_format("json").get(),
                     .body = made.body,
                     .content_type = "application/json",
                     .in_flight = options_.in_flight});
    auto [nothing, step] = measure(bench, "step " + made.name, made.step, options_);
    if (step.failure) {
      refuse("step '" + made.name + "' fails the message (" + *step.failure + ")" +
             (may_be_of_input(*step.failure) ? ": name one that it takes with --input" : ""));
      return false;
    }
    if (json) {
      fmt::print("{}{{\"step\":{},{},\"nothing\":{{{}}}}}", behind_another ? "," : "", json_string(made.name), as_json(step),
                 as_json(nothing));
      return true;
    }
    print(nothing);
    print(step);
    return true;
  }

  const BenchOptions& options_;
  Findings& findings_;
};

int bench(const BenchOptions& options) {
  log().set_level(LogLevel::error);
  Findings findings;
  int result = found;
  std::optional<std::string> input;
  bool readable = true;
  if (!options.input.empty()) {
    auto read = read_file(options.input);
    readable = read.has_value();
    if (readable) input = std::move(*read);
    if (!readable) findings.error(read.error().code, Position{}, read.error().text);
  }
  if (auto file = find_plugin(options); !file) {
    findings.error("BW0001", Position{std::make_shared<const std::string>(options.plugin), 0, 0},
                   "there is no such plugin: name its file or directory, or, with --bundle, what it is called there");
  } else if (readable) {
    result = PluginBench(options, findings).run(*file, input);
  }
  write_text(findings, std::cerr);
  return findings.has_errors() ? found : result;
}

}  // namespace

void add_plugin_bench(CLI::App& verb, int& exit_code) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* benching = verb.add_subcommand(
      "bench", "Measure a plugin's steps beside a built-in one that does nothing: the same message again and again.");
  benching
      ->add_option("PLUGIN", options->plugin,
                   "A shared library, a plugin.yaml or its directory; or a plugin's name, with --bundle or "
                   "of the installation")
      ->required();
  benching->add_option("--bundle", options->bundle, "A bundle whose plugins count, too")->option_text("DIR");
  benching->add_option("--step", options->step, "Only this step")->option_text("NAME");
  benching
      ->add_option("--settings", options->settings,
                   "The step's settings, as in a route file; by default none, or those of its first example")
      ->option_text("YAML");
  benching->add_option("--input", options->input, "The message's body, JSON; '-' reads it from standard input")
      ->option_text("FILE");
  benching->add_option("--seconds", options->seconds, "How long each step is measured")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str()
      ->option_text("N [2]");
  benching
      ->add_option("--in-flight", options->in_flight, "Messages at a time, of a step that waits (of a process it always does)")
      ->check(CLI::Range(1, 1024))
      ->option_text("N [16]");
  benching->add_option("--format", options->format, "How figures are written")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("text|json");
  benching->footer(
      "CPU is microseconds a message, of the bus and of the plugin's process. Figures are the median of five rounds in turn with "
      "the built-in step, p50 and p99 those of all. Exits 1 when a message fails.");
  benching->callback([options, &exit_code] { exit_code = bench(*options); });
}

}  // namespace busway::cli
