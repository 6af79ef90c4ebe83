#include "plugins/host/adapter.hpp"

#include <algorithm>

#include "plugins/host/inlet.hpp"
#include "plugins/host/listener.hpp"
#include "plugins/host/part.hpp"
#include "plugins/host/target.hpp"

namespace busway::plugins {

namespace {

Fields<Limits> limit_fields(const char* in_flight) {
  return {{"max_body", &Limits::max_body, "The largest body, either way.", at_least(ByteSize{1}), at_most(ByteSize{1 << 30})},
          {"max_in_flight", &Limits::max_in_flight, in_flight, at_least(1), at_most(1'000'000)}};
}
Fields<Limits> listener_limits() {
  return limit_fields("Messages that routes work on at once; then the source takes no more until there is room.");
}
Fields<Limits> service_limits() {
  return limit_fields("Calls under way at once; more fail as not sent.");
}

// Keys of `from:` that the bus gives it.
struct InletKeys {
  enum class Takes { messages };
  Takes takes = Takes::messages;
  ExpressionRef when{};
};

Fields<InletKeys> inlet_keys(const ComponentDeclaration& declared) {
  bool picks = (declared.adapter.source_flags & BUSWAY_SOURCE_PICKS_ROUTE) != 0;
  bool names = std::any_of(declared.adapter.from.begin(), declared.adapter.from.end(),
                           [&](const FieldDeclaration& field) { return field.name == declared.name; });
  Field<InletKeys> takes{declared.name, &InletKeys::takes, "The listener's messages.",
                         one_of<InletKeys::Takes>({{"messages", InletKeys::Takes::messages}})};
  Field<InletKeys> when{
      "when", &InletKeys::when,
      "Takes only the messages this expression is true for. Routes on one listener are asked in the order of the file."};
  if (names) return picks ? Fields<InletKeys>{} : Fields<InletKeys>{when};
  return picks ? Fields<InletKeys>{takes} : Fields<InletKeys>{takes, when};
}

// Reads a use of `part`, whose keys beside the plugin's own are `more`. False after a finding.
template <class T>
bool read(const Part& part, const Fields<T>& more, const ConfigNode& node, CheckContext& check, std::vector<Setting>& settings,
          T& out) {
  std::vector<FieldInfo> infos = more.infos();
  ConfigNode ours;
  ours.kind = ConfigNode::Kind::map;
  ours.at = node.at;
  bool good = part.read(node, check, settings, [&](std::size_t at, const ConfigNode& value) {
    ConfigNode::Entry& entry = ours.entries.emplace_back();
    entry.key.kind = ConfigNode::Kind::string;
    entry.key.text = infos[at].name;
    entry.key.at = value.at;
    entry.value = value;
    return true;
  });
  return more.read(ours, check, out) && good;
}

Making making_of(std::uint32_t part, const std::string& name, const Limits& limits) {
  return {.part = part,
          .name = name,
          .max_body = limits.max_body.bytes,
          .max_in_flight = static_cast<std::uint64_t>(limits.max_in_flight)};
}

std::unique_ptr<Listener> make_listener(const Part& part, const ConfigNode& node, CheckContext& check, const std::string& name) {
  std::vector<Setting> settings;
  Limits limits;
  std::optional<Instance> instance;
  if (!read(part, listener_limits(), node, check, settings, limits)) return nullptr;
  if (!part.make(node, check, settings, making_of(BUSWAY_PART_LISTENER, name, limits), instance)) return nullptr;
  return std::make_unique<PluginListener>(part.declared(), part.plugin(), std::move(instance), name, limits);
}

std::unique_ptr<Inlet> make_inlet(const Part& part, const ConfigNode& node, CheckContext& check, const InletContext& context) {
  std::vector<Setting> settings;
  InletKeys keys;
  std::optional<Instance> instance;
  if (!read(part, inlet_keys(part.declared()), node, check, settings, keys)) return nullptr;
  std::string route = context.route == nullptr ? "" : context.route->name();
  if (!part.make(node, check, settings, making_of(BUSWAY_PART_FROM, route, {}), instance)) return nullptr;
  InletContext with = context;
  if ((part.declared().adapter.flags & BUSWAY_ADAPTER_DOCUMENTS) != 0) {
    with.format = nullptr;
  } else {
    const std::string& usual = part.declared().adapter.format;
    if (!fall_back_on(usual.empty() ? "bytes" : usual, with, node, check)) return nullptr;
  }
  const ConfigNode::Entry* main = node.find(part.declared().name);
  return std::make_unique<PluginInlet>(part.declared().name, part.plugin(), std::move(instance), node.at,
                                       main == nullptr ? "" : main->value.text, std::move(keys.when), with);
}

// The places that the service's key for them names, or the service as one place.
std::vector<Endpoint> endpoints_of(const ComponentDeclaration& declared, const std::vector<Setting>& settings,
                                   const ConfigNode& node, const std::string& service) {
  std::vector<std::string> places;
  for (std::size_t i = 0; i < declared.adapter.service.size(); ++i) {
    if (declared.adapter.service[i].endpoints) places = settings[i].list;
  }
  if (places.empty()) places.push_back(service);
  std::vector<Endpoint> out(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    out[i].text = std::move(places[i]);
    out[i].at = node.at;
  }
  return out;
}

std::unique_ptr<Target> make_target(const Part& part, const ConfigNode& node, CheckContext& check, const std::string& name) {
  std::vector<Setting> settings;
  Limits limits;
  std::optional<Instance> instance;
  if (!read(part, service_limits(), node, check, settings, limits)) return nullptr;
  if (!part.make(node, check, settings, making_of(BUSWAY_PART_SERVICE, name, limits), instance)) return nullptr;
  auto endpoints = endpoints_of(part.declared(), settings, node, name);
  const std::string& usual = part.declared().adapter.format;
  return std::make_unique<PluginTarget>(part.declared(), part.plugin(), std::move(instance), std::move(endpoints), limits,
                                        usual.empty() ? nullptr : check.registry.plain_format(usual));
}

std::vector<std::string> no_use_for(const AdapterDeclaration& adapter) {
  std::vector<std::string> out;
  auto unless = [&](std::uint32_t flag, std::initializer_list<const char*> keys) {
    if ((adapter.flags & flag) == 0) out.insert(out.end(), keys.begin(), keys.end());
  };
  unless(BUSWAY_ADAPTER_HEADERS, {"deadline_header", "headers"});
  unless(BUSWAY_ADAPTER_METHOD, {"method"});
  unless(BUSWAY_ADAPTER_PATH, {"path"});
  unless(BUSWAY_ADAPTER_OPERATION, {"operation"});
  if ((adapter.flags & BUSWAY_ADAPTER_DOCUMENTS) != 0) out.emplace_back("format");
  return out;
}

}  // namespace

void add_adapter(Registry& registry, const std::shared_ptr<const Plugin>& plugin, std::size_t index) {
  const ComponentDeclaration& declared = plugin->declaration().components[index];
  const AdapterDeclaration& adapter = declared.adapter;
  AdapterType type;
  type.name = declared.name;
  type.summary = declared.summary;
  type.doc = declared.doc;
  type.examples = declared.examples;
  type.no_use_for = no_use_for(adapter);
  if (adapter.source) {
    type.badge = {.acknowledges = adapter.acknowledges.empty() ? "when the route has replied" : adapter.acknowledges,
                  .may_repeat = (adapter.source_flags & BUSWAY_SOURCE_MAY_REPEAT) != 0,
                  .keeps_order = (adapter.source_flags & BUSWAY_SOURCE_KEEPS_ORDER) != 0};
    type.listens_on = declared.name;
    auto listener = std::make_shared<const Part>(plugin, index, BUSWAY_PART_LISTENER, listener_limits().infos());
    type.listener.fields = listener->infos();
    type.listener.make = [listener](const ConfigNode& node, CheckContext& check, const ListenerContext& context) {
      return make_listener(*listener, node, check, context.name);
    };
    std::vector<FieldInfo> keys = inlet_keys(declared).infos();
    for (FieldInfo& key : keys) {
      if (key.name != declared.name) continue;
      key.required = true;  // it is what names the adapter
      key.default_text.clear();
    }
    auto from = std::make_shared<const Part>(plugin, index, BUSWAY_PART_FROM, std::move(keys));
    type.inlet.fields = from->infos();
    type.inlet.make = [from](const ConfigNode& node, CheckContext& check, const InletContext& context) {
      return make_inlet(*from, node, check, context);
    };
  }
  if (adapter.target) {
    auto service = std::make_shared<const Part>(plugin, index, BUSWAY_PART_SERVICE, service_limits().infos());
    type.target.fields = service->infos();
    type.target.make = [service](const ConfigNode& node, CheckContext& check, const TargetContext& context) {
      return make_target(*service, node, check, context.service);
    };
  }
  registry.add(std::move(type));
}

}  // namespace busway::plugins
