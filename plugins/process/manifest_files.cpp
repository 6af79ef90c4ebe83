// Where manifests lie, and whether what lies there may be trusted.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "plugins/process/manifest.hpp"

namespace busway::plugins {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_manifests = 64;
constexpr std::uintmax_t most_bytes = 1024UL * 1024;

}  // namespace

// The bytes of the manifest, when its owner alone can change what is run.
Result<std::string> manifest_content(const ManifestFile& file) {
  std::error_code error;
  fs::path real = fs::canonical(file.path, error);
  fs::path folder = fs::canonical(fs::path(file.path).parent_path(), error);
  if (error) return fail(ErrorKind::config, "cannot be opened: " + error.message(), "BW7101");
  if (real.parent_path() != folder) return fail(ErrorKind::config, "is a link that leads out of its directory", "BW7101");
  for (const fs::path& path : {real, folder}) {
    if ((fs::status(path, error).permissions() & fs::perms::others_write) == fs::perms::none && !error) continue;
    return fail(ErrorKind::config,
                "or its directory can be changed by every user of this machine, and the bus runs what it says: chmod o-w both",
                "BW7002");
  }
  if (!fs::is_regular_file(real, error)) return fail(ErrorKind::config, "is not a file", "BW7101");
  if (fs::file_size(real, error) > most_bytes || error) return fail(ErrorKind::config, "is larger than 1MiB", "BW7101");
  std::ifstream in(real, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad()) return fail(ErrorKind::config, "cannot be read", "BW7101");
  return content;
}

Result<std::vector<ManifestFile>> manifests_in(const std::string& directory, const std::string& prefix) {
  std::vector<ManifestFile> out;
  std::error_code error;
  fs::directory_iterator at(directory, error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) return out;
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    std::string name = at->path().filename().string();
    std::error_code unused;
    if (!name.starts_with('.') && fs::exists(at->path() / "plugin.yaml", unused))
      out.push_back({(at->path() / "plugin.yaml").string(), prefix + name + "/plugin.yaml"});
  }
  if (error) return fail(ErrorKind::config, "cannot be listed: " + error.message(), "BW7101");
  if (out.size() > most_manifests)
    return fail(ErrorKind::config,
                "holds " + std::to_string(out.size()) + " plugins; " + std::to_string(most_manifests) + " are the most",
                "BW7101");
  std::sort(out.begin(), out.end(), [](const ManifestFile& a, const ManifestFile& b) { return a.path < b.path; });
  return out;
}

}  // namespace busway::plugins
