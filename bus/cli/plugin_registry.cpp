#include "bus/cli/plugin_registry.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "bus/cli/builtin_registry.hpp"
#include "routes/language_fields.hpp"
#include "routes/required_plugins.hpp"
#include "routes/test/test_fields.hpp"
#include "routes/yaml.hpp"

namespace busway::cli {

namespace fs = std::filesystem;

namespace {

// Nothing when there is no such bundle: what lies beside a misspelt path is not its.
std::optional<plugins::PluginDirectory> of_bundle(const std::string& bundle) {
  std::error_code unused;
  if (!fs::exists(bundle, unused)) return std::nullopt;
  fs::path root = fs::is_directory(bundle, unused) ? fs::path(bundle) : fs::path(bundle).parent_path();
  return plugins::PluginDirectory{
      .path = (root / "plugins").string(), .prefix = "plugins/", .severity = Finding::Severity::error};
}

plugins::PluginDirectory of_installation() {
  std::string path;
  if (const char* named = std::getenv("BUSWAY_PLUGINS"); named != nullptr) {
    path = named;
  } else {
    std::error_code error;
    fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (!error) path = (program.parent_path().parent_path() / "lib/busway/plugins").string();
  }
  return {.path = path, .prefix = path + "/", .severity = Finding::Severity::warning};
}

void look_at_named_directory(Findings& findings) {
  const char* named = std::getenv("BUSWAY_PLUGINS");
  std::error_code unused;
  if (named == nullptr || *named == '\0' || fs::is_directory(named, unused)) return;
  findings.warning("BW7107", Position{std::make_shared<const std::string>(named), 0, 0},
                   "BUSWAY_PLUGINS names this, and there is no such directory: mend it, or leave it empty for none");
}

// What the bundle requires; a finding for each of it that is nowhere.
plugins::Pins pins_of(const std::string& bundle, const std::vector<plugins::PluginDirectory>& directories, Findings& findings) {
  plugins::Pins out;
  if (bundle.empty()) return out;
  for (auto& [name, required] : routes::required_plugins(bundle)) {
    std::error_code unused;
    bool there =
        std::any_of(directories.begin(), directories.end(), [&, &wanted = name](const plugins::PluginDirectory& directory) {
          fs::path place(directory.path);
          return fs::exists(place / (wanted + ".so"), unused) || fs::exists(place / wanted / "plugin.yaml", unused);
        });
    if (!there) {
      findings.error("BW7011", required.at,
                     "the plugin '" + name + "' is required, and there is none: put it into plugins/ as " + name + ".so or " +
                         name + "/plugin.yaml");
    }
    out.emplace(name, plugins::Pin{std::move(required.sha256), std::move(required.at)});
  }
  return out;
}

// A finding of a file of a plugin that is not used: so it, or what is overlooked.
bool leaves_out(const Finding& finding, const std::vector<plugins::PluginDirectory>& directories) {
  if (finding.id == "BW7107") return true;
  bool left_out = finding.severity == Finding::Severity::error || finding.text.ends_with("left out)");
  return left_out && finding.at.file != nullptr &&
         std::any_of(directories.begin(), directories.end(),
                     [&](const plugins::PluginDirectory& directory) { return finding.at.file->starts_with(directory.prefix); });
}

// The end of a finding that something is unknown; empty when plugins have nothing to do with it.
std::string about_left_out(const Findings& findings, const PluginChoice& choice) {
  if (choice.none) return "; plugins were left out (--no-plugins)";
  std::vector<plugins::PluginDirectory> directories = plugin_directories(choice.bundle);
  std::vector<std::string> files;
  for (const Finding& finding : findings.all()) {
    if (leaves_out(finding, directories) && std::find(files.begin(), files.end(), *finding.at.file) == files.end())
      files.push_back(*finding.at.file);
  }
  if (files.empty()) return "";
  std::string others = files.size() == 1 ? "" : " and " + std::to_string(files.size() - 1) + " more";
  return "; it may be of a plugin that cannot be used: see what is said of " + files.front() + others;
}

}  // namespace

void tell_of_left_out(const PluginChoice& choice, Findings& findings) {
  std::string more = about_left_out(findings, choice);
  if (more.empty()) return;
  Findings out;
  for (const Finding& finding : findings.all()) {
    bool unknown = finding.id == "BW2006" || (finding.id == "BW2017" && finding.text.starts_with("there is no adapter"));
    std::string text = finding.text + (unknown ? more : "");
    if (finding.severity == Finding::Severity::error) {
      out.error(finding.id, finding.at, std::move(text));
    } else {
      out.warning(finding.id, finding.at, std::move(text));
    }
  }
  findings = std::move(out);
}

void add_plugin_options(CLI::App& verb, PluginChoice& choice, bool bundle_option) {
  if (bundle_option) verb.add_option("--bundle", choice.bundle, "A bundle whose plugins count, too")->option_text("DIR");
  verb.add_flag("--no-plugins", choice.none, "Load no plugin, neither the bundle's nor the installation's");
}

plugins::ReservedNames reserved_names() {
  plugins::ReservedNames out;
  for (const FieldInfo& field : routes::step_fields()) out.steps.push_back(field.name);
  for (const auto& fields :
       {routes::listener_fields(), routes::from_fields(), routes::service_fields(), routes::send_config_fields().infos()}) {
    for (const FieldInfo& field : fields) out.adapters.push_back(field.name);
  }
  return out;
}

std::vector<plugins::PluginDirectory> plugin_directories(const std::string& bundle) {
  std::vector<plugins::PluginDirectory> out;
  if (auto own = of_bundle(bundle)) out.push_back(std::move(*own));
  out.push_back(of_installation());
  return out;
}

plugins::ReadYaml manifest_reader() {
  return [](std::string_view bytes, std::shared_ptr<const std::string> file, Findings& findings) {
    return routes::read_yaml(bytes, std::move(file), findings);
  };
}

KnownComponents known_components(const PluginChoice& choice, plugins::Purpose purpose, Findings& findings) {
  KnownComponents out{std::shared_ptr<const Registry>(std::shared_ptr<void>(), &builtin_registry()), {}, {}, {}};
  if (choice.none) return out;
  auto registry = std::make_shared<Registry>(builtin_registry());
  std::vector<plugins::PluginDirectory> directories = plugin_directories(choice.bundle);
  look_at_named_directory(findings);
  plugins::ReservedNames reserved = reserved_names();
  plugins::Pins pins = pins_of(choice.bundle, directories, findings);
  out.plugins = plugins::add_plugins(*registry, directories, purpose, reserved, findings, pins);
  if (purpose == plugins::Purpose::used) out.supervisor = std::make_shared<plugins::Supervisor>();
  out.processes =
      plugins::add_process_plugins(*registry, directories, out.supervisor, manifest_reader(), reserved, findings, pins);
  if (!out.plugins.empty() || !out.processes.empty()) out.registry = registry;
  return out;
}

}  // namespace busway::cli
