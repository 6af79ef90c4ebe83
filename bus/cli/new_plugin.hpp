#pragma once

#include <string>
#include <utility>
#include <vector>

namespace busway::cli {

// The headers of plugins/sdk as this binary was built with them.
extern const char* const plugin_c_header;
extern const char* const plugin_cpp_header;
// plugins/examples/linetalk, from which new adapters are made.
extern const char* const plugin_adapter_source;

// What a plugin and the steps in it may be called by `busway new plugin`: a word of C++, in lower case.
bool is_plugin_name(const std::string& name);

// The files of a new plugin in C++ by their path in its directory: a step, how it is built, a bundle that tests it, the headers.
std::vector<std::pair<std::string, std::string>> new_plugin_files(const std::string& name);
// Likewise: an adapter, and besides a script that sends a message through it.
std::vector<std::pair<std::string, std::string>> new_adapter_files(const std::string& name);

}  // namespace busway::cli
