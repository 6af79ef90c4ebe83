#pragma once

#include <optional>
#include <string>

#include "bus/error.hpp"
#include "plugins/host/builder.hpp"
#include "plugins/sdk/c/busway_plugin.h"

// The handles of the ABI that are no more than what they stand for. They are only ever made by the host.

// Why a call fails, as the plugin has given it.
struct busway_failure final {
  std::optional<busway::Error> error;
  std::string field;

  void set(const busway_reason& reason);
  // The reason, or that there is none: for a call that has answered that it failed.
  busway::Error take(const char* doing);
};

struct busway_sink final {
  std::string& out;
};

struct busway_builder final : busway::plugins::DocumentBuilder {
  using DocumentBuilder::DocumentBuilder;
};
