#include "bus/service.hpp"
#include "routes/bundle_compiler.hpp"
#include "routes/keys.hpp"

// The half of BundleCompiler that compiles routes.
namespace busway::routes {

void BundleCompiler::compile_route(const Declared& declared, LoadedBundle& out) {
  const ConfigNode& node = *declared.value;
  if (!node.is_map()) return report_not_a_mapping(node, "a route", check_);
  std::vector<FieldInfo> fields = route_fields();
  for (const ConfigNode::Entry& entry : node.entries) {
    if (!has(names_of(fields), entry.key.text)) report_unknown_key(entry.key, names_of(fields), check_);
  }
  std::chrono::milliseconds deadline = definition_.deadline;
  if (const ConfigNode::Entry* entry = node.find("deadline")) {
    Constraints limits;
    at_least(std::chrono::milliseconds(1))(limits);
    read_value(entry->value, limits, check_, deadline);
  }
  if (const ConfigNode::Entry* entry = node.find("description")) {
    std::string description;
    read_value(entry->value, Constraints{}, check_, description);
  }
  auto route = std::make_unique<CompiledRoute>(declared.name(), deadline);
  bool whole = false;
  route->set_steps(compile_steps(declared, whole));
  ErrorHandlers handlers;
  if (const ConfigNode::Entry* entry = node.find("on_error")) {
    handlers = steps_.handlers(entry->value, check_, declared.name(), StepCompiler::Level::outer);
  }
  route->set_handlers(std::move(handlers), on_error_);
  MessageTrail trail{.findings = check_.findings, .inference = check_.registry.inference()};
  if (const ConfigNode::Entry* from = node.find("from")) {
    compile_inlet(declared, from->value, *route, trail, out);
  } else {
    check_.findings.error("BW1006", declared.key->at, "the route '" + declared.name() + "' needs 'from': what it takes");
  }
  route->follow(trail, whole);
  routes_.emplace(declared.name(), std::move(route));
}

StepList BundleCompiler::compile_steps(const Declared& declared, bool& whole) {
  const ConfigNode& node = *declared.value;
  const ConfigNode::Entry* steps = node.find("steps");
  const ConfigNode::Entry* reply = node.find("reply");
  if (steps == nullptr && reply == nullptr) {
    check_.findings.error("BW2003", declared.key->at,
                          "the route '" + declared.name() + "' does nothing: give it steps or a reply");
    return StepList(std::vector<StepList::Entry>());
  }
  StepCompiler::Scope scope{.route = declared.name(), .handler = false, .alone = reply == nullptr};
  std::size_t before = check_.findings.errors();
  std::vector<StepList::Entry> entries;
  if (steps != nullptr) entries = steps_.entries(steps->value, check_, scope);
  if (reply != nullptr) {
    if (!entries.empty() && entries.back().step->ends_route() && entries.back().handlers.empty()) {
      check_.findings.error("BW2004", reply->key.at,
                            "this reply is never reached: '" + entries.back().name + "' in line " +
                                std::to_string(entries.back().at.line) + " ends the route");
    }
    StepList::Entry last;
    last.name = "reply";
    last.at = reply->key.at;
    last.step = steps_.step("reply", reply->value, check_, scope);
    if (last.step != nullptr) entries.push_back(std::move(last));
  }
  StepList list(std::move(entries));
  std::size_t written = (steps != nullptr ? steps->value.items.size() : 0) + (reply != nullptr ? 1 : 0);
  whole = check_.findings.errors() == before && list.entries().size() == written;
  return list;
}

std::optional<ConfigNode> BundleCompiler::inlet_node(const ConfigNode& from, const AdapterKey& adapter) {
  const ConfigNode::Entry& main = *adapter.entry;
  std::vector<FieldInfo> own = from_fields();
  std::vector<std::string_view> known = names_of(adapter.type->inlet.fields);
  ConfigNode out;
  out.kind = ConfigNode::Kind::map;
  out.at = main.value.kind == ConfigNode::Kind::null ? main.key.at : main.value.at;
  bool good = true;
  if (main.value.is_map()) {
    auto merged = without_unbuilt(main.value, adapter.type->inlet.fields);
    if (merged) out.entries = std::move(merged->entries);
    good = merged.has_value();
  } else {
    out.entries.push_back(main);
  }
  for (const ConfigNode::Entry& entry : from.entries) {
    if (&entry == &main || has(names_of(own), entry.key.text)) continue;
    if (!has(known, entry.key.text)) {
      std::vector<std::string_view> names = known;
      for (const FieldInfo& field : own) names.push_back(field.name);
      if (!report_not_built(Place::from, entry.key, check_)) report_unknown_key(entry.key, names, check_);
      good = false;
    } else if (out.find(entry.key.text) != nullptr) {
      check_.findings.error("BW1002", entry.key.at, "'" + entry.key.text + "' stands here twice");
      good = false;
    } else {
      out.entries.push_back(entry);
    }
  }
  if (!good) return std::nullopt;
  return out;
}

void BundleCompiler::compile_inlet(const Declared& declared, const ConfigNode& from, const Route& route, MessageTrail& trail,
                                   LoadedBundle& out) {
  if (!from.is_map()) return report_not_a_mapping(from, "'from'", check_);
  // Adapters first: their keys and the language's stand side by side, and an unknown one is told by both lists.
  AdapterKey adapter;
  for (const ConfigNode::Entry& entry : from.entries) {
    const AdapterType* type = check_.registry.adapter(entry.key.text);
    if (type == nullptr) continue;
    if (adapter.type != nullptr) {
      check_.findings.error(
          "BW2017", entry.key.at,
          "'" + adapter.type->name + "' and '" + entry.key.text + "' are two adapters: only one can stand here");
      return;
    }
    adapter = {type, &entry};
  }
  if (adapter.type == nullptr) {
    find_adapter(from, Place::from, names_of(from_fields()));
    return;
  }
  if (!adapter.type->inlet) {
    check_.findings.error("BW2018", adapter.entry->key.at, "'" + adapter.type->name + "' can only be called, not listened to");
    return;
  }
  report_no_use(from, *adapter.type, names_of(from_fields()), check_);
  auto node = inlet_node(from, adapter);
  DeclaredListener* listener = find_listener(from, *adapter.type, adapter.entry->key.at);
  bool plain_xml = false;
  InletContext context;
  context.route = &route;
  if (listener != nullptr) context.format = listener->format;
  if (const ConfigNode::Entry* format = from.find("format")) {
    FormatRef read;
    if (read_value(format->value, Constraints{}, check_, read)) context.format = read.format;
    plain_xml = read.by_name && read.format->name() == "xml";
  }
  if (const ConfigNode::Entry* error = from.find("error")) {
    CheckContext handler{check_.findings, check_.registry, check_.files, check_.secrets, in_handler_};
    read_value(error->value, Constraints{}, handler, context.error);
  }
  if (!node) return;
  auto inlet = adapter.type->inlet.make(*node, check_, context);
  if (inlet == nullptr) return;
  ExchangeContract contract = inlet->contract();
  trail.receive(contract.request);
  trail.reply = std::move(contract.answer);
  trail.plain_xml = plain_xml;
  if (listener == nullptr || listener->made == nullptr) return;
  if (const Service* service = route.proxied(); service != nullptr && !inlet->streams()) {
    if (std::string_view why = service->target().why_not_called(); !why.empty()) {
      check_.findings.error("BW2021", adapter.entry->key.at,
                            "service '" + service->name() + "' cannot be called from here: " + std::string(why));
    }
  }
  listener->made->attach(std::move(inlet), check_);
  out.listener_of.emplace(declared.name(), listener->declared->name());
}

BundleCompiler::DeclaredListener* BundleCompiler::find_listener(const ConfigNode& from, const AdapterType& adapter,
                                                                const Position& at) {
  const ConfigNode::Entry* on = from.find("on");
  if (adapter.listens_on.empty()) {
    if (on != nullptr)
      check_.findings.error("BW2020", on->key.at, "'" + adapter.name + "' has no listeners, so 'on' has no meaning here");
    return nullptr;
  }
  std::vector<std::string_view> fitting;
  bool broken = false;  // a listener whose adapter is not known might be the one
  for (const Declared& declared : definition_.listeners) {
    const DeclaredListener& listener = listeners_.at(declared.name());
    if (listener.adapter == nullptr) broken = true;
    if (listener.adapter != nullptr && listener.adapter->name == adapter.listens_on) fitting.push_back(declared.name());
  }
  if (on != nullptr) {
    auto found = listeners_.find(on->value.text);
    if (!on->value.is_scalar() || found == listeners_.end()) {
      check_.findings.error("BW2020", on->value.at,
                            "there is no listener '" + on->value.text + "'" + did_you_mean(on->value.text, fitting));
      return nullptr;
    }
    DeclaredListener& listener = found->second;
    listener.used = true;
    if (listener.adapter != nullptr && listener.adapter->name != adapter.listens_on) {
      check_.findings.error("BW2020", on->value.at,
                            "'" + on->value.text + "' is a listener of '" + listener.adapter->name + "'; '" + adapter.name +
                                "' needs one of '" + adapter.listens_on + "'");
      return nullptr;
    }
    return &listener;
  }
  if (fitting.size() == 1) {
    DeclaredListener& listener = listeners_.at(std::string(fitting.front()));
    listener.used = true;
    return &listener;
  }
  if (fitting.empty()) {
    if (!broken)
      check_.findings.error("BW2020", at, "the bundle has no listener of '" + adapter.listens_on + "' that this route could use");
    return nullptr;
  }
  std::string names;
  for (std::string_view name : fitting) {
    names += (names.empty() ? "" : ", ") + std::string(name);
    listeners_.at(std::string(name)).used = true;
  }
  check_.findings.error("BW2020", at, "say with 'on' which listener this route uses: " + names);
  return nullptr;
}

}  // namespace busway::routes
