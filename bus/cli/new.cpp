#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "bus/cli/new_bundle.hpp"
#include "bus/cli/verbs.hpp"

namespace busway::cli {

namespace {

namespace fs = std::filesystem;

int refuse(std::string_view text) {
  fmt::print(stderr, "busway new: {}\n", text);
  return found;
}

int new_bundle(const std::string& directory) {
  std::error_code error;
  fs::path root(directory);
  fs::create_directories(root, error);
  if (error) return refuse(fmt::format("cannot make the directory {}: {}", directory, error.message()));
  std::string name = fs::weakly_canonical(root, error).filename().string();
  auto files = new_bundle_files(name.empty() ? "bundle" : name);
  for (const auto& [file, text] : files) {
    if (fs::exists(fs::symlink_status(root / file, error))) {
      return refuse(fmt::format("{} is there already, and nothing is overwritten; nothing was written", (root / file).string()));
    }
  }
  for (const auto& [file, text] : files) {
    std::ofstream out(root / file, std::ios::binary);
    out << text;
    out.close();
    if (!out) return refuse(fmt::format("cannot write {}", (root / file).string()));
    fmt::print("wrote {}\n", (root / file).string());
  }
  fmt::print("\nNext:\n  busway check {0}\n  busway test {0}\n  busway run {0}\n", directory);
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
}

}  // namespace busway::cli
