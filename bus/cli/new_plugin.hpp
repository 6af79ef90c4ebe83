#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace busway::cli {

// What stands in plugins/sdk, as this binary was built with it.
extern const char* const plugin_c_header;
extern const char* const plugin_cpp_header;
extern const char* const plugin_sockets_header;
// plugins/examples/linetalk, from which new adapters are made.
extern const char* const plugin_adapter_source;
extern const char* const plugin_python_module;
extern const char* const plugin_node_module;
// plugins/examples/linedesk and linewire: likewise, as processes in Python and for Node.
extern const char* const plugin_python_adapter;
extern const char* const plugin_python_adapter_manifest;
extern const char* const plugin_python_adapter_test;
extern const char* const plugin_node_adapter;
extern const char* const plugin_process_header;
extern const char* const plugin_json_header;
extern const char* const plugin_cpp_process_adapter;  // plugins/examples/linepost
extern const char* const plugin_cpp_process_adapter_manifest;
extern const char* const plugin_node_adapter_manifest;
extern const char* const plugin_node_adapter_test;

// What a plugin and the steps in it may be called by `busway new plugin`: a word of C++ and of Python, in lower case.
bool is_plugin_name(const std::string& name);

// The files of a new plugin in C++ by their path in its directory: a step, how it is built, a bundle that tests it, the headers.
std::vector<std::pair<std::string, std::string>> new_plugin_files(const std::string& name);
// Likewise: an adapter, and besides a script that sends a message through it.
std::vector<std::pair<std::string, std::string>> new_adapter_files(const std::string& name);

// The same in Python: a step that runs as a process of its own, in a bundle that tests it, and the module it is made with.
std::vector<std::pair<std::string, std::string>> new_python_plugin_files(const std::string& name);

// The same in JavaScript, for Node.
std::vector<std::pair<std::string, std::string>> new_node_plugin_files(const std::string& name);

// An adapter as a process, in Python or JavaScript.
std::vector<std::pair<std::string, std::string>> new_python_adapter_files(const std::string& name);
std::vector<std::pair<std::string, std::string>> new_node_adapter_files(const std::string& name);

// A step or an adapter as a process in C++.
std::vector<std::pair<std::string, std::string>> new_cpp_process_files(const std::string& name, bool adapter);

// What those in one language share.
std::string python_makefile(const std::string& name);
std::string node_makefile(const std::string& name);
std::string node_package(const std::string& name);

// What those in C++ share: the Makefile that builds and tests one.
std::string library_makefile(const std::string& name);

// What those in other languages share: the plugin.yaml of a process.
std::string process_manifest(const std::string& name, const std::string& command);

// What all with a step share: routes that use it, with their tests.
std::vector<std::pair<std::string, std::string>> trial_bundle_files(const std::string& name);

// What all adapters share: routes with their tests, and a script that sends a message through them.
std::vector<std::pair<std::string, std::string>> adapter_bundle_files(const std::string& name);

// The text with `name` for each `word` in it.
std::string named(std::string text, const std::string& name, std::string_view word = "NAME");

}  // namespace busway::cli
