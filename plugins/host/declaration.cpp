#include "plugins/host/declaration.hpp"

#include <optional>

#include "plugins/host/sized.hpp"
#include "plugins/host/utf8.hpp"

namespace busway::plugins {

namespace {

// Far more than any plugin needs, far less than garbage tends to be.
constexpr std::size_t most_components = 256;
constexpr std::size_t most_fields = 256;
constexpr std::size_t most_words = 256;
constexpr std::size_t most_text = 64UL * 1024;
// All there are.
constexpr std::uint32_t field_flags = BUSWAY_FIELD_REQUIRED | BUSWAY_FIELD_SHORTHAND | BUSWAY_FIELD_ENDPOINTS;
constexpr std::uint32_t source_flags = BUSWAY_SOURCE_PICKS_ROUTE | BUSWAY_SOURCE_MAY_REPEAT | BUSWAY_SOURCE_KEEPS_ORDER;
constexpr std::uint32_t adapter_flags =
    BUSWAY_ADAPTER_DOCUMENTS | BUSWAY_ADAPTER_HEADERS | BUSWAY_ADAPTER_METHOD | BUSWAY_ADAPTER_PATH | BUSWAY_ADAPTER_OPERATION;
constexpr std::uint32_t step_flags = BUSWAY_STEP_LEAVES_BODY;

std::unexpected<Error> refuse(std::string text, std::string code = "BW7008") {
  return fail(ErrorKind::config, std::move(text), std::move(code));
}

// Reads parts of a declaration; keeps the first thing that is wrong, with where it stands.
class Reader {
 public:
  const std::optional<std::string>& wrong() const { return wrong_; }
  void say(const std::string& where, const std::string& what) {
    if (!wrong_) wrong_ = where + " " + what;
  }

  std::string text(busway_text from, const std::string& where) {
    if (from.size != 0 && from.data == nullptr) {
      say(where, "has a size and no bytes");
    } else if (from.size > most_text) {
      say(where, "is " + std::to_string(from.size) + " bytes long; 65536 are the most");
    } else if (!is_utf8(view(from))) {
      say(where, "is not UTF-8");
    } else {
      return std::string(view(from));
    }
    return {};
  }

  bool count(std::size_t number, std::size_t most, const void* array, const std::string& where) {
    if (number > most) {
      say(where, "are " + std::to_string(number) + "; " + std::to_string(most) + " are the most");
    } else if (number != 0 && array == nullptr) {
      say(where, "are counted, but there is no list of them");
    } else {
      return number != 0;
    }
    return false;
  }

  std::vector<std::string> texts(const busway_text* from, std::size_t number, const std::string& where) {
    std::vector<std::string> out;
    if (!count(number, most_words, from, where)) return out;
    for (std::size_t i = 0; i < number; ++i) out.push_back(text(from[i], "one of " + where));
    return out;
  }

  FieldDeclaration field(const void* from, const std::string& of) {
    FieldDeclaration out;
    auto raw = read_sized<busway_field>(from);
    if (!raw) {
      say("a field of " + of, "has no struct_size that can be right");
      return out;
    }
    out.name = text(raw->name, "the name of a field of " + of);
    std::string where = "the field '" + out.name + "' of " + of;
    out.type = raw->type;
    out.required = (raw->flags & BUSWAY_FIELD_REQUIRED) != 0;
    out.shorthand = (raw->flags & BUSWAY_FIELD_SHORTHAND) != 0;
    out.endpoints = (raw->flags & BUSWAY_FIELD_ENDPOINTS) != 0;
    if ((raw->flags | field_flags) != field_flags) say(where, "has flags that nobody knows");
    out.doc = text(raw->doc, "the doc of " + where);
    out.default_text = text(raw->default_text, "the default of " + where);
    out.at_least = text(raw->at_least, "the lower bound of " + where);
    out.at_most = text(raw->at_most, "the upper bound of " + where);
    out.choices = texts(raw->choices, raw->choice_count, "the choices of " + where);
    return out;
  }

  void format(const void* role, const std::string& where, ComponentDeclaration& out) {
    auto raw = read_sized<busway_format>(role);
    if (!raw) return say(where, "has no busway_format with a struct_size that can be right");
    if (raw->flags != 0) say(where, "has flags that nobody knows");
    if (raw->read == nullptr || raw->write == nullptr) say(where, "needs both read and write");
    out.content_type = text(raw->content_type, "the content type of " + where);
    out.content_types = texts(raw->content_types, raw->content_type_count, "the content types of " + where);
  }

  void step(const void* role, const std::string& where, ComponentDeclaration& out) {
    auto raw = read_sized<busway_step>(role);
    if (!raw) return say(where, "has no busway_step with a struct_size that can be right");
    if ((raw->flags | step_flags) != step_flags) say(where, "has flags that nobody knows");
    if ((raw->run == nullptr) == (raw->start == nullptr)) say(where, "needs one of run and start");
    out.leaves_body = (raw->flags & BUSWAY_STEP_LEAVES_BODY) != 0;
    out.later = raw->start != nullptr;
  }

  std::vector<FieldDeclaration> fields(const busway_field* from, std::size_t number, const std::string& of) {
    std::vector<FieldDeclaration> out;
    if (!count(number, most_fields, from, "the fields of " + of)) return out;
    for (std::size_t i = 0; i < number && !wrong_; ++i) out.push_back(field(sized_element(from, i), of));
    return out;
  }

  // Null is a part without keys.
  std::vector<FieldDeclaration> part(const busway_part* from, const std::string& of) {
    if (from == nullptr) return {};
    auto raw = read_sized<busway_part>(from);
    if (!raw) {
      say("the " + of, "has no struct_size that can be right");
      return {};
    }
    if (raw->make == nullptr && raw->field_count != 0) say("the " + of, "has keys and no make");
    return fields(raw->fields, raw->field_count, of);
  }

  void source(const busway_source* from, const std::string& where, AdapterDeclaration& out) {
    auto raw = read_sized<busway_source>(from);
    if (!raw) return say("the source of " + where, "has no struct_size that can be right");
    if ((raw->flags | source_flags) != source_flags) say("the source of " + where, "has flags that nobody knows");
    if (raw->open == nullptr || raw->reply == nullptr) say("the source of " + where, "needs both open and reply");
    out.source = true;
    out.source_flags = raw->flags;
    out.acknowledges = text(raw->acknowledges, "what the source of " + where + " acknowledges");
    out.listener = part(raw->listener, "listener of " + where);
    out.from = part(raw->from, "from of " + where);
  }

  void target(const busway_target* from, const std::string& where, AdapterDeclaration& out) {
    auto raw = read_sized<busway_target>(from);
    if (!raw) return say("the target of " + where, "has no struct_size that can be right");
    if (raw->flags != 0) say("the target of " + where, "has flags that nobody knows");
    if (raw->call == nullptr) say("the target of " + where, "needs call");
    out.target = true;
    out.service = part(raw->service, "service of " + where);
  }

  void adapter(const void* role, const std::string& where, AdapterDeclaration& out) {
    auto raw = read_sized<busway_adapter>(role);
    if (!raw) return say(where, "has no busway_adapter with a struct_size that can be right");
    if ((raw->flags | adapter_flags) != adapter_flags) say(where, "has flags that nobody knows");
    out.flags = raw->flags;
    if (raw->source == nullptr && raw->target == nullptr) say(where, "has neither a source nor a target");
    if (raw->source != nullptr) source(raw->source, where, out);
    if (raw->target != nullptr) target(raw->target, where, out);
  }

  ComponentDeclaration component(const busway_component* from) {
    ComponentDeclaration out;
    auto raw = read_sized<busway_component>(from);
    if (!raw) {
      say("a component", "has no struct_size that can be right");
      return out;
    }
    out.kind = raw->kind;
    out.name = text(raw->name, "the name of a component");
    std::string where = "'" + out.name + "'";
    out.summary = text(raw->summary, "the summary of " + where);
    out.doc = text(raw->doc, "the doc of " + where);
    bool has_parts = raw->kind == BUSWAY_KIND_ADAPTER;
    if (!has_parts && raw->make == nullptr) say(where, "has no make");
    if (has_parts && (raw->make != nullptr || raw->field_count != 0))
      say(where, "is an adapter, and has keys or a make outside of its parts");
    out.fields = fields(raw->fields, raw->field_count, where);
    if (count(raw->example_count, most_words, raw->examples, "the examples of " + where)) {
      for (std::size_t i = 0; i < raw->example_count && !wrong_; ++i) {
        auto example = read_sized<busway_example>(sized_element(raw->examples, i));
        if (!example) {
          say("an example of " + where, "has no struct_size that can be right");
        } else {
          out.examples.push_back({text(example->title, "an example of " + where), text(example->text, "an example of " + where)});
        }
      }
    }
    if (raw->kind == BUSWAY_KIND_FORMAT) format(raw->role, where, out);
    if (raw->kind == BUSWAY_KIND_STEP) step(raw->role, where, out);
    if (raw->kind == BUSWAY_KIND_ADAPTER) adapter(raw->role, where, out.adapter);
    return out;
  }

 private:
  std::optional<std::string> wrong_;
};

std::string version_text(std::uint32_t version) {
  return std::to_string(version >> 16) + "." + std::to_string(version & 0xFFFF);
}

}  // namespace

std::string_view word_for_kind(std::uint32_t kind) {
  return kind == BUSWAY_KIND_FORMAT ? "format" : kind == BUSWAY_KIND_STEP ? "step" : "adapter";
}

std::string_view word_for_part(std::uint32_t part) {
  return part == BUSWAY_PART_LISTENER ? "listener" : part == BUSWAY_PART_FROM ? "from" : "service";
}

Result<Declaration> read_declaration(const busway_plugin* plugin) {
  if (plugin == nullptr)
    return refuse("busway_plugin_entry answers null instead of a declaration: return the address of a static busway_plugin");
  std::uint32_t words[2] = {};
  std::memcpy(words, static_cast<const void*>(plugin), sizeof words);
  if (words[1] >> 16 != BUSWAY_ABI_MAJOR || (words[1] & 0xFFFF) > BUSWAY_ABI_MINOR) {
    return refuse("needs version " + version_text(words[1]) + " of the plugin ABI, and this busway has " +
                      version_text(BUSWAY_ABI_VERSION) +
                      ": build it with this busway's busway_plugin.h, or use a busway that has it",
                  "BW7005");
  }
  auto raw = read_sized<busway_plugin>(plugin);
  if (!raw)
    return refuse("its busway_plugin states a struct_size of " + std::to_string(words[0]) + ": set it to sizeof(busway_plugin)");
  Reader reader;
  Declaration out;
  out.name = reader.text(raw->name, "the name of the plugin");
  out.version = reader.text(raw->version, "the version of the plugin");
  if (reader.count(raw->component_count, most_components, static_cast<const void*>(raw->components), "the components")) {
    for (std::size_t i = 0; i < raw->component_count && !reader.wrong(); ++i)
      out.components.push_back(reader.component(raw->components[i]));
  }
  if (reader.wrong()) return refuse(*reader.wrong());
  if (auto checked = check_declaration(out); !checked) return std::unexpected(checked.error());
  return out;
}

}  // namespace busway::plugins
