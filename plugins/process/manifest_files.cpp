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

// Its entries by name; none when it cannot be listed.
std::vector<fs::path> sorted(const fs::path& directory) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator at(directory, error); !error && at != fs::directory_iterator(); at.increment(error))
    out.push_back(at->path());
  std::sort(out.begin(), out.end());
  return out;
}

bool left_alone(const std::string& name) {
  return name.starts_with('.') || name.starts_with('_');
}

// A manifest by another name; empty when there is none.
std::string misnamed_manifest(const fs::path& folder) {
  for (const fs::path& path : sorted(folder)) {
    std::string name = path.filename().string();
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    if (name != "plugin.yaml" && (lower == "plugin.yml" || lower == "plugin.yaml" || lower == "plugin.yaml.txt")) return name;
  }
  return "";
}

// A module of Python has more dots (fast.cpython-311.so) and is no plugin.
std::string library_within(const fs::path& folder) {
  for (const fs::path& path : sorted(folder)) {
    if (path.extension() == ".so" && path.stem().extension().empty() && !left_alone(path.filename().string()))
      return path.filename().string();
  }
  return "";
}

// A plugin of a bundle, to be named in its place.
std::string plugin_within(const fs::path& bundle) {
  std::error_code unused;
  for (const fs::path& path : sorted(bundle / "plugins")) {
    if (left_alone(path.filename().string())) continue;
    if (path.extension() == ".so" || fs::exists(path / "plugin.yaml", unused)) return path.string();
  }
  return "";
}

std::string why_no_manifest(const fs::path& path) {
  fs::path folder = path.parent_path();
  std::error_code unused;
  if (fs::is_symlink(fs::symlink_status(path, unused))) return "is a link to a file that is not there";
  if (!fs::is_directory(folder, unused)) return "is not there, nor is its directory";
  std::string out = "is not there: ";
  if (std::string name = misnamed_manifest(folder); !name.empty())
    return out + "what is there is called " + name + ": rename it to plugin.yaml";
  if (fs::is_directory(folder / "plugins", unused)) {
    std::string plugin = plugin_within(folder);
    return out + "the directory is a bundle: name one of its plugins" + (plugin.empty() ? "" : ", such as " + plugin);
  }
  if (std::string name = library_within(folder); !name.empty()) return out + "name the library: " + (folder / name).string();
  return out + "a plugin that is a process has a plugin.yaml beside its program";
}

}  // namespace

// The bytes of the manifest, when its owner alone can change what is run.
Result<std::string> manifest_content(const ManifestFile& file) {
  std::error_code error;
  if (!fs::exists(file.path, error) && (!error || error == std::errc::no_such_file_or_directory))
    return fail(ErrorKind::config, why_no_manifest(file.path), "BW7101");
  fs::path real = fs::canonical(file.path, error);
  if (error) return fail(ErrorKind::config, "cannot be opened: " + error.message(), "BW7101");
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

std::vector<Overlooked> overlooked_in(const std::string& directory, const std::string& prefix) {
  std::vector<Overlooked> out;
  for (const fs::path& path : sorted(directory)) {
    std::string name = path.filename().string();
    std::error_code unused;
    if (left_alone(name) || name.ends_with(".so")) continue;  // libraries are looked at by others
    auto say = [&](std::string why) { out.push_back({prefix + name, std::move(why)}); };
    if (!fs::exists(path, unused)) {
      if (fs::is_symlink(fs::symlink_status(path, unused))) say("this is a link that leads nowhere: mend or remove it");
    } else if (!fs::is_directory(path, unused)) {
      if (name == "plugin.yaml" || name == "plugin.yml")
        say("a manifest is not looked for here: put it, as plugin.yaml, and its program into a directory with the plugin's name");
    } else if (!fs::exists(path / "plugin.yaml", unused)) {
      if (fs::is_symlink(fs::symlink_status(path / "plugin.yaml", unused))) {
        say("its plugin.yaml is a link that leads nowhere: mend it");
      } else if (std::string misnamed = misnamed_manifest(path); !misnamed.empty()) {
        say("this directory is no plugin: its " + misnamed + " is to be called plugin.yaml");
      } else if (std::string library = library_within(path); !library.empty()) {
        say("this directory is no plugin, and a library within it is not looked for: put " + library + " beside it");
      }
    }
  }
  return out;
}

}  // namespace busway::plugins
