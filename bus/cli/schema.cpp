#include "bus/cli/schema.hpp"

#include <cstdio>
#include <iostream>
#include <map>

#include "adapters/zmq/event_stream.hpp"
#include "bus/cli/plugin_registry.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/json_text.hpp"
#include "bus/message_events.hpp"
#include "routes/language_fields.hpp"

namespace busway::cli {

namespace {

using Properties = std::vector<std::pair<std::string, std::string>>;

std::string reference(std::string_view definition) {
  return "{\"$ref\":\"#/$defs/" + std::string(definition) + "\"}";
}

std::string described(const std::string& schema, std::string_view doc) {
  if (schema == "true") return "{\"description\":" + json_string(doc) + "}";
  return schema.substr(0, schema.size() - 1) + ",\"description\":" + json_string(doc) + "}";
}

std::string object(const Properties& properties, std::string_view more) {
  std::string out = "{\"type\":\"object\",\"properties\":{";
  for (std::size_t i = 0; i < properties.size(); ++i)
    out += (i == 0 ? "" : ",") + json_string(properties[i].first) + ":" + properties[i].second;
  return out + "},\"additionalProperties\":false" + std::string(more) + "}";
}

// Any name, each value by the definition.
std::string named(std::string_view definition) {
  return "{\"type\":\"object\",\"additionalProperties\":" + reference(definition) + "}";
}

// The fields with what the definitions know better than a field's own schema: lists of steps, handlers and the like.
void add_fields(const std::vector<FieldInfo>& fields, const std::map<std::string, std::string>& known, Properties& out) {
  for (const FieldInfo& field : fields) {
    bool there = false;
    for (const auto& [name, schema] : out) there = there || name == field.name;
    if (there) continue;
    auto better = known.find(field.name);
    out.emplace_back(field.name, described(better == known.end() ? field.schema : better->second, field.doc));
  }
}

std::string required_one_of(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + ("{\"required\":[" + json_string(name) + "]}");
  return ",\"oneOf\":[" + out + "]";
}

std::map<std::string, std::string> known_definitions() {
  return {{"steps", reference("steps")}, {"on_error", reference("on_error")}, {"reply", reference("reply")}};
}

// An entry of `listeners:` or `services:`: one adapter's key beside the language's own.
template <class FieldsOf>
std::string adapter_entry(const Registry& registry, const std::vector<FieldInfo>& own, FieldsOf fields_of) {
  Properties properties;
  std::vector<std::string> names;
  for (const auto& [name, type] : registry.adapters()) {
    const std::vector<FieldInfo>* fields = fields_of(type);
    if (fields == nullptr) continue;
    properties.emplace_back(name, described(detail::fields_schema(*fields), type.summary));
    names.push_back(name);
  }
  add_fields(own, {}, properties);
  return object(properties, required_one_of(names));
}

std::string from_schema(const Registry& registry) {
  Properties properties;
  std::vector<std::string> names;
  for (const auto& [name, type] : registry.adapters()) {
    if (!type.inlet) continue;
    add_fields(type.inlet.fields, {}, properties);
    names.push_back(name);
  }
  add_fields(routes::from_fields(), {}, properties);
  return object(properties, required_one_of(names));
}

std::string call_schema(const Registry& registry, const StepType& call) {
  Properties properties;
  add_fields(call.step.fields, {}, properties);
  for (const auto& [name, type] : registry.adapters()) add_fields(type.call, {}, properties);
  return object(properties, ",\"required\":[\"service\"]");
}

// One branch of a `choice`: when and steps, or otherwise.
std::string choice_schema() {
  return "{\"type\":\"array\",\"items\":{\"anyOf\":[" +
         object({{"when", "{\"type\":[\"string\",\"boolean\",\"number\"]}"}, {"steps", reference("steps")}},
                ",\"required\":[\"when\",\"steps\"]") +
         "," + object({{"otherwise", reference("steps")}}, ",\"required\":[\"otherwise\"]") + "]}}";
}

std::string step_schema(const Registry& registry) {
  Properties properties;
  std::vector<std::string> names;
  for (const auto& [name, type] : registry.steps()) {
    std::string schema = name == "choice" ? choice_schema()
                         : name == "call" ? call_schema(registry, type)
                                          : detail::fields_schema(type.step.fields);
    properties.emplace_back(name, described(schema, type.summary));
    names.push_back(name);
  }
  add_fields(routes::step_fields(), known_definitions(), properties);
  return "{\"anyOf\":[{\"type\":\"string\",\"description\":\"A list under the bundle's `steps:`.\"}," +
         object(properties, required_one_of(names)) + "]}";
}

std::string handlers_schema() {
  Properties properties;
  add_fields(routes::handler_fields(), known_definitions(), properties);
  std::string handler = object(properties, "");
  return "{\"anyOf\":[" + handler + ",{\"type\":\"array\",\"items\":" + handler + "}]}";
}

}  // namespace

std::string route_file_schema(const Registry& registry) {
  Properties route;
  std::map<std::string, std::string> known = known_definitions();
  known.emplace("from", reference("from"));
  add_fields(routes::route_fields(), known, route);
  Properties defaults;
  add_fields(routes::defaults_fields(), {}, defaults);
  const StepType* reply = registry.step("reply");
  Properties definitions{
      {"listener", adapter_entry(registry, routes::listener_fields(),
                                 [](const AdapterType& type) { return type.listener ? &type.listener.fields : nullptr; })},
      {"service", adapter_entry(registry, routes::service_fields(),
                                [](const AdapterType& type) { return type.target ? &type.target.fields : nullptr; })},
      {"route", object(route, ",\"required\":[\"from\"]")},
      {"from", from_schema(registry)},
      {"steps", "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\",\"items\":" + reference("step") + "}]}"},
      {"step", step_schema(registry)},
      {"reply", reply == nullptr ? "true" : detail::fields_schema(reply->step.fields)},
      {"on_error", handlers_schema()},
      {"defaults", object(defaults, "")}};
  Properties top;
  add_fields(routes::bundle_fields(),
             {{"listeners", named("listener")},
              {"services", named("service")},
              {"routes", named("route")},
              {"steps", named("steps")},
              {"on_error", reference("on_error")},
              {"events", detail::fields_schema(zmq::events_fields().infos())},
              {"defaults", reference("defaults")}},
             top);
  std::string defs;
  for (const auto& [name, schema] : definitions) defs += (defs.empty() ? "" : ",") + json_string(name) + ":" + schema;
  return "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"Busway route file\",\"$defs\":{" + defs +
         "}," + object(top, "").substr(1);
}

void add_schema(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("schema", "Print the JSON Schema of a route file, for editors, or of another thing.");
  auto what = std::make_shared<std::string>("route-file");
  verb->add_option("WHAT", *what, "route-file, or events: what the event stream publishes")
      ->check(CLI::IsMember({"route-file", "events"}))
      ->capture_default_str();
  auto choice = std::make_shared<PluginChoice>();
  add_plugin_options(*verb, *choice, true);
  verb->callback([what, choice, &exit_code] {
    if (*what == "events") {
      std::puts(std::string(message_event_schema()).c_str());
      exit_code = good;
      return;
    }
    Findings findings;
    auto known = known_components(*choice, plugins::Purpose::declared, findings);
    write_text(findings, std::cerr);
    std::puts(route_file_schema(*known.registry).c_str());
    exit_code = good;
  });
}

}  // namespace busway::cli
