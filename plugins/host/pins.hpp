#pragma once

#include <map>
#include <string>

#include "bus/error.hpp"
#include "bus/finding.hpp"

namespace busway::plugins {

// What a bundle requires a plugin to be: the SHA-256 (FIPS 180-4) of its file, 64 hexadecimal digits, and where it says so.
struct Pin {
  std::string sha256;
  Position at;
};

// By a plugin's name: NAME.so is the library NAME, NAME/plugin.yaml the process NAME.
using Pins = std::map<std::string, Pin>;

// Whether the file is the one. Reads all of it, nothing when `pin.sha256` is empty. Errors: kind `config`, code BW7011, naming
// what was found and what is required.
Result<void> look_at_pin(const std::string& path, const Pin& pin);

}  // namespace busway::plugins
