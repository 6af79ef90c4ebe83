#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bus/field.hpp"
#include "plugins/host/declaration.hpp"
#include "plugins/host/pins.hpp"
#include "plugins/process/program.hpp"
#include "plugins/process/remote.hpp"

namespace busway::plugins {

// What of a message's body a step is given: a document as JSON, the bytes as they came, or nothing, and then it leaves it alone.
enum class StepBody : std::uint8_t { document, bytes, none };

// A step that a process offers: what it declares, and what of a message it is sent.
struct ProcessStep {
  ComponentDeclaration declared;
  StepBody body = StepBody::document;
  bool idempotent = false;
  std::chrono::milliseconds timeout{30'000};
  std::vector<std::string> headers;
  std::vector<std::string> variables;
};

// An adapter that a process offers.
struct ProcessAdapter {
  ComponentDeclaration declared;
  bool idempotent = false;  // calling twice does no harm
};

// plugins/NAME/plugin.yaml: how the process is started or where it connects, and what it declares. Read as data; nothing is run.
struct Manifest {
  std::string name;   // of its directory
  std::string shown;  // the file, for findings and logs
  std::string directory;
  std::string version;
  std::vector<std::string> command;  // empty where it is
  std::optional<RemoteConfig> remote{};
  std::vector<std::pair<std::string, std::string>> environment;  // on top of what every plugin gets
  std::vector<std::string> inherits;                             // names of variables of the bus's own environment
  ProgramLimits limits;
  std::size_t in_flight = 16;
  std::size_t queue = 256;
  std::size_t max_body = 16UL * 1024 * 1024;
  std::chrono::milliseconds start_within{10'000};
  std::chrono::milliseconds silence{10'000};
  std::chrono::milliseconds acknowledge_within{5'000};
  std::chrono::milliseconds stop_within{2'000};
  std::vector<ProcessStep> steps;
  std::vector<ProcessAdapter> adapters;
  Pin pin{};  // what its program is required to be; of the bundle, not of the file

  Declaration declaration() const;  // what it adds, as that of a library: steps, then adapters
};

// Whether the plugin's program is what it is required to be: the first word of its command that names a file of its directory
// (`main.py` of [python3, main.py]). Errors: kind `config`, code BW7011.
Result<void> look_at_program(const Manifest& manifest);

// Findings (BW7103) at the place of its command, where the process cannot be started so; a warning where another machine may
// differ. Looks at the plugin's directory and at PATH, and runs nothing.
void look_at_command(const Manifest& manifest, const Position& at, Findings& findings);

// YAML is read by whoever knows it: bytes, the name for positions, findings.
using ReadYaml = std::function<std::optional<ConfigNode>(std::string_view, std::shared_ptr<const std::string>, Findings&)>;

// A file that may be a manifest.
struct ManifestFile {
  std::string path;
  std::string shown;
};

// The plugin.yaml of each folder of a directory, by name; none when there is no such directory. Errors: kind `config`, code
// BW7101, when it cannot be read or holds more than 64.
Result<std::vector<ManifestFile>> manifests_in(const std::string& directory, const std::string& prefix);

// What lies in a directory of plugins as if it were one, and is none: a folder with a plugin.yml or a library in it, a link that
// leads nowhere, a plugin.yaml outside of a folder. `why` says what is wrong and what to do. By name; a folder that holds none of
// these may be what plugins share, and what begins with '.' or '_' is left alone.
struct Overlooked {
  std::string shown;
  std::string why;
};
std::vector<Overlooked> overlooked_in(const std::string& directory, const std::string& prefix);

// The bytes of a manifest, when its owner alone can change what is run. Errors: kind `config`, code BW7101 or BW7002.
Result<std::string> manifest_content(const ManifestFile& file);

// Nothing after a finding; each stands at its place in the file.
std::optional<Manifest> read_manifest(const ManifestFile& file, const Registry& registry, const ReadYaml& read_yaml,
                                      Findings& findings);

// The keys of a manifest, of a step, of an adapter and of a key of either, for the reference.
struct ManifestKeys {
  std::vector<FieldInfo> manifest;
  std::vector<FieldInfo> step;
  std::vector<FieldInfo> adapter;
  std::vector<FieldInfo> key;
};
ManifestKeys manifest_keys();

}  // namespace busway::plugins
