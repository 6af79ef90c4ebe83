#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plugins/host/handles.hpp"
#include "plugins/process/manifest.hpp"
#include "plugins/process/supervisor.hpp"

namespace busway::plugins {

// One adapter of a process behind the tables of the C interface. `table` is the first member: the host hands its address back.
struct AdapterInProcess {
  busway_component table{};
  busway_adapter role{};
  busway_source source{};
  busway_target target{};
  busway_part parts[3]{};  // listener, from, service
  std::shared_ptr<const Manifest> manifest{};
  const ProcessAdapter* adapter = nullptr;
  std::shared_ptr<Supervisor> supervisor{};
  Process* process = nullptr;

  const std::string& plugin() const { return manifest->name; }
};

// What an instance of any part has: whose it is, and what its plugin is told of it.
struct PartInstance {
  const AdapterInProcess& component;
  std::string what;  // the part of the head of `use`
  Secret settings;
  std::size_t max_body = 0;
  std::size_t max_in_flight = 0;
  std::uint64_t use = 0;  // once the plugin has been told

  // The plugin is told when its process runs.
  std::uint64_t tell(std::shared_ptr<Inflow> inflow = nullptr, std::string_view more = {});
  void start() const;  // the process
  void drop();
};

// Of `make` of a part. Null, with the failure set, when its settings cannot be told.
std::unique_ptr<PartInstance> make_part(const busway_make& call);

void set_failure(busway_failure* failure, ErrorKind kind, std::string_view text, std::string_view field = {});

// The tables of the halves.
void fill_source(AdapterInProcess& component);
void fill_target(AdapterInProcess& component);

}  // namespace busway::plugins
