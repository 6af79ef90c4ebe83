#include "plugins/process/settings_json.hpp"

#include <algorithm>
#include <utility>

#include "bus/json_text.hpp"
#include "plugins/host/utf8.hpp"

namespace busway::plugins {

namespace {

void append_value(std::uint32_t type, const Setting& setting, std::string& out) {
  switch (type) {
    case BUSWAY_FIELD_BOOLEAN: out += setting.number != 0 ? "true" : "false"; return;
    case BUSWAY_FIELD_INTEGER:
    case BUSWAY_FIELD_DURATION:
    case BUSWAY_FIELD_SIZE: out += std::to_string(setting.number); return;
    case BUSWAY_FIELD_TEXTS: {
      out += '[';
      for (const std::string& text : setting.list) {
        if (out.back() != '[') out += ',';
        append_json_string(text, out);
      }
      out += ']';
      return;
    }
    default: append_json_string(setting.text.expose(), out);
  }
}

bool is_text(const Setting& setting) {
  return is_utf8(setting.text.expose()) &&
         std::all_of(setting.list.begin(), setting.list.end(), [](const std::string& one) { return is_utf8(one); });
}

}  // namespace

std::expected<Secret, Unsayable> settings_json(const std::vector<FieldDeclaration>& fields,
                                               const std::vector<Setting>& settings) {
  std::string json = "{";
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!is_text(settings[i]))
      return std::unexpected(
          Unsayable{fields[i].name, "the value is not UTF-8, and a plugin's process is told its settings as JSON"});
    if (i != 0) json += ',';
    append_json_string(fields[i].name, json);
    json += ':';
    append_value(fields[i].type, settings[i], json);
  }
  json += '}';
  if (json.size() <= most_settings) return Secret(std::move(json));
  return std::unexpected(Unsayable{"", "the settings are " + std::to_string(json.size()) +
                                           " bytes as JSON, and a plugin's process can be told 49152: let it read large files "
                                           "itself"});
}

}  // namespace busway::plugins
