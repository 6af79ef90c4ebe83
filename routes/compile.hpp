#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "bus/engine.hpp"
#include "bus/registry.hpp"
#include "routes/bundle_files.hpp"

namespace busway::routes {

// Why a bundle is loaded. `check` and `test` take secrets as present and opaque; `run` reads them.
enum class LoadMode { check, run, test };

struct LoadedBundle {
  std::shared_ptr<const ExpressionLanguage> expressions;  // with the bundle's tables and functions; null after findings in them
  std::shared_ptr<Snapshot> snapshot;                     // null after findings of kind error
  std::unique_ptr<BundleDirectory> files;                 // null when the path could not be opened
  std::optional<ConfigNode> events;                       // `events:`, for whoever publishes them; not read here
  std::map<std::string, std::string> listener_of;         // route -> the listener its `from:` is attached to
};

// Reads, checks and compiles a bundle: a directory or one file. Touches nothing but the bundle (and, for `run`, secrets).
// `registry` and `expressions` outlive the snapshot. Findings come in the order of files, lines and columns, each once.
LoadedBundle load_bundle(const std::string& path, const Registry& registry, const ExpressionLanguage& expressions, LoadMode mode,
                         Findings& findings);

}  // namespace busway::routes
