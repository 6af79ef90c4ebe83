#pragma once

#include <string>
#include <vector>

#include "bus/error.hpp"
#include "plugins/host/pins.hpp"
#include "plugins/sdk/c/busway_plugin.h"

namespace busway::plugins {

// A file that may be a plugin.
struct LibraryFile {
  std::string path;
  std::string shown;  // for findings: relative to the bundle, or as it was given
  Pin pin{};          // what it is required to be
};

// The libraries (NAME.so, not hidden) of a directory by name; none when there is no such directory. `prefix` goes before their
// names in `shown`. Errors: kind `config`, code BW7001, when the directory cannot be read or holds more than 64.
Result<std::vector<LibraryFile>> libraries_in(const std::string& directory, const std::string& prefix);

// Looks at the file without running any of it: a file that can be read, made for this machine, that only its owner can change.
// Errors: kind `config`, code BW7001, BW7002 or BW7011.
Result<void> look_at_library(const LibraryFile& file);

// Maps the library into this process, once and for good, and calls its entry point: this runs foreign code. What was loaded
// before is answered again. One thread. Errors: kind `config`, code BW7003 (cannot be loaded), BW7004 (no entry point), or
// BW7011: it is looked at again, as it may have been replaced meanwhile.
Result<const busway_plugin*> load_library(const LibraryFile& file);

}  // namespace busway::plugins
