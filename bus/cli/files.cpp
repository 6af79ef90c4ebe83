#include "bus/cli/files.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

namespace busway::cli {

Result<std::string> read_file(const std::string& path) {
  if (path == "-") return std::string{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorKind::config, "cannot open '" + path + "': " + std::strerror(errno), "BW0001");
  std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) return fail(ErrorKind::config, "cannot read '" + path + "'", "BW0001");
  return content;
}

}  // namespace busway::cli
