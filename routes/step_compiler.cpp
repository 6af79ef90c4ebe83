#include "routes/step_compiler.hpp"

#include "bus/registry.hpp"
#include "routes/keys.hpp"

namespace busway::routes {

namespace {

// A list of the bundle's `steps:`, used by name.
class NamedSteps final : public Step {
 public:
  explicit NamedSteps(std::shared_ptr<const StepList> list) : list_(std::move(list)) {}
  Flow run(Exchange& exchange) const override { return list_->run(exchange); }
  bool waits() const override { return list_->waits(); }
  Task<Flow> run_waiting(Exchange& exchange) const override { return list_->run_waiting(exchange); }
  bool ends_route() const override { return list_->ends_route(); }
  void follow(MessageTrail& trail) const override { list_->follow(trail); }

 private:
  std::shared_ptr<const StepList> list_;
};

std::string_view service_of(const ConfigNode& value) {
  const ConfigNode::Entry* service = value.is_map() ? value.find("service") : nullptr;
  if (service != nullptr) return service->value.text;
  return value.is_map() ? std::string_view() : std::string_view(value.text);
}

}  // namespace

StepCompiler::StepCompiler(const Definition& definition, const ExpressionLanguage& expressions, FindService service)
    : definition_(definition),
      in_route_(expressions, BoundVariables::Where::route),
      in_handler_(expressions, BoundVariables::Where::handler),
      service_(std::move(service)) {}

CheckContext StepCompiler::in_handler(CheckContext& check) const {
  return {check.findings, check.registry, check.files, check.secrets, in_handler_};
}

std::unique_ptr<StepList> StepCompiler::list(const ConfigNode& node, CheckContext& check, const Scope& scope) {
  std::size_t before = check.findings.errors();
  auto steps = entries(node, check, scope);
  if (check.findings.errors() != before) return nullptr;
  return std::make_unique<StepList>(std::move(steps));
}

std::vector<StepList::Entry> StepCompiler::entries(const ConfigNode& node, CheckContext& check, const Scope& scope) {
  std::vector<StepList::Entry> out;
  if (!node.is_list()) {
    check.findings.error("BW1005", node.at,
                         "steps must be a list, found " + std::string(node.kind_name()) + ": begin each step with '- '");
    return out;
  }
  if (node.items.empty()) check.findings.error("BW2003", node.at, "a list of steps needs at least one step");
  const StepList::Entry* end = nullptr;
  Scope inner = scope;
  inner.alone = scope.alone && node.items.size() == 1;
  out.reserve(node.items.size());
  for (const ConfigNode& item : node.items) {
    if (end != nullptr) {
      check.findings.error(
          "BW2004", item.at,
          "this step is never reached: '" + end->name + "' in line " + std::to_string(end->at.line) + " ends the route");
      end = nullptr;
    }
    auto made = entry(item, check, inner);
    if (!made) continue;
    out.push_back(std::move(*made));
    if (out.back().step->ends_route() && out.back().handlers.empty()) end = &out.back();
  }
  return out;
}

std::optional<StepList::Entry> StepCompiler::entry(const ConfigNode& item, CheckContext& check, const Scope& scope) {
  if (item.kind == ConfigNode::Kind::string) return named_list(item, check, scope.handler);
  if (!item.is_map()) {
    check.findings.error("BW1005", item.at,
                         "a step must be a mapping with the step's key, or the name of a list under 'steps:', found " +
                             std::string(item.kind_name()));
    return std::nullopt;
  }
  const ConfigNode::Entry* chosen = nullptr;
  const ConfigNode::Entry* on_error = nullptr;
  StepList::Entry out;
  out.at = item.at;
  bool good = true;
  for (const ConfigNode::Entry& key : item.entries) {
    if (key.key.text == "on_error") {
      on_error = &key;
    } else if (key.key.text == "name") {
      good = read_value(key.value, Constraints{}, check, out.name) && good;
    } else if (check.registry.step(key.key.text) != nullptr) {
      if (chosen != nullptr) {
        check.findings.error("BW2005", key.key.at,
                             "'" + chosen->key.text + "' and '" + key.key.text + "' are two steps: begin each with '- '");
        good = false;
        continue;
      }
      chosen = &key;
    } else {
      if (!report_not_built(Place::step, key.key, check)) {
        std::vector<std::string_view> names;
        for (const auto& [name, type] : check.registry.steps()) names.push_back(name);
        names.insert(names.end(), {"name", "on_error"});
        check.findings.error("BW2006", key.key.at, "unknown step '" + key.key.text + "'" + did_you_mean(key.key.text, names));
      }
      good = false;
    }
  }
  if (chosen == nullptr) {
    if (good) check.findings.error("BW2005", item.at, "a step needs the key that says what it does, such as map or call");
    return std::nullopt;
  }
  if (out.name.empty()) {
    out.name = chosen->key.text;
    if (std::string_view service = service_of(chosen->value); out.name == "call" && !service.empty())
      out.name += " " + std::string(service);
  }
  out.step = step(chosen->key.text, chosen->value, check, scope);
  if (on_error != nullptr) out.handlers = handlers(on_error->value, check, scope.route, Level::step);
  if (out.step == nullptr || !good) return std::nullopt;
  return out;
}

std::unique_ptr<Step> StepCompiler::step(const std::string& type, const ConfigNode& value, CheckContext& check,
                                         const Scope& scope) {
  const StepType* found = check.registry.step(type);
  if (found == nullptr) return nullptr;
  CheckContext here{check.findings, check.registry, check.files, check.secrets,
                    scope.handler ? static_cast<const ExpressionLanguage&>(in_handler_) : in_route_};
  StepContext context;
  context.service = service_;
  context.route = scope.route;
  context.handler = scope.handler;
  context.alone = scope.alone;
  Scope nested = scope;
  nested.alone = false;
  context.steps = [this, nested](const ConfigNode& steps, CheckContext& inner) { return list(steps, inner, nested); };
  return found->step.make(value, here, context);
}

std::optional<StepList::Entry> StepCompiler::named_list(const ConfigNode& name, CheckContext& check, bool handler) {
  const Declared* declared = Definition::find(definition_.steps, name.text);
  if (declared == nullptr) {
    std::vector<std::string_view> names;
    for (const Declared& list : definition_.steps) names.push_back(list.name());
    std::string hint = check.registry.step(name.text) != nullptr
                           ? "; the step '" + name.text + "' is written with a colon and a value"
                           : did_you_mean(name.text, names);
    check.findings.error("BW2007", name.at, "there is no list '" + name.text + "' under 'steps:'" + hint);
    return std::nullopt;
  }
  Named& named = named_[name.text];
  if (named.in_progress) {
    check.findings.error("BW2008", name.at, "the list '" + name.text + "' uses itself");
    return std::nullopt;
  }
  std::size_t index = handler ? 1 : 0;
  if (!named.compiled[index]) {
    named.in_progress = true;
    named.list[index] = list(*declared->value, check, {.route = "", .handler = handler, .alone = false});
    named.in_progress = false;
    named.compiled[index] = true;
  }
  if (named.list[index] == nullptr) return std::nullopt;  // its own findings are reported
  StepList::Entry out;
  out.step = std::make_shared<NamedSteps>(named.list[index]);
  out.name = name.text;
  out.at = name.at;
  return out;
}

void StepCompiler::compile_unused_lists(CheckContext& check) {
  for (const Declared& declared : definition_.steps) {
    const Named& named = named_[declared.name()];
    if (named.compiled[0] || named.compiled[1]) continue;
    named_list(*declared.key, check, true);
    if (!check.findings.has_errors())
      check.findings.warning("BW2009", declared.key->at, "no step uses the list '" + declared.name() + "'");
  }
}

}  // namespace busway::routes
