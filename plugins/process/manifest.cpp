#include "plugins/process/manifest.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "plugins/host/no_bundle.hpp"
#include "plugins/host/settings.hpp"
#include "plugins/host/utf8.hpp"
#include "plugins/process/wire.hpp"

namespace busway::plugins {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_manifests = 64;
constexpr std::uintmax_t most_bytes = 1024UL * 1024;
constexpr std::size_t most_steps = 256;

// ---- the file, as its keys have it ----

struct KeyConfig {
  std::uint32_t type = BUSWAY_FIELD_TEXT;
  bool required = false;
  bool shorthand = false;
  std::string doc{};
  std::string default_text{};
  std::string at_least{};
  std::string at_most{};
  std::vector<std::string> choices{};
};

struct ExampleConfig {
  std::string title{};
  std::string text{};
};

struct StepConfig {
  std::string summary{};
  std::string doc{};
  StepBody body = StepBody::document;
  bool idempotent = false;
  std::chrono::milliseconds timeout{30'000};
  std::vector<std::string> headers{};
  std::vector<std::string> variables{};
  ConfigNode keys{};
  std::vector<ExampleConfig> examples{};
};

struct LimitsConfig {
  ByteSize memory{1024ULL * 1024 * 1024};
  std::optional<std::chrono::milliseconds> processor{};
  int open_files = 256;
};

struct ManifestConfig {
  std::int64_t protocol = 0;
  std::string version{};
  std::vector<std::string> command{};
  std::vector<std::pair<std::string, std::string>> environment{};
  std::vector<std::string> inherits{};
  LimitsConfig limits{};
  int in_flight = 16;
  int queue = 256;
  ByteSize max_body{16ULL * 1024 * 1024};
  std::chrono::milliseconds start_within{10'000};
  std::chrono::milliseconds silence{10'000};
  std::chrono::milliseconds acknowledge_within{5'000};
  std::chrono::milliseconds stop_within{2'000};
  ConfigNode steps{};
};

Fields<KeyConfig> key_fields() {
  return {{"type", &KeyConfig::type, "What its value is.",
           one_of<std::uint32_t>({{"text", BUSWAY_FIELD_TEXT},
                                  {"boolean", BUSWAY_FIELD_BOOLEAN},
                                  {"integer", BUSWAY_FIELD_INTEGER},
                                  {"duration", BUSWAY_FIELD_DURATION},
                                  {"size", BUSWAY_FIELD_SIZE},
                                  {"secret", BUSWAY_FIELD_SECRET},
                                  {"file", BUSWAY_FIELD_FILE},
                                  {"choice", BUSWAY_FIELD_CHOICE},
                                  {"texts", BUSWAY_FIELD_TEXTS}})},
          {"doc", &KeyConfig::doc, "What it is for: one line, a sentence with its full stop.", required()},
          {"required", &KeyConfig::required, "Whether it must be given."},
          {"shorthand", &KeyConfig::shorthand, "Whether a value in place of the step's mapping is this key's."},
          {"default", &KeyConfig::default_text, "What it is when it is left out, as a route file would have it."},
          {"at_least", &KeyConfig::at_least, "The least value of an integer, a duration or a size."},
          {"at_most", &KeyConfig::at_most, "The greatest value of an integer, a duration or a size."},
          {"choices", &KeyConfig::choices, "The words of a choice; the first is the default."}};
}

Fields<ExampleConfig> example_fields() {
  return {{"title", &ExampleConfig::title, "What it shows, in a few words.", required()},
          {"text", &ExampleConfig::text, "The step as it stands in a route file.", required()}};
}

Fields<StepConfig> step_config_fields() {
  return {{"summary", &StepConfig::summary, "One line, a sentence with its full stop.", required()},
          {"doc", &StepConfig::doc, "More about it, as Markdown."},
          {"body", &StepConfig::body,
           "What it is sent of the body: the document as JSON, the bytes as they came, or nothing. With none the body stays as "
           "it is.",
           one_of<StepBody>({{"document", StepBody::document}, {"bytes", StepBody::bytes}, {"none", StepBody::none}})},
          {"idempotent", &StepConfig::idempotent,
           "Whether doing it twice does no harm. Then a message that was with a process that ended is given to the next one."},
          {"timeout", &StepConfig::timeout, "How long an answer may take; never longer than the route's deadline.", at_least(1ms),
           at_most(1h)},
          {"headers", &StepConfig::headers, "The names of header fields it is sent."},
          {"variables", &StepConfig::variables, "The names of variables it is sent."},
          {"keys", &StepConfig::keys, "The keys of the step, a mapping by name."},
          {"examples", &StepConfig::examples, "Worked examples; `busway plugin check` tries them.", example_fields()}};
}

Fields<LimitsConfig> limits_fields() {
  return {{"memory", &LimitsConfig::memory, "Memory that it can write to (RLIMIT_DATA).", at_least(ByteSize{16ULL << 20}),
           at_most(ByteSize{1ULL << 40})},
          {"processor", &LimitsConfig::processor, "Processor time of its whole life, after which it is ended and started anew.",
           at_least(1s)},
          {"open_files", &LimitsConfig::open_files, "Files and sockets at a time.", at_least(16), at_most(65536)}};
}

Fields<ManifestConfig> manifest_fields() {
  return {
      {"protocol", &ManifestConfig::protocol, "The version of the plugin protocol it speaks: 1.", required()},
      {"version", &ManifestConfig::version, "Of the plugin, for show."},
      {"command", &ManifestConfig::command,
       "The program and its arguments. It runs in the manifest's directory; without a slash it is looked for in PATH.",
       required()},
      {"steps", &ManifestConfig::steps, "The steps it offers, a mapping by name.", required()},
      {"environment", &ManifestConfig::environment, "Variables of its environment."},
      {"inherits", &ManifestConfig::inherits,
       "Variables of the bus's own environment that it gets, too. Besides it has PATH, HOME, LANG, TZ and TMPDIR."},
      {"limits", &ManifestConfig::limits, "How far the process may go.", limits_fields()},
      {"in_flight", &ManifestConfig::in_flight, "Messages it has at a time at most, whatever it grants.", at_least(1),
       at_most(1024)},
      {"queue", &ManifestConfig::queue, "Messages that wait for it at most; what comes then fails (`overload`).", at_least(1),
       at_most(100'000)},
      {"max_body", &ManifestConfig::max_body, "The largest body it is sent or may answer with.", at_least(ByteSize{1024}),
       at_most(ByteSize{1ULL << 30})},
      {"start_within", &ManifestConfig::start_within, "How long it may take from its start until it is ready.", at_least(100ms),
       at_most(5min)},
      {"silence", &ManifestConfig::silence, "How long nothing may be heard of it, heartbeats included, before it is killed.",
       at_least(1s), at_most(5min)},
      {"acknowledge_within", &ManifestConfig::acknowledge_within,
       "How long after its deadline a message may stay unanswered before the process is killed.", at_least(100ms), at_most(5min)},
      {"stop_within", &ManifestConfig::stop_within, "How long it may take to end when it is told to.", at_least(0ms),
       at_most(1min)}};
}

// ---- the rules that keys alone cannot hold ----

class Reading {
 public:
  Reading(const ManifestFile& file, CheckContext& check) : file_(file), check_(check) {}

  std::optional<Manifest> read(const ConfigNode& node) {
    ManifestConfig config;
    bool good = manifest_fields().read(node, check_, config);
    if (const ConfigNode::Entry* protocol = node.is_map() ? node.find("protocol") : nullptr;
        protocol != nullptr && good && config.protocol != wire::version) {
      say("BW7102", protocol->value.at,
          "the plugin speaks version " + protocol->value.text.substr(0, 20) +
              " of the plugin protocol, and this busway has version " + std::to_string(wire::version));
      return std::nullopt;
    }
    Manifest out;
    if (good) good = take(config, node, out);
    good = read_steps(config.steps, out) && good;
    if (!good) return std::nullopt;
    auto checked = check_declaration(out.declaration());
    if (checked) return out;
    say("BW7104", node.at, "the plugin cannot be used as it declares itself: " + checked.error().text);
    return std::nullopt;
  }

 private:
  void say(const std::string& id, const Position& at, std::string text) { check_.findings.error(id, at, std::move(text)); }

  bool take(ManifestConfig& config, const ConfigNode& node, Manifest& out) {
    fs::path folder = fs::path(file_.path).parent_path();
    std::error_code error;
    out.directory = fs::canonical(folder, error).string();
    out.name = fs::path(out.directory).filename().string();
    out.shown = file_.shown;
    out.version = std::move(config.version);
    out.command = std::move(config.command);
    out.environment = std::move(config.environment);
    out.inherits = std::move(config.inherits);
    out.limits = {config.limits.memory.bytes, config.limits.processor, config.limits.open_files};
    out.in_flight = static_cast<std::size_t>(config.in_flight);
    out.queue = static_cast<std::size_t>(config.queue);
    out.max_body = config.max_body.bytes;
    out.start_within = config.start_within;
    out.silence = config.silence;
    out.acknowledge_within = config.acknowledge_within;
    out.stop_within = config.stop_within;
    const ConfigNode& command = node.find("command")->value;
    if (out.command.empty() || out.command.front().empty()) {
      say("BW7103", command.at,
          "the plugin's command is empty: name the program and its arguments, as in [python3, " + out.name + ".py]");
      return false;
    }
    for (const std::string& word : out.command) {
      if (word.find('\0') == std::string::npos) continue;
      say("BW7103", command.at, "the plugin's command holds a zero byte");
      return false;
    }
    for (const auto& [name, value] : out.environment) {
      if (is_variable(name) && value.find('\0') == std::string::npos) continue;
      say("BW7103", node.find("environment")->value.at,
          "'" + name.substr(0, 60) +
              "' cannot be set in its environment: a name has letters, digits and '_', and BUSWAY_ is the bus's own");
      return false;
    }
    for (const std::string& name : out.inherits) {
      if (is_variable(name)) continue;
      say("BW7103", node.find("inherits")->value.at,
          "'" + name.substr(0, 60) + "' is no name of a variable that a plugin can inherit");
      return false;
    }
    return find_program(out, command);
  }

  static bool is_variable(const std::string& name) {
    return !name.empty() && !name.starts_with("BUSWAY_") && !(name[0] >= '0' && name[0] <= '9') &&
           std::all_of(name.begin(), name.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
           });
  }

  // A program of the plugin's own lies in its directory; what PATH has is another machine's matter.
  bool find_program(const Manifest& manifest, const ConfigNode& command) {
    const std::string& program = manifest.command.front();
    if (program.starts_with('/') || program.find('/') == std::string::npos) return true;
    std::string path = manifest.directory + "/" + program;
    struct stat about{};
    if (::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) {
      say("BW7103", command.at, "there is no program '" + program + "' in the plugin's directory");
    } else if (::access(path.c_str(), X_OK) != 0) {
      say("BW7103", command.at, "'" + program + "' cannot be run: chmod +x it");
    } else {
      return true;
    }
    return false;
  }

  bool read_steps(const ConfigNode& steps, Manifest& out) {
    if (!steps.is_map() || steps.entries.empty() || steps.entries.size() > most_steps) {
      if (!steps.at.file) return false;  // it is not there, which is a finding already
      say("BW7104", steps.at, "expected a mapping of steps by their names, at most 256");
      return false;
    }
    bool good = true;
    for (const ConfigNode::Entry& entry : steps.entries) good = read_step(entry, out) && good;
    return good;
  }

  bool read_step(const ConfigNode::Entry& entry, Manifest& out) {
    StepConfig config;
    if (!step_config_fields().read(entry.value, check_, config)) return false;
    ProcessStep& step = out.steps.emplace_back();
    step.body = config.body;
    step.idempotent = config.idempotent;
    step.timeout = config.timeout;
    step.headers = std::move(config.headers);
    step.variables = std::move(config.variables);
    ComponentDeclaration& declared = step.declared;
    declared.kind = BUSWAY_KIND_STEP;
    declared.name = entry.key.text;
    declared.summary = std::move(config.summary);
    declared.doc = std::move(config.doc);
    declared.leaves_body = config.body == StepBody::none;
    declared.later = true;
    for (ExampleConfig& example : config.examples)
      declared.examples.push_back({std::move(example.title), std::move(example.text)});
    if (!read_keys(config.keys, declared)) return false;
    Declaration alone{.name = "plugin", .version = "", .components = {declared}};
    auto checked = check_declaration(alone);
    if (!checked) say("BW7104", entry.key.at, checked.error().text);
    return checked.has_value();
  }

  bool read_keys(const ConfigNode& keys, ComponentDeclaration& declared) {
    if (keys.kind == ConfigNode::Kind::null) return true;
    if (!keys.is_map()) {
      say("BW1005", keys.at, "expected a mapping of keys by their names, found " + std::string(keys.kind_name()));
      return false;
    }
    bool good = true;
    for (const ConfigNode::Entry& entry : keys.entries) {
      KeyConfig config;
      if (!key_fields().read(entry.value, check_, config)) {
        good = false;
        continue;
      }
      FieldDeclaration field{.type = config.type,
                             .required = config.required,
                             .shorthand = config.shorthand,
                             .name = entry.key.text,
                             .doc = std::move(config.doc),
                             .default_text = std::move(config.default_text),
                             .at_least = std::move(config.at_least),
                             .at_most = std::move(config.at_most),
                             .choices = std::move(config.choices)};
      if (auto made = DeclaredField::make(field); !made) {
        say("BW7104", entry.key.at, "the key '" + field.name.substr(0, 80) + "' " + made.error().text);
        good = false;
      }
      declared.fields.push_back(std::move(field));
    }
    return good;
  }

  const ManifestFile& file_;
  CheckContext& check_;
};

// The bytes of the manifest, when its owner alone can change what is run.
Result<std::string> content_of(const ManifestFile& file) {
  std::error_code error;
  fs::path real = fs::canonical(file.path, error);
  fs::path folder = fs::canonical(fs::path(file.path).parent_path(), error);
  if (error) return fail(ErrorKind::config, "cannot be opened: " + error.message(), "BW7101");
  if (real.parent_path() != folder) return fail(ErrorKind::config, "is a link that leads out of its directory", "BW7101");
  for (const fs::path& path : {real, folder}) {
    if ((fs::status(path, error).permissions() & fs::perms::others_write) == fs::perms::none && !error) continue;
    return fail(ErrorKind::config,
                "or its directory can be changed by every user of this machine, and the bus runs what it says: chmod o-w both",
                "BW7002");
  }
  if (!fs::is_regular_file(real, error)) return fail(ErrorKind::config, "is not a file", "BW7101");
  if (fs::file_size(real, error) > most_bytes || error) return fail(ErrorKind::config, "is larger than 1MiB", "BW7101");
  std::ifstream in(real, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad()) return fail(ErrorKind::config, "cannot be read", "BW7101");
  return content;
}

}  // namespace

Declaration Manifest::declaration() const {
  Declaration out{.name = name, .version = version, .components = {}};
  for (const ProcessStep& step : steps) out.components.push_back(step.declared);
  return out;
}

Result<std::vector<ManifestFile>> manifests_in(const std::string& directory, const std::string& prefix) {
  std::vector<ManifestFile> out;
  std::error_code error;
  fs::directory_iterator at(directory, error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) return out;
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    std::string name = at->path().filename().string();
    std::error_code unused;
    if (!name.starts_with('.') && fs::exists(at->path() / "plugin.yaml", unused))
      out.push_back({(at->path() / "plugin.yaml").string(), prefix + name + "/plugin.yaml"});
  }
  if (error) return fail(ErrorKind::config, "cannot be listed: " + error.message(), "BW7101");
  if (out.size() > most_manifests)
    return fail(ErrorKind::config,
                "holds " + std::to_string(out.size()) + " plugins; " + std::to_string(most_manifests) + " are the most",
                "BW7101");
  std::sort(out.begin(), out.end(), [](const ManifestFile& a, const ManifestFile& b) { return a.path < b.path; });
  return out;
}

std::optional<Manifest> read_manifest(const ManifestFile& file, const Registry& registry, const ReadYaml& read_yaml,
                                      Findings& findings) {
  auto name = std::make_shared<const std::string>(file.shown);
  auto content = content_of(file);
  if (!content) {
    findings.error(content.error().code, Position{name, 0, 0}, "the plugin's manifest " + content.error().text);
    return std::nullopt;
  }
  auto node = read_yaml(*content, name, findings);
  if (!node) return std::nullopt;
  NoBundle none;
  CheckContext check{findings, registry, none, none, none};
  return Reading(file, check).read(*node);
}

ManifestKeys manifest_keys() {
  return {.manifest = manifest_fields().infos(), .step = step_config_fields().infos(), .key = key_fields().infos()};
}

}  // namespace busway::plugins
