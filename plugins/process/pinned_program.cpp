#include <filesystem>

#include "plugins/process/manifest.hpp"

namespace busway::plugins {

namespace fs = std::filesystem;

Result<void> look_at_program(const Manifest& manifest) {
  if (manifest.pin.sha256.empty()) return {};
  if (manifest.remote)
    return fail(ErrorKind::config,
                "has a required SHA-256, and it runs elsewhere, where the bus cannot see its program: remove it; that it is the "
                "right one "
                "is known by its key",
                "BW7011");
  for (const std::string& word : manifest.command) {
    std::error_code unused;
    if (word.empty() || word.starts_with('-') || fs::path(word).is_absolute()) continue;
    fs::path file = fs::path(manifest.directory) / word;
    if (fs::is_regular_file(file, unused)) return look_at_pin(file.string(), manifest.pin);
  }
  return fail(
      ErrorKind::config,
      "has a required SHA-256, and its command names no file of its own directory, of which it could be: put the program there",
      "BW7011");
}

}  // namespace busway::plugins
