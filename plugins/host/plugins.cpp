#include "plugins/host/plugins.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "bus/headers.hpp"
#include "plugins/host/components.hpp"

namespace busway::plugins {

std::string ReservedNames::meaning(bool step, std::string_view name) const {
  const std::vector<std::string>& words = step ? steps : adapters;
  if (std::find(words.begin(), words.end(), name) == words.end()) return "";
  return step ? "is a key that every step has" : "is a key of the language where an adapter's stands";
}

namespace {

// What nobody may claim twice.
class Claims {
 public:
  Claims(const Registry& registry, const ReservedNames& reserved) : registry_(registry), reserved_(reserved) {}

  // Why the plugin cannot be added; empty when it can.
  std::string conflict(const Declaration& declaration) const {
    std::set<std::string> own;
    for (const ComponentDeclaration& component : declaration.components) {
      std::string what = std::string(word_for_kind(component.kind)) + " '" + component.name + "'";
      if (!own.insert(what).second) return "declares the " + what + " twice: rename one";
      if (std::string taken = taken_by(component); !taken.empty())
        return "declares the " + what + ", which " + taken + ": rename it";
      for (const std::string& type : component.content_types) {
        if (std::string by = reader_of(type); !by.empty())
          return "declares the " + what + " for the content type '" + type + "', which the format '" + by +
                 "' reads: remove it there";
        if (!own.insert(type).second) return "declares the content type '" + type + "' twice: remove one";
      }
    }
    return "";
  }
  void claim(const Declaration& declaration, const std::string& shown) {
    for (const ComponentDeclaration& component : declaration.components) owners_[key(component)] = shown;
  }

 private:
  static std::pair<std::uint32_t, std::string> key(const ComponentDeclaration& c) { return {c.kind, c.name}; }

  std::string taken_by(const ComponentDeclaration& component) const {
    if (auto owner = owners_.find(key(component)); owner != owners_.end()) return owner->second + " declares, too";
    if (component.kind == BUSWAY_KIND_FORMAT) return registry_.format(component.name) == nullptr ? "" : "is built in";
    bool step = component.kind == BUSWAY_KIND_STEP;
    bool built_in = step ? registry_.step(component.name) != nullptr : registry_.adapter(component.name) != nullptr;
    return built_in ? "is built in" : reserved_.meaning(step, component.name);
  }
  std::string reader_of(const std::string& type) const {
    for (const auto& [name, format] : registry_.formats()) {
      for (const std::string& known : format.content_types) {
        if (equal_ignoring_case(known, type)) return name;
      }
    }
    return "";
  }

  const Registry& registry_;
  const ReservedNames& reserved_;
  std::map<std::pair<std::uint32_t, std::string>, std::string> owners_;
};

class Adding {
 public:
  Adding(Registry& registry, Purpose purpose, const ReservedNames& reserved, Findings& findings)
      : registry_(registry), purpose_(purpose), claims_(registry, reserved), findings_(findings) {}

  void add(const LibraryFile& file, Finding::Severity severity) {
    auto found = Plugin::find(file, purpose_);
    if (!found) {
      bool declared = found.error().code == "BW7008";
      return say(severity, found.error().code, file.shown,
                 (declared ? "cannot be used as it declares itself: " : "") + found.error().text);
    }
    const Declaration& declaration = (*found)->declaration();
    if (std::string conflict = claims_.conflict(declaration); !conflict.empty())
      return say(severity, "BW7009", file.shown, conflict);
    for (std::size_t i = 0; i < declaration.components.size(); ++i) add_component(registry_, *found, i);
    claims_.claim(declaration, file.shown);
    added_.push_back(std::move(*found));
  }
  void say(Finding::Severity severity, const std::string& id, const std::string& shown, const std::string& text) {
    Position at{std::make_shared<const std::string>(shown), 0, 0};
    std::string code = id.empty() ? "BW7001" : id;
    if (severity == Finding::Severity::error) {
      findings_.error(code, at, "the plugin " + text);
    } else {
      findings_.warning(code, at, "the plugin " + text + " (it is left out)");
    }
  }
  std::vector<std::shared_ptr<const Plugin>> take() { return std::move(added_); }

 private:
  Registry& registry_;
  Purpose purpose_;
  Claims claims_;
  Findings& findings_;
  std::vector<std::shared_ptr<const Plugin>> added_;
};

}  // namespace

std::vector<std::shared_ptr<const Plugin>> add_plugins(Registry& registry, const std::vector<PluginDirectory>& directories,
                                                       Purpose purpose, const ReservedNames& reserved, Findings& findings,
                                                       const Pins& pins) {
  Adding adding(registry, purpose, reserved, findings);
  for (const PluginDirectory& directory : directories) {
    auto files = libraries_in(directory.path, directory.prefix);
    if (!files) {
      adding.say(directory.severity, files.error().code, directory.prefix, "directory " + files.error().text);
      continue;
    }
    for (LibraryFile& file : *files) {
      auto pin = pins.find(std::filesystem::path(file.path).stem().string());
      if (pin != pins.end()) file.pin = pin->second;
      adding.add(file, pin == pins.end() ? directory.severity : Finding::Severity::error);
    }
  }
  return adding.take();
}

std::vector<std::shared_ptr<const Plugin>> add_plugin_files(Registry& registry, const std::vector<LibraryFile>& files,
                                                            Finding::Severity severity, Purpose purpose,
                                                            const ReservedNames& reserved, Findings& findings) {
  Adding adding(registry, purpose, reserved, findings);
  for (const LibraryFile& file : files) adding.add(file, severity);
  return adding.take();
}

}  // namespace busway::plugins
