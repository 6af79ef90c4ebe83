#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bus/field.hpp"
#include "plugins/host/child.hpp"
#include "plugins/host/declaration.hpp"
#include "plugins/host/library.hpp"
#include "plugins/host/settings.hpp"

namespace busway::plugins {

// What a plugin is found for. `declared`: its components are known and their settings are tried, all of it in children; nothing
// of it runs in this process. `used`: the same, and then it is loaded into this process for good.
enum class Purpose { declared, used };

// One instance of a component (busway_component.make), or of a part of an adapter (busway_part.make; null where that has none).
// Ends it.
class Instance {
 public:
  using Destroy = void (*)(void*);
  Instance(const busway_component& component, Destroy destroy, void* made)
      : component_(&component), destroy_(destroy), made_(made) {}
  Instance(Instance&& other) noexcept
      : component_(other.component_), destroy_(other.destroy_), made_(std::exchange(other.made_, nullptr)) {}
  Instance& operator=(Instance&&) = delete;
  ~Instance() {
    if (made_ != nullptr && destroy_ != nullptr) destroy_(made_);
  }
  void* get() const { return made_; }
  const busway_component& component() const { return *component_; }

 private:
  const busway_component* component_;
  Destroy destroy_;
  void* made_;
};

// What is made, and for whom; as busway_make tells it. Of formats and steps all of it is zero.
struct Making {
  std::uint32_t part = 0;
  std::string name{};
  std::uint64_t max_body = 0;
  std::uint64_t max_in_flight = 0;
};

// What `make` said no to.
struct Refusal {
  Error error;
  std::string field;  // the key at fault; may be empty
};

// A plugin that was found, and its library as far as it may be used. Immutable; while bundles are loaded by one thread.
class Plugin {
 public:
  // Looks at the file, has a child load it and declare itself, and with `used` loads it here, too. Errors: kind `config`, codes
  // BW7001 to BW7008, saying what is wrong and what to do.
  static Result<std::shared_ptr<const Plugin>> find(const LibraryFile& file, Purpose purpose);

  // One whose components are the bus's own tables, in the order of the declaration, with something else behind them (a process).
  // Null where its component is not made by a table. Without tables it is only declared. `try_settings` stands for the trial in a
  // child.
  struct StandIn {
    std::vector<const busway_component*> tables{};
    std::shared_ptr<const void> keeps{};  // the tables
    std::function<std::expected<void, Refusal>(std::size_t, const std::vector<Setting>&, const Making&)> try_settings{};
  };
  static std::shared_ptr<const Plugin> stand_in(LibraryFile file, Declaration declaration, StandIn behind);

  const LibraryFile& file() const { return file_; }
  const Declaration& declaration() const { return declaration_; }

  // Has a child make and end an instance of component `index`. Errors: what it refuses (no code), BW7006 when it crashes, BW7007
  // when it hangs. Where the plugin is used and its instances have begun threads, nothing is tried.
  std::expected<void, Refusal> try_settings(std::size_t index, const std::vector<Setting>& settings,
                                            const Making& making = {}) const;

  // Makes an instance in this process; nothing where the plugin is only declared. After try_settings().
  std::expected<std::optional<Instance>, Refusal> make(std::size_t index, const std::vector<Setting>& settings,
                                                       const Making& making = {}) const;

 private:
  LibraryFile file_;
  Declaration declaration_;
  // Empty where it is only declared.
  std::vector<const busway_component*> own_;  // the plugin's
  std::vector<busway_component> components_;  // as this busway knows them
  std::optional<StandIn> stand_in_;
};

}  // namespace busway::plugins
