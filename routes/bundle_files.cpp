#include "routes/bundle_files.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "routes/yaml.hpp"

namespace busway::routes {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t max_files = 10'000;
constexpr std::uintmax_t max_file_size = 64 * 1024 * 1024;

std::unexpected<Error> refused(std::string text, std::string code = "BW1008") {
  return fail(ErrorKind::config, std::move(text), std::move(code));
}

// Nothing when the path leads out of the root.
std::optional<std::string> relative_path(std::string_view path, const Position& from) {
  fs::path named{std::string(path)};
  if (named.is_absolute()) return std::nullopt;
  fs::path folder = from.file ? fs::path(*from.file).parent_path() : fs::path();
  std::string joined = (folder / named).lexically_normal().generic_string();
  if (joined == ".." || joined.starts_with("../")) return std::nullopt;
  return joined;
}

bool is_in(const fs::path& file, const fs::path& root) {
  auto [end, unused] = std::mismatch(root.begin(), root.end(), file.begin(), file.end());
  return end == root.end();
}

}  // namespace

Result<std::unique_ptr<BundleDirectory>> BundleDirectory::open(const std::string& path, Listing listing) {
  std::error_code error;
  fs::path given = fs::canonical(path, error);
  if (error) return fail(ErrorKind::config, "cannot open '" + path + "': " + error.message(), "BW0001");
  std::unique_ptr<BundleDirectory> bundle(new BundleDirectory());
  if (fs::is_directory(given, error)) {
    bundle->root_ = given.string();
    if (listing == Listing::none) return bundle;
    if (auto listed = bundle->list(); !listed) return std::unexpected(listed.error());
    if (bundle->route_files_.empty()) {
      return fail(ErrorKind::config, "'" + path + "' holds no route file (NAME.yaml)", "BW0001");
    }
  } else if (fs::is_regular_file(given, error)) {
    bundle->root_ = given.parent_path().string();
    bundle->route_files_.push_back(given.filename().string());
  } else {
    return fail(ErrorKind::config, "'" + path + "' is neither a directory nor a file", "BW0001");
  }
  return bundle;
}

Result<void> BundleDirectory::list() {
  std::error_code error;
  fs::recursive_directory_iterator at(root_, fs::directory_options::none, error);
  if (error) return fail(ErrorKind::config, "cannot list '" + root_ + "': " + error.message(), "BW0001");
  std::size_t seen = 0;
  for (; at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (++seen > max_files)
      return fail(ErrorKind::config, "'" + root_ + "' holds more than 10000 files: is it a bundle?", "BW0001");
    std::string name = at->path().filename().string();
    std::error_code unused;
    // What lies in `plugins/` is the plugins' own.
    bool of_plugins = name == "plugins" && at.depth() == 0;
    if (name.starts_with(".") || of_plugins) {
      if (at->is_directory(unused)) at.disable_recursion_pending();
      continue;
    }
    if (!name.ends_with(".yaml") || !at->is_regular_file(unused)) continue;
    std::string relative = at->path().lexically_relative(root_).generic_string();
    std::string stem = name.substr(0, name.size() - 5);
    if (stem.ends_with(".test")) {
      test_files_.push_back(relative);
    } else if (stem.ends_with(".layout")) {
      layout_files_.push_back(relative);
    } else if (!stem.empty() && stem.find('.') == std::string::npos) {
      route_files_.push_back(relative);
    }
  }
  if (error) return fail(ErrorKind::config, "cannot list '" + root_ + "': " + error.message(), "BW0001");
  for (auto* files : {&route_files_, &test_files_, &layout_files_}) std::sort(files->begin(), files->end());
  return {};
}

Result<std::string> BundleDirectory::read_file(const std::string& relative) const {
  std::error_code error;
  fs::path file = fs::canonical(fs::path(root_) / relative, error);
  if (error) return refused("there is no file '" + relative + "' in the bundle");
  if (!is_in(file, root_)) return refused("'" + relative + "' is a link that leads out of the bundle", "BW1009");
  if (!fs::is_regular_file(file, error)) return refused("'" + relative + "' is not a file");
  if (auto size = fs::file_size(file, error); error || size > max_file_size) {
    return refused("'" + relative + "' is larger than " + std::to_string(max_file_size / 1024 / 1024) + "MiB");
  }
  std::ifstream in(file, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad()) return refused("'" + relative + "' cannot be read");
  return content;
}

Result<std::string> BundleDirectory::read(std::string_view path, const Position& from) const {
  if (path.find('\0') != std::string_view::npos) return refused("the path holds a zero byte");
  auto relative = relative_path(path, from);
  if (!relative) return refused("'" + std::string(path) + "' leads out of the bundle", "BW1009");
  return read_file(*relative);
}

std::string BundleDirectory::name_of(std::string_view path, const Position& from) const {
  return relative_path(path, from).value_or(std::string(path));
}

std::optional<ConfigNode> BundleDirectory::read_yaml(std::string_view path, const ConfigNode& named_by,
                                                     Findings& findings) const {
  auto content = read(path, named_by.at);
  if (!content) {
    findings.error(content.error().code, named_by.at, content.error().text);
    return std::nullopt;
  }
  return routes::read_yaml(*content, std::make_shared<const std::string>(name_of(path, named_by.at)), findings);
}

}  // namespace busway::routes
