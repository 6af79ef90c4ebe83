#include <algorithm>
#include <set>

#include "plugins/host/declaration.hpp"
#include "plugins/host/settings.hpp"

namespace busway::plugins {

namespace {

constexpr std::size_t most_name = 64;

std::unexpected<Error> refuse(std::string text) {
  return fail(ErrorKind::config, std::move(text), "BW7008");
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_name(std::string_view name, std::string_view more) {
  return !name.empty() && name.size() <= most_name && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || more.find(c) != std::string_view::npos; });
}

// One line without control characters: it stands in lists, in findings and in the middle of a page.
bool is_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
}
// Several lines.
bool is_prose(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t') || c == 0x7F; });
}

bool is_sentence(std::string_view text) {
  return is_line(text) && text.ends_with('.');
}

Result<void> check_fields(const std::vector<FieldDeclaration>& fields, const std::string& where) {
  std::set<std::string_view> names;
  std::size_t shorthands = 0;
  for (const FieldDeclaration& field : fields) {
    if (!is_name(field.name, "_"))
      return refuse("a field of " + where + " has the name '" + field.name.substr(0, 80) +
                    "': use letters, digits and '_', at most 64");
    std::string what = "the field '" + field.name + "' of " + where;
    if (!names.insert(field.name).second) return refuse(what + " is declared twice");
    if (!is_sentence(field.doc)) return refuse(what + " needs a doc: one line, a sentence with its full stop");
    if (field.shorthand) ++shorthands;
    if (auto made = DeclaredField::make(field); !made) return made.error().while_doing(what);
  }
  if (shorthands > 1) return refuse(where + " has " + std::to_string(shorthands) + " shorthand fields; one at most");
  return {};
}

// Keys that the bus adds, and what one of them may be.
Result<void> check_part(const std::vector<FieldDeclaration>& fields, std::uint32_t part, const std::string& where) {
  std::string of = "the " + std::string(word_for_part(part)) + " of " + where;
  std::size_t endpoints = 0;
  for (const FieldDeclaration& field : fields) {
    bool ours = part == BUSWAY_PART_FROM
                    ? field.name == "when" || field.name == "on" || field.name == "format" || field.name == "error"
                    : field.name == "max_body" || field.name == "max_in_flight";
    if (ours) return refuse(of + " declares the key '" + field.name + "', which the bus gives it: rename it");
    if (field.endpoints && (part != BUSWAY_PART_SERVICE || field.type != BUSWAY_FIELD_TEXTS))
      return refuse("the field '" + field.name + "' of " + of + " cannot hold endpoints: only a service's key of type TEXTS can");
    if (field.shorthand && part == BUSWAY_PART_FROM)
      return refuse("the field '" + field.name + "' of " + of +
                    " cannot stand for the whole: call it like the adapter, then `from: { NAME: VALUE }` sets it");
    if (field.endpoints) ++endpoints;
  }
  if (endpoints > 1) return refuse(of + " has " + std::to_string(endpoints) + " keys for endpoints; one at most");
  return check_fields(fields, of);
}

Result<void> check_adapter(const AdapterDeclaration& adapter, const std::string& where) {
  if (!is_line(adapter.acknowledges)) return refuse("what " + where + " acknowledges has control characters in it");
  if (!adapter.source && !adapter.target) return refuse(where + " has neither a source nor a target");
  for (std::uint32_t part : {BUSWAY_PART_LISTENER, BUSWAY_PART_FROM, BUSWAY_PART_SERVICE}) {
    if (auto checked = check_part(adapter.fields(part), part, where); !checked) return checked;
  }
  return {};
}

bool is_content_type(std::string_view text) {
  std::size_t slash = text.find('/');
  return slash != std::string_view::npos && slash != 0 && slash + 1 != text.size() && is_line(text) &&
         text.find_first_of(" ;,*\"") == std::string_view::npos && text.find('/', slash + 1) == std::string_view::npos;
}

Result<void> check_component(const ComponentDeclaration& component) {
  std::string where = "'" + component.name.substr(0, 80) + "'";
  if (!is_name(component.name, "_-"))
    return refuse("a component has the name " + where + ": use letters, digits, '_' and '-', at most 64");
  if (component.kind != BUSWAY_KIND_FORMAT && component.kind != BUSWAY_KIND_STEP && component.kind != BUSWAY_KIND_ADAPTER) {
    return refuse(where + " is of kind " + std::to_string(component.kind) + ", and this busway takes formats (" +
                  std::to_string(BUSWAY_KIND_FORMAT) + "), steps (" + std::to_string(BUSWAY_KIND_STEP) + ") and adapters (" +
                  std::to_string(BUSWAY_KIND_ADAPTER) + ") from a library");
  }
  if (!is_sentence(component.summary)) return refuse(where + " needs a summary: one line, a sentence with its full stop");
  if (!is_prose(component.doc)) return refuse("the doc of " + where + " has control characters in it");
  for (const Example& example : component.examples) {
    if (example.text.empty() || !is_line(example.title) || !is_prose(example.text))
      return refuse("an example of " + where + " needs a title of one line and a text");
  }
  if (!is_line(component.content_type)) return refuse("the content type of " + where + " has control characters in it");
  for (const std::string& type : component.content_types) {
    if (!is_content_type(type))
      return refuse("'" + type.substr(0, 80) + "' among the content types of " + where + " is no TYPE/SUBTYPE");
  }
  for (const FieldDeclaration& field : component.fields) {
    if (field.endpoints)
      return refuse("the field '" + field.name + "' of " + where + " holds endpoints, which only a service has");
  }
  if (component.kind == BUSWAY_KIND_ADAPTER) {
    if (auto checked = check_adapter(component.adapter, where); !checked) return checked;
  }
  return check_fields(component.fields, where);
}

}  // namespace

Result<void> check_declaration(const Declaration& declaration) {
  if (declaration.name.empty() || !is_line(declaration.name) || !is_line(declaration.version) || declaration.name.size() > 200 ||
      declaration.version.size() > 200) {
    return refuse("the plugin needs a name of its own, and a version or none, of one line each");
  }
  if (declaration.components.empty()) return refuse("the plugin declares no component");
  for (const ComponentDeclaration& component : declaration.components) {
    if (auto checked = check_component(component); !checked) return checked;
  }
  return {};
}

}  // namespace busway::plugins
