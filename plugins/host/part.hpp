#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "plugins/host/plugin.hpp"

namespace busway::plugins {

// The keys of a component, or of one part of an adapter, made ready: shared by all its uses. `more`: keys that the bus gives it
// besides its own.
class Part {
 public:
  Part(std::shared_ptr<const Plugin> plugin, std::size_t index, std::uint32_t part, std::vector<FieldInfo> more = {});

  const std::shared_ptr<const Plugin>& plugin() const { return plugin_; }
  const ComponentDeclaration& declared() const { return plugin_->declaration().components[index_]; }
  const std::vector<FieldInfo>& infos() const { return infos_; }

  // Reads one use; `more` reads the value of a key that the bus gave, by its place among them. False after a finding.
  bool read(const ConfigNode& node, CheckContext& check, std::vector<Setting>& out,
            const std::function<bool(std::size_t, const ConfigNode&)>& more = {}) const;

  // Tries the settings, and makes an instance of them where the plugin is used. False after a finding: BW7010, or what
  // Plugin::try_settings() says.
  bool make(const ConfigNode& node, CheckContext& check, const std::vector<Setting>& settings, const Making& making,
            std::optional<Instance>& out) const;

 private:
  const std::vector<FieldDeclaration>& declared_fields() const;
  void report(const Refusal& refusal, const ConfigNode& node, CheckContext& check) const;

  std::shared_ptr<const Plugin> plugin_;
  std::size_t index_;
  std::uint32_t part_;
  std::vector<DeclaredField> fields_;
  std::vector<FieldInfo> infos_;
};

}  // namespace busway::plugins
