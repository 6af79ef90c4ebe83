#include "plugins/process/processes.hpp"

#include <filesystem>
#include <map>
#include <utility>

#include "bus/json_text.hpp"
#include "plugins/host/adapter.hpp"
#include "plugins/host/settings.hpp"
#include "plugins/process/adapter.hpp"
#include "plugins/process/settings_json.hpp"
#include "plugins/process/step.hpp"

namespace busway::plugins {

namespace {

// A step with its keys made ready; shared by all its uses.
struct ProcessComponent {
  std::shared_ptr<const Manifest> manifest;
  std::size_t index;
  std::shared_ptr<Supervisor> supervisor;
  Process* process;
  std::vector<DeclaredField> fields;
  std::vector<FieldInfo> infos;

  const ProcessStep& step() const { return manifest->steps[index]; }
};

// The settings of one use as JSON; nothing after a finding.
std::optional<Secret> read_settings(const ProcessComponent& component, const ConfigNode& node, CheckContext& check) {
  std::vector<Setting> settings;
  for (const DeclaredField& field : component.fields) settings.push_back(field.left_out());
  bool good = read_fields(node, component.infos, {}, check, [&](std::size_t at, const ConfigNode& value) {
    return component.fields[at].read(value, check, settings[at]);
  });
  if (!good) return std::nullopt;
  auto json = settings_json(component.step().declared.fields, settings);
  if (json) return std::move(*json);
  check.findings.error("BW7105", node.place_under(json.error().key), json.error().text);
  return std::nullopt;
}

void add_step(Registry& registry, const std::shared_ptr<const ProcessComponent>& component) {
  const ComponentDeclaration& declared = component->step().declared;
  Role<Step, StepContext> role;
  role.fields = component->infos;
  role.make = [component](const ConfigNode& node, CheckContext& check, const StepContext&) -> std::unique_ptr<Step> {
    auto settings = read_settings(*component, node, check);
    if (!settings) return nullptr;
    std::uint64_t use = component->process == nullptr
                            ? 0
                            : component->process->add_use({.what = R"("step":)" + json_string(component->step().declared.name),
                                                           .settings = std::move(*settings)});
    return make_process_step(component->supervisor, component->step(), component->process, use);
  };
  registry.add(StepType{.name = declared.name,
                        .summary = declared.summary,
                        .doc = declared.doc,
                        .step = std::move(role),
                        .examples = declared.examples});
}

class AddingProcesses {
 public:
  AddingProcesses(Registry& registry, std::shared_ptr<Supervisor> supervisor, const ReadYaml& read_yaml,
                  const ReservedNames& reserved, Findings& findings)
      : registry_(registry),
        supervisor_(std::move(supervisor)),
        read_yaml_(read_yaml),
        reserved_(reserved),
        findings_(findings) {}

  void add(const ManifestFile& file, Finding::Severity severity, const Pin& pin = {}) {
    Findings own;
    auto manifest = read_manifest(file, registry_, read_yaml_, own);
    if (manifest) {
      manifest->pin = pin;
      if (auto same = look_at_program(*manifest); !same)
        own.error(same.error().code, {std::make_shared<const std::string>(file.shown), 0, 0}, "the plugin " + same.error().text);
      look_at_names(*manifest, own);
    }
    report(own, severity);
    if (!manifest || own.has_errors()) return;
    auto shared = std::make_shared<const Manifest>(std::move(*manifest));
    Process* process = supervisor_ == nullptr ? nullptr : &supervisor_->add(*shared, registry_.plain_format("json"));
    for (std::size_t i = 0; i < shared->steps.size(); ++i) {
      auto component = std::make_shared<ProcessComponent>(ProcessComponent{shared, i, supervisor_, process, {}, {}});
      for (const FieldDeclaration& field : shared->steps[i].declared.fields) {
        component->fields.push_back(*DeclaredField::make(field));  // the manifest has been checked
        component->infos.push_back(component->fields.back().info());
      }
      add_step(registry_, component);
      owners_["step '" + shared->steps[i].declared.name] = file.shown;
    }
    auto plugin = shared->adapters.empty() ? nullptr : plugin_in_process(shared, supervisor_, process);
    for (std::size_t i = 0; i < shared->adapters.size(); ++i) {
      add_adapter(registry_, plugin, shared->steps.size() + i);
      owners_["adapter '" + shared->adapters[i].declared.name] = file.shown;
    }
    added_.push_back(std::move(shared));
  }

  void say(Finding::Severity severity, const Error& error, const std::string& shown) {
    Findings own;
    own.error(error.code, Position{std::make_shared<const std::string>(shown), 0, 0}, "the plugin directory " + error.text);
    report(own, severity);
  }

  void say(const Overlooked& one) {
    findings_.warning("BW7107", Position{std::make_shared<const std::string>(one.shown), 0, 0}, one.why);
  }

  std::vector<std::shared_ptr<const Manifest>> take() { return std::move(added_); }

 private:
  // Nobody may claim twice, and nothing is ever replaced in silence.
  void look_at_names(const Manifest& manifest, Findings& own) const {
    Position at{std::make_shared<const std::string>(manifest.shown), 0, 0};
    for (const ComponentDeclaration& declared : manifest.declaration().components) {
      const std::string& name = declared.name;
      bool step = declared.kind == BUSWAY_KIND_STEP;
      std::string meaning = reserved_.meaning(step, name);
      if (meaning.empty() && (step ? registry_.step(name) == nullptr : registry_.adapter(name) == nullptr)) continue;
      std::string what = (step ? "step '" : "adapter '") + name;
      auto owner = owners_.find(what);
      std::string taken = !meaning.empty()         ? meaning
                          : owner != owners_.end() ? owner->second + " declares, too"
                                                   : "is built in or another plugin's";
      own.error("BW7009", at, "the plugin declares the " + what + "', which " + taken + ": rename it");
    }
  }

  // A plugin of the installation, which no bundle need know of, is left out with a warning.
  void report(const Findings& own, Finding::Severity severity) {
    for (const Finding& finding : own.all()) {
      if (severity == Finding::Severity::error && finding.severity == Finding::Severity::error) {
        findings_.error(finding.id, finding.at, finding.text);
      } else {
        findings_.warning(finding.id, finding.at,
                          finding.text + (finding.severity == Finding::Severity::error ? " (the plugin is left out)" : ""));
      }
    }
  }

  Registry& registry_;
  std::shared_ptr<Supervisor> supervisor_;
  const ReadYaml& read_yaml_;
  const ReservedNames& reserved_;
  Findings& findings_;
  std::map<std::string, std::string> owners_;
  std::vector<std::shared_ptr<const Manifest>> added_;
};

}  // namespace

std::vector<std::shared_ptr<const Manifest>> add_process_plugins(Registry& registry,
                                                                 const std::vector<PluginDirectory>& directories,
                                                                 const std::shared_ptr<Supervisor>& supervisor,
                                                                 const ReadYaml& read_yaml, const ReservedNames& reserved,
                                                                 Findings& findings, const Pins& pins) {
  AddingProcesses adding(registry, supervisor, read_yaml, reserved, findings);
  for (const PluginDirectory& directory : directories) {
    auto files = manifests_in(directory.path, directory.prefix);
    if (!files) {
      adding.say(directory.severity, files.error(), directory.prefix);
      continue;
    }
    for (const Overlooked& one : overlooked_in(directory.path, directory.prefix)) adding.say(one);
    for (const ManifestFile& file : *files) {
      auto pin = pins.find(std::filesystem::path(file.path).parent_path().filename().string());
      bool pinned = pin != pins.end();
      adding.add(file, pinned ? Finding::Severity::error : directory.severity, pinned ? pin->second : Pin{});
    }
  }
  return adding.take();
}

std::vector<std::shared_ptr<const Manifest>> add_manifest_files(Registry& registry, const std::vector<ManifestFile>& files,
                                                                const ReadYaml& read_yaml, const ReservedNames& reserved,
                                                                Findings& findings,
                                                                const std::shared_ptr<Supervisor>& supervisor) {
  AddingProcesses adding(registry, supervisor, read_yaml, reserved, findings);
  for (const ManifestFile& file : files) adding.add(file, Finding::Severity::error);
  return adding.take();
}

}  // namespace busway::plugins
