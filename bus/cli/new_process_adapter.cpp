#include "bus/cli/new_plugin.hpp"

namespace busway::cli {

namespace {

// NAME stands for the plugin's name.
const char* const readme_text = R"(# NAME

A plugin for Busway in LANGUAGE: the adapter `NAME`. As it was written it exchanges lines of text over TCP, as a listener and as a
service; what your protocol does is yours to write in its place. busway runs it as a process of its own, which needs NEEDS.

    make test     tries the adapter alone, has busway check the plugin, and runs bundle/NAME.test.yaml through its routes
    make try      serves the bundle, sends a line through it and shows what comes back (needs python3)
    busway help adapter NAME --bundle bundle

HALVES are the two halves; drop the one you do not need, and its part of plugin.yaml, which says how the plugin
is started and what it offers. MODULE tells what an adapter can do.

To use it, copy the folder bundle/plugins/NAME into `plugins/` of a bundle, or into the directory that $BUSWAY_PLUGINS names.
)";

const char* const try_rule = R"(
.PHONY: try
try:
	python3 try.py $(BUSWAY)
)";

std::string readme(const std::string& name, const std::string& language, const std::string& needs, const std::string& halves,
                   const std::string& module) {
  std::string text = named(readme_text, language, "LANGUAGE");
  text = named(named(text, needs, "NEEDS"), halves, "HALVES");
  return named(named(text, module, "MODULE"), name);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> new_python_adapter_files(const std::string& name) {
  std::string folder = "bundle/plugins/" + name + "/";
  std::vector<std::pair<std::string, std::string>> out = adapter_bundle_files(name);
  out.insert(out.begin(), {{folder + "adapter_" + name + ".py", named(plugin_python_adapter, name, "linedesk")},
                           {folder + "plugin.yaml", named(plugin_python_adapter_manifest, name, "linedesk")},
                           {folder + "test_" + name + ".py", named(plugin_python_adapter_test, name, "linedesk")},
                           {folder + "busway_plugin.py", plugin_python_module},
                           {"Makefile", python_makefile(name) + try_rule},
                           {"README.md", readme(name, "Python", "Python 3.9 and pyzmq (Debian:\npython3-zmq)",
                                                "`Listener` and `Service` in adapter_NAME.py", "busway_plugin.py")}});
  return out;
}

std::vector<std::pair<std::string, std::string>> new_node_adapter_files(const std::string& name) {
  std::string folder = "bundle/plugins/" + name + "/";
  std::vector<std::pair<std::string, std::string>> out = adapter_bundle_files(name);
  out.insert(out.begin(), {{folder + "adapter_" + name + ".js", named(plugin_node_adapter, name, "linewire")},
                           {folder + "plugin.yaml", named(plugin_node_adapter_manifest, name, "linewire")},
                           {folder + "test_" + name + ".js", named(plugin_node_adapter_test, name, "linewire")},
                           {folder + "package.json", node_package(name)},
                           {folder + "busway_plugin.js", plugin_node_module},
                           {"Makefile", node_makefile(name) + try_rule},
                           {"README.md", readme(name, "JavaScript", "Node 18 and the package\nzeromq",
                                                "`listener` and `service` in adapter_NAME.js", "busway_plugin.js")}});
  return out;
}

}  // namespace busway::cli
