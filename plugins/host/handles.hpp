#pragma once

#include <optional>
#include <string>

#include "bus/error.hpp"
#include "plugins/host/builder.hpp"
#include "plugins/sdk/c/busway_plugin.h"

namespace busway::plugins {

// A kind of failure as the ABI has it (BUSWAY_FAIL_...).
std::uint32_t fail_kind_of(ErrorKind kind);
ErrorKind error_kind_of(std::uint32_t kind);

}  // namespace busway::plugins

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

// A document that a plugin builds beside any call (busway_detached_functions). One thread at a time.
struct busway_document final {
  busway_document() { builder.copy_nodes(); }
  busway_document(const busway_document&) = delete;
  busway_document& operator=(const busway_document&) = delete;

  busway::Arena arena;
  busway::plugins::DocumentBuilder::Bench bench;
  busway_builder builder{arena, bench};
};
