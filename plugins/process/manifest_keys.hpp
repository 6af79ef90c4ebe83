#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bus/field.hpp"
#include "plugins/process/manifest.hpp"

namespace busway::plugins {

// A plugin.yaml as its keys have it. What they mean together is read_manifest()'s.

struct KeyConfig {
  std::uint32_t type = BUSWAY_FIELD_TEXT;
  bool required = false;
  bool shorthand = false;
  bool endpoints = false;
  std::string doc{};
  std::string default_text{};
  std::string at_least{};
  std::string at_most{};
  std::vector<std::string> choices{};
};

struct ExampleConfig {
  std::string title{};
  std::string text{};
};

struct StepConfig {
  std::string summary{};
  std::string doc{};
  StepBody body = StepBody::document;
  bool idempotent = false;
  std::chrono::milliseconds timeout{30'000};
  std::vector<std::string> headers{};
  std::vector<std::string> variables{};
  ConfigNode keys{};
  std::vector<ExampleConfig> examples{};
};

struct ListenerConfig {
  std::string acknowledges{};
  bool may_repeat = false;
  bool keeps_order = false;
  ConfigNode keys{};
};

struct FromConfig {
  ConfigNode keys{};
};

struct ServiceConfig {
  bool idempotent = false;
  ConfigNode keys{};
};

// Which words of the route language mean something to an adapter.
struct AdapterConfig {
  std::string summary{};
  std::string doc{};
  std::string format{};
  bool headers = false;
  bool method = false;
  bool path = false;
  bool operation = false;
  std::optional<ListenerConfig> listener{};
  std::optional<FromConfig> from{};
  std::optional<ServiceConfig> service{};
  std::vector<ExampleConfig> examples{};
};

struct LimitsConfig {
  ByteSize memory{1024ULL * 1024 * 1024};
  std::optional<std::chrono::milliseconds> processor{};
  int open_files = 256;
};

struct ManifestConfig {
  std::int64_t protocol = 0;
  std::string version{};
  std::vector<std::string> command{};
  std::optional<RemoteConfig> remote{};
  std::vector<std::pair<std::string, std::string>> environment{};
  std::vector<std::string> inherits{};
  LimitsConfig limits{};
  int in_flight = 16;
  int queue = 256;
  ByteSize max_body{16ULL * 1024 * 1024};
  std::chrono::milliseconds start_within{10'000};
  std::chrono::milliseconds silence{10'000};
  std::chrono::milliseconds acknowledge_within{5'000};
  std::chrono::milliseconds stop_within{2'000};
  ConfigNode steps{};
  ConfigNode adapters{};
};

Fields<KeyConfig> key_fields();
Fields<StepConfig> step_config_fields();
Fields<AdapterConfig> adapter_config_fields();
Fields<ManifestConfig> manifest_fields();

}  // namespace busway::plugins
