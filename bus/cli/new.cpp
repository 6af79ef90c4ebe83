#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "bus/cli/builtin_registry.hpp"
#include "bus/cli/new_bundle.hpp"
#include "bus/cli/new_plugin.hpp"
#include "bus/cli/plugin_registry.hpp"
#include "bus/cli/verbs.hpp"

namespace busway::cli {

namespace {

namespace fs = std::filesystem;

int refuse(std::string_view text) {
  fmt::print(stderr, "busway new: {}\n", text);
  return found;
}

// Writes the files below `directory`, or says why not.
int write_files(const std::string& directory, const std::vector<std::pair<std::string, std::string>>& files) {
  std::error_code error;
  fs::path root(directory);
  for (const auto& [file, text] : files) {
    if (fs::exists(fs::symlink_status(root / file, error))) {
      return refuse(fmt::format("{} is there already, and nothing is overwritten; nothing was written", (root / file).string()));
    }
  }
  for (const auto& [file, text] : files) {
    fs::create_directories((root / file).parent_path(), error);
    std::ofstream out(root / file, std::ios::binary);
    out << text;
    out.close();
    if (!out) return refuse(fmt::format("cannot write {}", (root / file).string()));
    fmt::print("wrote {}\n", (root / file).string());
  }
  return good;
}

int new_bundle(const std::string& directory) {
  std::error_code error;
  fs::path root(directory);
  fs::create_directories(root, error);
  if (error) return refuse(fmt::format("cannot make the directory {}: {}", directory, error.message()));
  std::string name = fs::weakly_canonical(root, error).filename().string();
  if (int written = write_files(directory, new_bundle_files(name.empty() ? "bundle" : name)); written != good) return written;
  fmt::print("\nNext:\n  busway check {0}\n  busway test {0}\n  busway run {0}\n", directory);
  return good;
}

std::vector<std::pair<std::string, std::string>> files_of(const std::string& name, const std::string& language, bool adapter,
                                                          bool process) {
  if (language == "node") return adapter ? new_node_adapter_files(name) : new_node_plugin_files(name);
  if (language == "python") return adapter ? new_python_adapter_files(name) : new_python_plugin_files(name);
  if (process) return new_cpp_process_files(name, adapter);
  return adapter ? new_adapter_files(name) : new_plugin_files(name);
}

// What `check` would refuse (BW7009).
bool is_taken(const std::string& name, bool adapter) {
  bool built_in = adapter ? builtin_registry().adapter(name) != nullptr : builtin_registry().step(name) != nullptr;
  return built_in || !reserved_names().meaning(!adapter, name).empty();
}

int new_plugin(const std::string& name, const std::string& language, bool adapter, bool process) {
  if (!is_plugin_name(name))
    return refuse(fmt::format("'{}' cannot name a plugin: use small letters, digits and '_', at most 40", name.substr(0, 60)));
  if (is_taken(name, adapter))
    return refuse(fmt::format("'{}' is {} of the bus, and nothing is ever replaced: choose another name", name,
                              adapter ? "an adapter or a key" : "a step or a key of every step"));
  std::error_code error;
  fs::create_directories(name, error);
  if (error) return refuse(fmt::format("cannot make the directory {}: {}", name, error.message()));
  if (int written = write_files(name, files_of(name, language, adapter, process)); written != good) return written;
  if (process && language != "c++")
    fmt::print("\nA plugin in {} is a process anyway; --process has made no difference.\n", language);
  fmt::print("\nNext:\n  make -C {0} test\n  busway help {1} {0} --bundle {0}/bundle\n", name, adapter ? "adapter" : "step");
  return good;
}

}  // namespace

void add_new(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("new", "Write something to start from.");
  verb->require_subcommand(1);
  CLI::App* bundle =
      verb->add_subcommand("bundle", "A small bundle that runs: a route, a service with its stand-in, tests, a README.");
  auto directory = std::make_shared<std::string>();
  bundle->add_option("DIR", *directory, "Where to write it; made if it is not there. Nothing is overwritten.")->required();
  bundle->callback([directory, &exit_code] { exit_code = new_bundle(*directory); });
  CLI::App* plugin =
      verb->add_subcommand("plugin", "A plugin that works: a step or an adapter, how it is built, and a bundle that tests it.");
  auto name = std::make_shared<std::string>();
  auto language = std::make_shared<std::string>("c++");
  plugin->add_option("NAME", *name, "Of the plugin, what is in it and the directory it is written to. Nothing is overwritten.")
      ->required();
  plugin->add_option("--language", *language, "What it is written in")
      ->check(CLI::IsMember({"c++", "node", "python"}))
      ->capture_default_str();
  auto kind = std::make_shared<std::string>("step");
  plugin->add_option("--kind", *kind, "What it adds to the bus")
      ->check(CLI::IsMember({"step", "adapter"}))
      ->capture_default_str();
  auto process = std::make_shared<bool>(false);
  plugin->add_flag("--process", *process,
                   "In C++: a process of its own in place of a shared library; in other languages it is one");
  plugin->callback(
      [name, language, kind, process, &exit_code] { exit_code = new_plugin(*name, *language, *kind == "adapter", *process); });
}

}  // namespace busway::cli
