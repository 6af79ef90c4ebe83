#include "plugins/host/components.hpp"

#include "plugins/host/adapter.hpp"
#include "plugins/host/format.hpp"
#include "plugins/host/part.hpp"
#include "plugins/host/step.hpp"

namespace busway::plugins {

namespace {

template <class Made, class Context, class Make>
Role<Made, Context> role_of(const std::shared_ptr<const Part>& component, Make wrap) {
  Role<Made, Context> role;
  role.fields = component->infos();
  role.make = [component, wrap](const ConfigNode& node, CheckContext& check, const Context&) -> std::unique_ptr<Made> {
    std::vector<Setting> settings;
    std::optional<Instance> instance;
    if (!component->read(node, check, settings) || !component->make(node, check, settings, {}, instance)) return nullptr;
    return wrap(component->declared(), component->plugin(), std::move(instance));
  };
  return role;
}

}  // namespace

void add_component(Registry& registry, const std::shared_ptr<const Plugin>& plugin, std::size_t index) {
  if (plugin->declaration().components[index].kind == BUSWAY_KIND_ADAPTER) return add_adapter(registry, plugin, index);
  auto component = std::make_shared<const Part>(plugin, index, 0);
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
