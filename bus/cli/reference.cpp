#include "bus/cli/reference.hpp"

namespace busway::cli {

namespace {

std::string heading(int level, std::string_view text) {
  return std::string(static_cast<std::size_t>(level), '#') + " " + std::string(text) + "\n\n";
}

std::string paragraph(std::string_view text) {
  return text.empty() ? "" : std::string(text) + "\n\n";
}

void add_fields(const std::vector<FieldInfo>& fields, std::size_t indent, std::string& out) {
  for (const FieldInfo& field : fields) {
    out += std::string(indent, ' ') + "- `" + field.name + "` (" + field.type;
    if (field.required) out += ", required";
    if (field.secret) out += ", never printed";
    if (!field.default_text.empty()) out += ", default `" + field.default_text + "`";
    if (!field.bounds.empty()) out += ", " + field.bounds;
    if (field.shorthand) out += ", the value alone stands for it";
    out += "): " + field.doc + "\n";
    add_fields(field.children, indent + 2, out);
  }
}

std::string role(int level, std::string_view title, std::string_view where, const std::vector<FieldInfo>& fields) {
  std::string out = heading(level, title) + paragraph(where);
  return out + (fields.empty() ? std::string("No keys.\n") : fields_reference(fields)) + "\n";
}

std::string examples(int level, const std::vector<Example>& list) {
  if (list.empty()) return "";
  std::string out = heading(level, "Examples");
  for (const Example& example : list) {
    out += example.title + ":\n\n```yaml\n" + example.text;
    if (!example.text.ends_with('\n')) out += '\n';
    out += "```\n\n";
  }
  return out;
}

std::string delivery(const DeliveryBadge& badge) {
  if (badge.acknowledges.empty()) return "";
  return "Delivery: acknowledges " + badge.acknowledges + "; " +
         (badge.may_repeat ? "a message may come again" : "no message comes twice") + "; " +
         (badge.keeps_order ? "order is kept" : "order is not kept") + ".";
}

}  // namespace

std::string fields_reference(const std::vector<FieldInfo>& fields) {
  std::string out;
  add_fields(fields, 0, out);
  return out;
}

std::string adapter_reference(const AdapterType& type, int level) {
  std::string out = heading(level, type.name) + paragraph(type.summary) + paragraph(type.doc) + paragraph(delivery(type.badge));
  if (type.listener) {
    out += role(level + 1, "Listener", "Keys of `" + type.name + ":` in an entry of `listeners:`.", type.listener.fields);
  }
  if (type.inlet) {
    std::string where = "Keys of a route's `from:`.";
    if (!type.listens_on.empty() && type.listens_on != type.name) where += " `on:` names a listener of " + type.listens_on + ".";
    out += role(level + 1, "From", where, type.inlet.fields);
  }
  if (type.target)
    out += role(level + 1, "Service", "Keys of `" + type.name + ":` in an entry of `services:`.", type.target.fields);
  if (!type.call.empty())
    out += role(level + 1, "Call", "Keys that a `call` of such a service may have besides the step's own.", type.call);
  return out + examples(level + 1, type.examples);
}

std::string format_reference(const FormatType& type, int level) {
  std::string out = heading(level, type.name) + paragraph(type.summary) + paragraph(type.doc);
  std::string types;
  for (const std::string& content_type : type.content_types) types += (types.empty() ? "`" : ", `") + content_type + "`";
  if (!types.empty()) out += "Read without being named when the Content-Type is " + types + ".\n\n";
  return out + role(level + 1, "Options", "Keys of `format: { " + type.name + ": ... }`.", type.format.fields) +
         examples(level + 1, type.examples);
}

std::string step_reference(const StepType& type, int level) {
  return heading(level, type.name) + paragraph(type.summary) + paragraph(type.doc) +
         role(level + 1, "Keys", "", type.step.fields) + examples(level + 1, type.examples);
}

}  // namespace busway::cli
