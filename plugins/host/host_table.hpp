#pragma once

#include <string>

#include "plugins/sdk/c/busway_plugin.h"

namespace busway::plugins {

// The functions that a plugin is handed, with `plugin` as the name it logs under. Lives as long as the process.
const busway_host* host_for(const std::string& plugin);

extern const busway_document_functions document_functions;
extern const busway_builder_functions builder_functions;
extern const busway_message_functions message_functions;
extern const busway_pending_functions pending_functions;
extern const busway_detached_functions detached_functions;
extern const busway_loop_functions loop_functions;
extern const busway_intake_functions intake_functions;
extern const busway_request_functions request_functions;
extern const busway_call_functions call_functions;

}  // namespace busway::plugins
