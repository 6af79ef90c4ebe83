#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/check_context.hpp"

namespace busway::routes {

// A bundle on disk: a directory, or one route file and the directory it lies in. Paths are relative to the file that names them
// and never lead out, neither by `..`, nor absolute, nor through a link. Hidden files and directories are not part of it, nor is
// what lies in its `plugins/`. One thread; reads at every call.
class BundleDirectory final : public BundleFiles {
 public:
  // `path` as on the command line. Without a listing it need not hold a route file. Errors: kind `config`, code BW0001.
  enum class Listing { all, none };
  static Result<std::unique_ptr<BundleDirectory>> open(const std::string& path, Listing listing = Listing::all);

  // Relative to the bundle's root, sorted: NAME.yaml without a further dot, NAME.test.yaml, NAME.layout.yaml, anywhere in it.
  const std::vector<std::string>& route_files() const { return route_files_; }
  const std::vector<std::string>& test_files() const { return test_files_; }
  const std::vector<std::string>& layout_files() const { return layout_files_; }
  const std::string& root() const { return root_; }

  // A file by its path relative to the root.
  Result<std::string> read_file(const std::string& relative) const;

  Result<std::string> read(std::string_view path, const Position& from) const override;
  std::string name_of(std::string_view path, const Position& from) const override;
  std::optional<ConfigNode> read_yaml(std::string_view path, const ConfigNode& named_by, Findings& findings) const override;

 private:
  BundleDirectory() = default;
  Result<void> list();

  std::string root_;  // canonical
  std::vector<std::string> route_files_;
  std::vector<std::string> test_files_;
  std::vector<std::string> layout_files_;
};

}  // namespace busway::routes
