#include "routes/language_fields.hpp"

#include <algorithm>

#include "bus/service.hpp"

namespace busway::routes {

namespace {

FieldInfo field(std::string name, std::string type, std::string doc, std::string schema = "true") {
  FieldInfo info;
  info.name = std::move(name);
  info.type = std::move(type);
  info.doc = std::move(doc);
  info.schema = std::move(schema);
  return info;
}

FieldInfo required(FieldInfo info) {
  info.required = true;
  return info;
}

FieldInfo with_default(FieldInfo info, std::string text) {
  info.default_text = std::move(text);
  return info;
}

const char* const any_mapping = R"({"type":"object"})";
const char* const any_list = R"({"type":"array"})";
const char* const duration = R"({"type":"string","pattern":"^[0-9]+(ms|s|m|h|d)$"})";
const char* const text = R"({"type":["string","number","boolean"]})";
const char* const handlers = R"({"anyOf":[{"type":"object"},{"type":"array","items":{"type":"object"}}]})";
const char* const format = R"({"anyOf":[{"type":"string"},{"type":"object","minProperties":1,"maxProperties":1}]})";

const char* const files = R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]})";
const char* const tables =
    R"({"type":"object","additionalProperties":{"type":"object","required":["key"],"additionalProperties":false,)"
    R"("properties":{"csv":{"type":"string"},"json":{"type":"string"},"key":{"type":"string"},)"
    R"("format":{"anyOf":[{"type":"string"},{"type":"object","minProperties":1,"maxProperties":1}]}}}})";

struct NotBuilt {
  Place place;
  std::string_view word;
};
constexpr NotBuilt not_built[] = {
    {Place::adapter, "wsdl"},        {Place::service, "circuit_breaker"}, {Place::service, "limit"}, {Place::service, "order_by"},
    {Place::from, "accept"},         {Place::step, "aggregate"},          {Place::step, "send"},     {Place::step, "split"},
    {Place::handler, "dead_letter"},
};

}  // namespace

std::vector<FieldInfo> bundle_fields() {
  return {
      field("listeners", "mapping", "Named places where the bus listens; each holds one adapter's key.", any_mapping),
      field("services", "mapping", "Named systems that routes call; each holds one adapter's key and its policy.", any_mapping),
      field("routes", "mapping", "What arrives where, what is done with it and what is answered.", any_mapping),
      field("steps", "mapping", "Lists of steps under a name, for use in the step lists of routes.", any_mapping),
      field("tables", "mapping", "Rows from files of the bundle, for `$table`: `{ csv: FILE, key: COLUMN }` or `json: FILE`.",
            tables),
      field("functions", "list of files", "Files whose top-level `$name := ...` every expression of the bundle can use.", files),
      field("plugins", "mapping",
            "What plugins must be, by name: `{ sha256: HEX }`, compared with the plugin's file before anything of it is run.",
            any_mapping),
      field("on_error", "handler or list of handlers", "Takes failures that no step and no route has taken.", handlers),
      field("events", "mapping", "Where tools are told what becomes of messages: a ZeroMQ PUB socket.", any_mapping),
      field("defaults", "mapping", "What routes have when they do not say otherwise.", any_mapping)};
}

std::vector<FieldInfo> defaults_fields() {
  return {with_default(
      field("deadline", "duration", "The time a message may take, from its complete head to the reply.", duration), "30s")};
}

std::vector<FieldInfo> listener_fields() {
  return {field("format", "format", "How bodies are read and replies written, where the route does not say.", format)};
}

std::vector<FieldInfo> service_fields() {
  return service_policy_fields().infos();
}

std::vector<FieldInfo> route_fields() {
  return {
      field("description", "text", "What the route is for.", text),
      required(field("from", "mapping", "What the route takes: one adapter's key with its conditions.", any_mapping)),
      field("steps", "list of steps", "What is done with the message, in order.", any_list),
      field("reply", "mapping", "What is answered after the last step; without it, the message as it stands.", any_mapping),
      field("on_error", "handler or list of handlers", "Takes failures that the failed step has not taken.", handlers),
      with_default(field("deadline", "duration", "The time a message may take, from its complete head to the reply.", duration),
                   "30s")};
}

std::vector<FieldInfo> from_fields() {
  return {
      field("on", "name of a listener", "Where the route listens; may be left out when one listener fits.", text),
      field("format", "format", "How bodies are read and replies written; the Content-Type decides when it is left out.", format),
      field("error", "expression",
            "What a caller is sent, over $failure, when no handler has replied; for protocols without an error form.", text)};
}

std::vector<FieldInfo> step_fields() {
  return {field("name", "text", "What logs, traces and $failure call the step.", text),
          field("on_error", "handler or list of handlers", "Takes the step's failure.", handlers)};
}

std::vector<FieldInfo> handler_fields() {
  return {field("when", "expression", "Over $failure: whether this handler takes it; without it, always.", text),
          field("retry", "mapping", "Tries the failed step again: attempts, backoff.", any_mapping),
          field("steps", "list of steps", "Run with $, $headers and $vars as the failed step found them.", any_list),
          field("reply", "mapping", "Ends the route with this reply.", any_mapping),
          field("continue", "true", "Goes on behind the failed step.", R"({"const":true})")};
}

bool not_in_this_version(Place place, std::string_view word) {
  return std::any_of(std::begin(not_built), std::end(not_built),
                     [&](const NotBuilt& row) { return row.place == place && row.word == word; });
}

}  // namespace busway::routes
