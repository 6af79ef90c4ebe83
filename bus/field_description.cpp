#include "bus/field.hpp"
#include "bus/json_text.hpp"

// What a declaration says of its fields: bounds, types, defaults and JSON Schema. Help, docs and editors read it.
namespace busway {

std::string bounds_text(const Constraints& limits) {
  if (limits.at_least && limits.at_most) return limits.at_least_text + " to " + limits.at_most_text;
  if (limits.at_least) return "at least " + limits.at_least_text;
  if (limits.at_most) return "at most " + limits.at_most_text;
  return "";
}

namespace {

std::string duration_text(std::chrono::milliseconds value) {
  auto ms = value.count();
  if (ms != 0 && ms % 3'600'000 == 0) return std::to_string(ms / 3'600'000) + "h";
  if (ms != 0 && ms % 60'000 == 0) return std::to_string(ms / 60'000) + "m";
  if (ms != 0 && ms % 1000 == 0) return std::to_string(ms / 1000) + "s";
  return std::to_string(ms) + "ms";
}

std::string size_text(ByteSize value) {
  if (value.bytes != 0 && value.bytes % (1024 * 1024 * 1024) == 0)
    return std::to_string(value.bytes / (1024 * 1024 * 1024)) + "GiB";
  if (value.bytes != 0 && value.bytes % (1024 * 1024) == 0) return std::to_string(value.bytes / (1024 * 1024)) + "MiB";
  if (value.bytes != 0 && value.bytes % 1024 == 0) return std::to_string(value.bytes / 1024) + "KiB";
  return std::to_string(value.bytes) + "B";
}

}  // namespace

Constraint at_least(std::int64_t value) {
  return [value](Constraints& c) {
    c.at_least = value;
    c.at_least_text = std::to_string(value);
  };
}
Constraint at_most(std::int64_t value) {
  return [value](Constraints& c) {
    c.at_most = value;
    c.at_most_text = std::to_string(value);
  };
}
Constraint at_least(std::chrono::milliseconds value) {
  return [value](Constraints& c) {
    c.at_least = value.count();
    c.at_least_text = duration_text(value);
  };
}
Constraint at_most(std::chrono::milliseconds value) {
  return [value](Constraints& c) {
    c.at_most = value.count();
    c.at_most_text = duration_text(value);
  };
}
Constraint at_least(ByteSize value) {
  return [value](Constraints& c) {
    c.at_least = static_cast<std::int64_t>(value.bytes);
    c.at_least_text = size_text(value);
  };
}
Constraint at_most(ByteSize value) {
  return [value](Constraints& c) {
    c.at_most = static_cast<std::int64_t>(value.bytes);
    c.at_most_text = size_text(value);
  };
}

namespace {
const char* const scalar_schema = R"({"type":["string","number","boolean"]})";
const char* const text_schema =
    R"({"anyOf":[{"type":["string","number","boolean"]},{"type":"object","properties":{"expr":{"type":["string","number","boolean"]}},"required":["expr"],"additionalProperties":false},{"type":"object","properties":{"file":{"type":"string"}},"required":["file"],"additionalProperties":false}]})";
}  // namespace

TypeInfo describe(const bool& value) {
  return {"boolean", R"({"type":"boolean"})", value ? "true" : "false"};
}
TypeInfo describe(const std::int64_t& value) {
  return {"integer", R"({"type":"integer"})", std::to_string(value)};
}
TypeInfo describe(const int& value) {
  return {"integer", R"({"type":"integer"})", std::to_string(value)};
}
TypeInfo describe(const std::chrono::milliseconds& value) {
  return {"duration", R"({"type":"string","pattern":"^[0-9]+(ms|s|m|h|d)$"})", duration_text(value)};
}
TypeInfo describe(const ByteSize& value) {
  return {"size", R"({"type":["string","integer"],"pattern":"^[0-9]+(B|KiB|MiB|GiB|kB|MB)?$"})", size_text(value)};
}
TypeInfo describe(const DurationRange& value) {
  return {"range of durations", R"({"type":"string","pattern":"^[0-9]+(ms|s|m|h|d)([.][.][0-9]+(ms|s|m|h|d))?$"})",
          value.high.count() == 0 ? "" : duration_text(value.low) + ".." + duration_text(value.high)};
}
TypeInfo describe(const std::string& value) {
  return {"text", scalar_schema, value};
}
TypeInfo describe(const Secret&) {
  return {"secret", R"({"type":"string"})", "", true};
}
TypeInfo describe(const ExpressionRef&) {
  return {"expression", scalar_schema, ""};
}
TypeInfo describe(const TextRef& value) {
  return {"text, { expr } or { file }", text_schema, value.text};
}
TypeInfo describe(const FileRef&) {
  return {"file", R"({"type":"string"})", ""};
}
TypeInfo describe(const FormatRef&) {
  return {"format", R"({"anyOf":[{"type":"string"},{"type":"object","minProperties":1,"maxProperties":1}]})", ""};
}
TypeInfo describe(const ConfigNode&) {
  return {"any", "true", ""};
}
TypeInfo describe(const std::vector<std::string>& value) {
  std::string text;
  for (const std::string& item : value) text += (text.empty() ? "" : ", ") + item;
  return {"list of text",
          R"({"anyOf":[{"type":["string","number","boolean"]},{"type":"array","items":{"type":["string","number","boolean"]}}]})",
          text};
}
TypeInfo describe(const std::vector<std::pair<std::string, TextRef>>&) {
  return {"mapping of text", std::string(R"({"type":"object","additionalProperties":)") + text_schema + "}", ""};
}
TypeInfo describe(const std::vector<std::pair<std::string, std::string>>&) {
  return {"mapping of text", std::string(R"({"type":"object","additionalProperties":)") + scalar_schema + "}", ""};
}
TypeInfo describe(const std::vector<std::pair<std::string, ExpressionRef>>&) {
  return {"mapping of expressions", std::string(R"({"type":"object","additionalProperties":)") + scalar_schema + "}", ""};
}

namespace detail {

std::string choices_schema(const std::vector<std::string_view>& names) {
  std::string out = "{\"enum\":[";
  for (std::size_t i = 0; i < names.size(); ++i) out += (i == 0 ? "" : ",") + json_string(names[i]);
  return out + "]}";
}

FieldInfo nested_info(std::string name, std::string doc, const Constraints& limits, std::vector<FieldInfo> children,
                      Nesting nesting) {
  std::string schema = fields_schema(children);
  return {.name = std::move(name),
          .doc = std::move(doc),
          .type = nesting == Nesting::list ? "list of mapping" : "mapping",
          .default_text = "",
          .bounds = "",
          .required = limits.required,
          .secret = false,
          .shorthand = limits.shorthand,
          .schema = nesting == Nesting::list ? R"({"type":"array","items":)" + schema + "}" : schema,
          .children = std::move(children)};
}

namespace {

// The doc and the default stand beside what is allowed, so that an editor shows them.
std::string described_schema(const FieldInfo& info) {
  std::string more = "\"description\":" + json_string(info.doc);
  if (!info.default_text.empty() && !info.type.starts_with("list")) {
    bool bare = info.type == "integer" || info.type == "number" || info.type == "boolean";
    more += ",\"default\":" + (bare ? info.default_text : json_string(info.default_text));
  }
  return info.schema == "true" ? "{" + more + "}" : info.schema.substr(0, info.schema.size() - 1) + "," + more + "}";
}

}  // namespace

std::string fields_schema(const std::vector<FieldInfo>& infos) {
  std::string properties;
  std::string required;
  const FieldInfo* shorthand = nullptr;
  bool others_required = false;
  for (const FieldInfo& info : infos) {
    properties += (properties.empty() ? "" : ",") + json_string(info.name) + ":" + described_schema(info);
    if (info.required) required += (required.empty() ? "" : ",") + json_string(info.name);
    if (info.shorthand) shorthand = &info;
    if (info.required && !info.shorthand) others_required = true;
  }
  std::string object = "{\"type\":\"object\",\"properties\":{" + properties + "},\"additionalProperties\":false";
  if (!required.empty()) object += ",\"required\":[" + required + "]";
  object += "}";
  if (shorthand == nullptr || others_required) return object;
  return "{\"anyOf\":[" + object + "," + shorthand->schema + "]}";
}

}  // namespace detail

}  // namespace busway
