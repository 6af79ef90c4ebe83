#include "plugins/host/plugin.hpp"

#include <filesystem>
#include <iterator>

#include "plugins/host/byte_pieces.hpp"
#include "plugins/host/handles.hpp"
#include "plugins/host/sized.hpp"

namespace busway::plugins {

namespace {

// How a child tells an error.
std::string encode_refusal(const Refusal& refusal) {
  PieceWriter writer;
  writer.text("no");
  writer.text(refusal.error.text);
  writer.text(refusal.error.code);
  writer.text(refusal.field);
  return writer.take();
}

std::optional<Refusal> decode_refusal(std::string_view bytes) {
  PieceReader reader(bytes);
  std::string word;
  Refusal out;
  out.error.kind = ErrorKind::config;
  for (std::string* text : {&word, &out.error.text, &out.error.code, &out.field}) reader.text(*text);
  if (word != "no" || !reader.at_end()) return std::nullopt;
  return out;
}

constexpr std::string_view yes = "yes";

bool has_one_thread() {
  std::error_code error;
  std::filesystem::directory_iterator at("/proc/self/task", error);
  return !error && std::distance(at, std::filesystem::directory_iterator()) == 1;
}

// What a child that gave no answer did, as an error: `doing` is what it was asked for, `function` what to look at.
std::unexpected<Error> no_answer(const ChildEnd& end, const std::string& doing, const std::string& function) {
  if (end.how == ChildEnd::How::timed_out) {
    return fail(ErrorKind::config,
                "hangs while " + doing + ": " + text_of(end) + ". " + function + " must not wait for anything: look there",
                "BW7007");
  }
  std::string how = end.how == ChildEnd::How::crashed ? "crashes" : "ends the process";
  return fail(ErrorKind::config, how + " while " + doing + ": " + text_of(end) + ". Look at " + function, "BW7006");
}

// What makes and ends instances. A part that is not there makes none.
busway_part maker_of(const busway_component& component, std::uint32_t part) {
  busway_part out{};
  if (part == 0) {
    out.make = component.make;
    out.destroy = component.destroy;
    return out;
  }
  auto adapter = *read_sized<busway_adapter>(component.role);
  const busway_part* from = nullptr;
  if (part == BUSWAY_PART_SERVICE) {
    from = read_sized<busway_target>(adapter.target)->service;
  } else {
    auto source = *read_sized<busway_source>(adapter.source);
    from = part == BUSWAY_PART_LISTENER ? source.listener : source.from;
  }
  return from == nullptr ? out : *read_sized<busway_part>(from);
}

// `own` is the plugin's; `component` what this busway knows of it.
std::expected<Instance, Refusal> make_instance(const busway_component* own, const busway_component& component,
                                               const std::vector<Setting>& settings, const Making& making,
                                               std::uint32_t purpose) {
  busway_part maker = maker_of(component, making.part);
  if (maker.make == nullptr) return Instance(component, nullptr, nullptr);
  SettingsForCall given(settings);
  busway_failure failure;
  busway_make call{.struct_size = sizeof(busway_make),
                   .purpose = purpose,
                   .component = own,
                   .settings = given.data(),
                   .setting_count = given.size(),
                   .failure = &failure,
                   .part = making.part,
                   .reserved = 0,
                   .name = text_of(making.name),
                   .max_body = making.max_body,
                   .max_in_flight = making.max_in_flight};
  void* made = nullptr;
  if (maker.make(&call, &made) == 0) return Instance(component, maker.destroy, made);
  Error error = failure.take("making it");
  error.kind = ErrorKind::config;
  error.code.clear();
  return std::unexpected(Refusal{std::move(error), std::move(failure.field)});
}

}  // namespace

Result<std::shared_ptr<const Plugin>> Plugin::find(const LibraryFile& file, Purpose purpose) {
  if (auto looked = look_at_library(file); !looked) return std::unexpected(looked.error());
  auto end = in_child([&file]() -> std::string {
    auto loaded = load_library(file);
    auto read = loaded ? read_declaration(*loaded) : std::unexpected(loaded.error());
    return read ? encode(*read) : encode_refusal({read.error(), ""});
  });
  if (!end) return std::unexpected(end.error());
  if (end->how != ChildEnd::How::answered) return no_answer(*end, "it is loaded and declares itself", "busway_plugin_entry");
  if (auto refusal = decode_refusal(end->answer)) return std::unexpected(std::move(refusal->error));
  auto declaration = decode(end->answer);
  if (!declaration) return std::unexpected(declaration.error());
  auto found = std::make_shared<Plugin>();
  found->file_ = file;
  found->declaration_ = std::move(*declaration);
  if (purpose == Purpose::declared) return found;

  auto loaded = load_library(file);
  if (!loaded) return std::unexpected(loaded.error());
  auto again = read_declaration(*loaded);
  if (!again) return std::unexpected(again.error());
  if (encode(*again) != encode(found->declaration_))
    return fail(ErrorKind::config, "declares something else each time: busway_plugin_entry must answer the same in every process",
                "BW7008");
  auto plugin = read_sized<busway_plugin>(*loaded);
  for (std::size_t i = 0; i < plugin->component_count; ++i) {
    found->own_.push_back(plugin->components[i]);
    found->components_.push_back(*read_sized<busway_component>(plugin->components[i]));
  }
  return found;
}

std::shared_ptr<const Plugin> Plugin::stand_in(LibraryFile file, Declaration declaration, StandIn behind) {
  auto made = std::make_shared<Plugin>();
  made->file_ = std::move(file);
  made->declaration_ = std::move(declaration);
  for (const busway_component* table : behind.tables) {
    made->own_.push_back(table);
    made->components_.push_back(table == nullptr ? busway_component{} : *table);
  }
  made->stand_in_ = std::move(behind);
  return made;
}

std::expected<void, Refusal> Plugin::try_settings(std::size_t index, const std::vector<Setting>& settings,
                                                  const Making& making) const {
  if (stand_in_) return stand_in_->try_settings(index, settings, making);
  // An instance that was made before may have begun threads, and a fork would find their locks held for ever.
  if (!components_.empty() && !has_one_thread()) return {};
  auto end = in_child([&]() -> std::string {
    auto loaded = load_library(file_);
    if (!loaded) return encode_refusal({loaded.error(), ""});
    auto plugin = read_sized<busway_plugin>(*loaded);
    if (!plugin || index >= plugin->component_count) return {};
    auto component = *read_sized<busway_component>(plugin->components[index]);
    auto made = make_instance(plugin->components[index], component, settings, making, BUSWAY_FOR_CHECK);
    return made ? std::string(yes) : encode_refusal(made.error());
  });
  std::string what(making.part == 0 ? word_for_kind(declaration_.components[index].kind) : word_for_part(making.part));
  std::string doing = "its " + what + " '" + declaration_.components[index].name + "' is made with these settings";
  if (!end) return std::unexpected(Refusal{end.error(), ""});
  if (end->how != ChildEnd::How::answered)
    return std::unexpected(Refusal{no_answer(*end, doing, "its make and destroy").error(), ""});
  if (end->answer == yes) return {};
  if (auto refusal = decode_refusal(end->answer)) return std::unexpected(std::move(*refusal));
  return std::unexpected(Refusal{{.kind = ErrorKind::config, .text = "what came back is no answer", .code = "BW7006"}, ""});
}

std::expected<std::optional<Instance>, Refusal> Plugin::make(std::size_t index, const std::vector<Setting>& settings,
                                                             const Making& making) const {
  if (components_.empty()) return std::nullopt;
  auto made = make_instance(own_[index], components_[index], settings, making, BUSWAY_FOR_USE);
  if (!made) return std::unexpected(std::move(made.error()));
  return std::optional<Instance>(std::move(*made));
}

}  // namespace busway::plugins
