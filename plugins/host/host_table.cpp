#include "plugins/host/host_table.hpp"

#include "bus/log.hpp"
#include "bus/pause.hpp"
#include "plugins/host/handles.hpp"
#include "plugins/host/sized.hpp"

namespace busway::plugins {

namespace {

// What a plugin sees is the first member; who it is stands behind it.
struct NamedHost {
  busway_host host;
  std::string plugin;
};

void write_log(const busway_host* host, std::uint32_t level, busway_text text) {
  const auto& named = *reinterpret_cast<const NamedHost*>(host);
  constexpr std::size_t most = 4096;
  LogField fields[] = {{"plugin", named.plugin}, {"text", view(text).substr(0, most)}};
  LogLevel as = level >= BUSWAY_LOG_ERROR ? LogLevel::error : static_cast<LogLevel>(level);
  log().write(as, "A plugin says.", "", fields);
}

int32_t keep_reason(busway_failure* failure, const busway_reason* reason) {
  auto given = read_sized<busway_reason>(reason);
  if (failure != nullptr && given) failure->set(*given);
  return BUSWAY_FAILED;
}

}  // namespace

const busway_host* host_for(const std::string& plugin) {
  auto* named = new NamedHost{{.struct_size = sizeof(busway_host),
                               .abi_version = BUSWAY_ABI_VERSION,
                               .document = &document_functions,
                               .builder = &builder_functions,
                               .message = &message_functions,
                               .pending = &pending_functions,
                               .append = [](busway_sink* sink, busway_text bytes) { sink->out.append(view(bytes)); },
                               .fail = keep_reason,
                               .log = write_log,
                               .pause = [](int32_t work) -> int32_t { return pause_if_due(work) ? 1 : 0; },
                               .detached = &detached_functions,
                               .loop = &loop_functions,
                               .intake = &intake_functions,
                               .request = &request_functions,
                               .call = &call_functions},
                              plugin};
  return &named->host;
}

}  // namespace busway::plugins
