#include "plugins/process/adapter.hpp"

#include "bus/json_text.hpp"
#include "plugins/host/sized.hpp"
#include "plugins/process/adapter_tables.hpp"
#include "plugins/process/settings_json.hpp"

namespace busway::plugins {

namespace {

const std::vector<FieldDeclaration>& fields_of(const ProcessAdapter& adapter, std::uint32_t part) {
  return adapter.declared.adapter.fields(part);
}

std::vector<Setting> settings_of(const busway_make& call) {
  std::vector<Setting> out(call.setting_count);
  for (std::size_t i = 0; i < call.setting_count; ++i) {
    const busway_setting& given = call.settings[i];
    out[i].number = given.number;
    out[i].text = Secret(std::string(view(given.text)));
    for (std::size_t j = 0; j < given.list_count; ++j) out[i].list.emplace_back(view(given.list[j]));
  }
  return out;
}

void fill(AdapterInProcess& component) {
  const AdapterDeclaration& declared = component.adapter->declared.adapter;
  component.table.struct_size = sizeof component.table;
  component.table.kind = BUSWAY_KIND_ADAPTER;
  component.table.name = text_of(component.adapter->declared.name);
  component.table.role = &component.role;
  for (busway_part& part : component.parts) part.struct_size = sizeof part;
  component.role.struct_size = sizeof component.role;
  component.role.flags = declared.flags;
  if (declared.source) fill_source(component);
  if (declared.target) fill_target(component);
}

}  // namespace

std::shared_ptr<const Plugin> plugin_in_process(const std::shared_ptr<const Manifest>& manifest,
                                                const std::shared_ptr<Supervisor>& supervisor, Process* process) {
  Plugin::StandIn behind;
  behind.try_settings = [manifest](std::size_t index, const std::vector<Setting>& settings,
                                   const Making& making) -> std::expected<void, Refusal> {
    const ProcessAdapter& adapter = manifest->adapters[index - manifest->steps.size()];
    auto json = settings_json(fields_of(adapter, making.part), settings);
    if (json) return {};
    Refusal refusal;
    refusal.error.kind = ErrorKind::config;
    refusal.error.text = "cannot be told this: " + json.error().text;
    refusal.error.code = "BW7105";
    refusal.field = json.error().key;
    return std::unexpected(std::move(refusal));
  };
  if (supervisor != nullptr && process != nullptr) {
    auto components = std::make_shared<std::vector<std::unique_ptr<AdapterInProcess>>>();
    behind.tables.assign(manifest->steps.size(), nullptr);
    for (const ProcessAdapter& adapter : manifest->adapters) {
      AdapterInProcess& one = *components->emplace_back(std::make_unique<AdapterInProcess>());
      one.manifest = manifest;
      one.adapter = &adapter;
      one.supervisor = supervisor;
      one.process = process;
      fill(one);
      behind.tables.push_back(&one.table);
    }
    behind.keeps = components;
  }
  return Plugin::stand_in({.path = manifest->directory, .shown = manifest->shown}, manifest->declaration(), std::move(behind));
}

// ---- what both halves share ----

std::unique_ptr<PartInstance> make_part(const busway_make& call) {
  const auto& component = *reinterpret_cast<const AdapterInProcess*>(call.component);
  auto json = settings_json(fields_of(*component.adapter, call.part), settings_of(call));
  if (!json) {
    set_failure(call.failure, ErrorKind::config, json.error().text, json.error().key);
    return nullptr;
  }
  std::string what = R"("adapter":)" + json_string(component.adapter->declared.name) + R"(,"part":")" +
                     std::string(word_for_part(call.part)) + R"(","name":)" + json_string(view(call.name));
  return std::make_unique<PartInstance>(PartInstance{.component = component,
                                                     .what = std::move(what),
                                                     .settings = std::move(*json),
                                                     .max_body = call.max_body,
                                                     .max_in_flight = call.max_in_flight});
}

std::uint64_t PartInstance::tell(std::shared_ptr<Inflow> inflow, std::string_view more) {
  std::string head = what;
  if (max_body != 0) head += R"(,"max_body":)" + std::to_string(max_body);
  head += more;
  use = component.process->add_use(
      {.what = std::move(head), .settings = Secret(settings.expose()), .inflow = std::move(inflow), .max_body = max_body});
  return use;
}

void PartInstance::start() const {
  component.supervisor->post(*component.process, Wanted{});
}

void PartInstance::drop() {
  if (use != 0) component.supervisor->post(*component.process, ChangedUse{.use = use, .how = ChangedUse::How::dropped});
}

void set_failure(busway_failure* failure, ErrorKind kind, std::string_view text, std::string_view field) {
  busway_reason reason{.struct_size = sizeof(busway_reason),
                       .kind = fail_kind_of(kind),
                       .text = text_of(text),
                       .code = {nullptr, 0},
                       .field = text_of(field)};
  failure->set(reason);
}

}  // namespace busway::plugins
