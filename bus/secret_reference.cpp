#include "bus/secret_reference.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace busway {

namespace {

constexpr std::size_t max_secret = 64 * 1024;

Result<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return fail(ErrorKind::config, "the environment has no variable '" + name + "'", "BW1012");
  return std::string(value);
}

Result<std::string> file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return fail(ErrorKind::config, "there is no file '" + path + "'", "BW1012");
  std::ifstream in(path, std::ios::binary);
  std::string value(max_secret + 1, '\0');
  in.read(value.data(), static_cast<std::streamsize>(value.size()));
  if (!in.is_open() || in.bad()) return fail(ErrorKind::config, "the file '" + path + "' cannot be read", "BW1012");
  value.resize(static_cast<std::size_t>(in.gcount()));
  if (value.size() > max_secret) return fail(ErrorKind::config, "the file '" + path + "' is larger than 64KiB", "BW1012");
  if (value.ends_with('\n')) value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
  return value;
}

}  // namespace

Result<std::string> expand_references(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t start = std::min(text.find("${"), text.size());
    out += text.substr(0, start);
    text.remove_prefix(start);
    std::size_t end = text.find('}');
    if (end == std::string_view::npos) break;
    std::string_view reference = text.substr(2, end - 2);
    Result<std::string> value = std::string(text.substr(0, end + 1));
    if (reference.starts_with("env:")) value = environment(std::string(reference.substr(4)));
    if (reference.starts_with("file:")) value = file(std::string(reference.substr(5)));
    if (!value) return value;
    out += *value;
    text.remove_prefix(end + 1);
  }
  out += text;
  return out;
}

}  // namespace busway
