#include "routes/bundle_compiler.hpp"

#include "bus/service.hpp"
#include "routes/keys.hpp"

namespace busway::routes {

BundleCompiler::BundleCompiler(const Definition& definition, CheckContext& check, const ExpressionLanguage& expressions)
    : definition_(definition),
      check_{check.findings, check.registry, check.files, check.secrets, in_route_},
      in_route_(expressions, BoundVariables::Where::route),
      in_handler_(expressions, BoundVariables::Where::handler),
      steps_(definition, expressions, [this](const std::string& name, const Position& at) { return find_service(name, at); }) {}

void BundleCompiler::compile(LoadedBundle& out) {
  for (const Declared& service : definition_.services) compile_service(service);
  for (const Declared& listener : definition_.listeners) compile_listener(listener);
  if (definition_.on_error != nullptr) {
    on_error_ =
        std::make_shared<const ErrorHandlers>(steps_.handlers(*definition_.on_error, check_, "", StepCompiler::Level::outer));
    follow_handlers(*on_error_, {.findings = check_.findings, .inference = check_.registry.inference()});
  }
  for (const Declared& route : definition_.routes) compile_route(route, out);
  steps_.compile_unused_lists(check_);
  if (check_.findings.has_errors()) return;  // what uses a name may be among what failed, so nothing is said of unused ones
  for (const Declared& service : definition_.services) {
    if (!used_services_.contains(service.name()))
      check_.findings.warning("BW2009", service.key->at, "no step calls the service '" + service.name() + "'");
  }
  for (const Declared& listener : definition_.listeners) {
    if (!listeners_.at(listener.name()).used)
      check_.findings.warning("BW2009", listener.key->at, "no route listens on '" + listener.name() + "'");
  }
  auto snapshot = std::make_shared<Snapshot>();
  for (auto& [name, listener] : listeners_) {
    listener.made->seal();
    snapshot->listeners.emplace(name, std::move(listener.made));
  }
  snapshot->services = std::move(services_);
  snapshot->routes = std::move(routes_);
  out.snapshot = std::move(snapshot);
}

BundleCompiler::AdapterKey BundleCompiler::find_adapter(const ConfigNode& node, Place place,
                                                        const std::vector<std::string_view>& own_keys) {
  AdapterKey found;
  bool reported = false;
  const ConfigNode::Entry* unknown = nullptr;
  for (const ConfigNode::Entry& entry : node.entries) {
    if (has(own_keys, entry.key.text)) continue;
    if (const AdapterType* type = check_.registry.adapter(entry.key.text)) {
      if (found.type != nullptr) {
        check_.findings.error(
            "BW2017", entry.key.at,
            "'" + found.entry->key.text + "' and '" + entry.key.text + "' are two adapters: only one can stand here");
        reported = true;
        continue;
      }
      found = {type, &entry};
    } else if (report_not_built(place, entry.key, check_)) {
      reported = true;
    } else if (unknown == nullptr) {
      unknown = &entry;
    }
  }
  if (found.type == nullptr && !reported) {
    std::vector<std::string_view> names;
    for (const auto& [name, type] : check_.registry.adapters()) names.push_back(name);
    if (unknown != nullptr) {
      check_.findings.error("BW2017", unknown->key.at,
                            "there is no adapter '" + unknown->key.text + "'" + did_you_mean(unknown->key.text, names));
    } else {
      check_.findings.error("BW2017", node.at, "the key that names the adapter is missing" + did_you_mean("", names));
    }
  }
  return reported ? AdapterKey{} : found;
}

std::optional<ConfigNode> BundleCompiler::without_unbuilt(const ConfigNode& value, const std::vector<FieldInfo>& fields) {
  bool good = true;
  ConfigNode out = value;
  std::erase_if(out.entries, [&](const ConfigNode::Entry& entry) {
    if (has(names_of(fields), entry.key.text) || !report_not_built(Place::adapter, entry.key, check_)) return false;
    good = false;
    return true;
  });
  if (!good) return std::nullopt;
  return out;
}

void BundleCompiler::compile_service(const Declared& declared) {
  const ConfigNode& node = *declared.value;
  if (!node.is_map()) return report_not_a_mapping(node, "a service", check_);
  std::vector<FieldInfo> policy_fields = service_fields();
  AdapterKey adapter = find_adapter(node, Place::service, names_of(policy_fields));
  if (adapter.type == nullptr) return;
  if (!adapter.type->target) {
    check_.findings.error("BW2018", adapter.entry->key.at,
                          "'" + adapter.entry->key.text + "' can only be listened to, not called");
    return;
  }
  ServicePolicy policy;
  bool good = service_policy_fields().read(node, check_, policy, {adapter.type->name});
  good = report_no_use(node, *adapter.type, names_of(service_policy_fields().infos()), check_) && good;
  auto value = without_unbuilt(adapter.entry->value, adapter.type->target.fields);
  if (!value) return;
  auto target = adapter.type->target.make(*value, check_, TargetContext{declared.name()});
  if (target == nullptr || !good) return;
  services_.emplace(declared.name(), std::make_unique<Service>(declared.name(), std::move(target), std::move(policy)));
}

void BundleCompiler::compile_listener(const Declared& declared) {
  DeclaredListener& listener = listeners_[declared.name()];
  listener.declared = &declared;
  const ConfigNode& node = *declared.value;
  if (!node.is_map()) return report_not_a_mapping(node, "a listener", check_);
  std::vector<FieldInfo> fields = listener_fields();
  AdapterKey adapter = find_adapter(node, Place::adapter, names_of(fields));
  if (adapter.type == nullptr) return;
  listener.adapter = adapter.type;
  std::vector<std::string_view> names = names_of(fields);
  names.push_back(adapter.type->name);
  for (const ConfigNode::Entry& entry : node.entries) {
    if (!has(names, entry.key.text)) report_unknown_key(entry.key, names, check_);
  }
  if (!adapter.type->listener) {
    std::string hint =
        adapter.type->listens_on.empty() ? "" : "; its routes listen on listeners of '" + adapter.type->listens_on + "'";
    check_.findings.error("BW2018", adapter.entry->key.at, "'" + adapter.type->name + "' has no listeners of its own" + hint);
    return;
  }
  if (const ConfigNode::Entry* format = node.find("format")) {
    FormatRef read;
    if (read_value(format->value, Constraints{}, check_, read)) listener.format = read.format;
  }
  auto value = without_unbuilt(adapter.entry->value, adapter.type->listener.fields);
  if (value) listener.made = adapter.type->listener.make(*value, check_, ListenerContext{declared.name()});
}

const Service* BundleCompiler::find_service(const std::string& name, const Position& at) {
  used_services_.insert(name);
  if (auto found = services_.find(name); found != services_.end()) return found->second.get();
  if (Definition::find(definition_.services, name) != nullptr) return nullptr;  // its own findings are reported
  std::vector<std::string_view> names;
  for (const Declared& service : definition_.services) names.push_back(service.name());
  check_.findings.error("BW2019", at, "there is no service '" + name + "'" + did_you_mean(name, names));
  return nullptr;
}

}  // namespace busway::routes
