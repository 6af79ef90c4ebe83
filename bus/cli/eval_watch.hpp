#pragma once

#include <string>
#include <vector>

namespace busway::cli {

struct WatchOptions {
  std::string mapping;               // a file
  std::vector<std::string> samples;  // files with a JSON document each; none: the mapping has no input
  bool pretty = false;
  std::string bundle{};  // a folder whose tables and functions the mapping can use; empty: none
};

// Evaluates the mapping on every sample and shows it with the value of each line, and does so again whenever one of the files, or
// a file of the bundle, changes, however it is written: in place or by a rename. What cannot be read, loaded or evaluated is
// shown and does not end it. SIGINT and SIGTERM end the process, with status 0; it returns when nothing can be written any more.
int watch_mapping(const WatchOptions& options);

}  // namespace busway::cli
