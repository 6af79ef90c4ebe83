#include "plugins/host/components.hpp"

#include "plugins/host/format.hpp"
#include "plugins/host/step.hpp"

namespace busway::plugins {

namespace {

// A component with its keys made ready; shared by all its uses.
struct Component {
  std::shared_ptr<const Plugin> plugin;
  std::size_t index;
  std::vector<DeclaredField> fields;
  std::vector<FieldInfo> infos;

  const ComponentDeclaration& declared() const { return plugin->declaration().components[index]; }

  bool read_settings(const ConfigNode& node, CheckContext& check, std::vector<Setting>& out) const {
    for (const DeclaredField& field : fields) out.push_back(field.left_out());
    return read_fields(node, infos, {}, check,
                       [&](std::size_t at, const ConfigNode& value) { return fields[at].read(value, check, out[at]); });
  }

  void report(const Refusal& refusal, const ConfigNode& node, CheckContext& check) const {
    const ConfigNode::Entry* entry = node.is_map() ? node.find(refusal.field) : nullptr;
    std::string text = "the plugin " + plugin->file().shown + " ";
    text += refusal.error.code.empty() ? "refuses this: " + refusal.error.text : refusal.error.text;
    check.findings.error(refusal.error.code.empty() ? "BW7010" : refusal.error.code, entry == nullptr ? node.at : entry->value.at,
                         text);
  }

  // The settings of one use, tried, and an instance of them where the plugin is used. False after a finding.
  bool make(const ConfigNode& node, CheckContext& check, std::optional<Instance>& out) const {
    std::vector<Setting> settings;
    if (!read_settings(node, check, settings)) return false;
    if (auto tried = plugin->try_settings(index, settings); !tried) {
      report(tried.error(), node, check);
      return false;
    }
    auto made = plugin->make(index, settings);
    if (!made) {
      report(made.error(), node, check);
      return false;
    }
    if (*made) out.emplace(std::move(**made));
    return true;
  }
};

template <class Made, class Context, class Make>
Role<Made, Context> role_of(const std::shared_ptr<const Component>& component, Make wrap) {
  Role<Made, Context> role;
  role.fields = component->infos;
  role.make = [component, wrap](const ConfigNode& node, CheckContext& check, const Context&) -> std::unique_ptr<Made> {
    std::optional<Instance> instance;
    if (!component->make(node, check, instance)) return nullptr;
    return wrap(component->declared(), component->plugin, std::move(instance));
  };
  return role;
}

}  // namespace

void add_component(Registry& registry, const std::shared_ptr<const Plugin>& plugin, std::size_t index) {
  auto component = std::make_shared<Component>(Component{plugin, index, {}, {}});
  for (const FieldDeclaration& declared : component->declared().fields) {
    component->fields.push_back(*DeclaredField::make(declared));  // they have been checked with the declaration
    component->infos.push_back(component->fields.back().info());
  }
  const ComponentDeclaration& declared = component->declared();
  if (declared.kind == BUSWAY_KIND_FORMAT) {
    registry.add(FormatType{.name = declared.name,
                            .summary = declared.summary,
                            .doc = declared.doc,
                            .content_types = declared.content_types,
                            .format = role_of<const Format, FormatContext>(component, make_format),
                            .examples = declared.examples});
  } else {
    registry.add(StepType{.name = declared.name,
                          .summary = declared.summary,
                          .doc = declared.doc,
                          .step = role_of<Step, StepContext>(component, make_step),
                          .examples = declared.examples});
  }
}

}  // namespace busway::plugins
