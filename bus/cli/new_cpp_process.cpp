#include "bus/cli/new_plugin.hpp"

namespace busway::cli {

namespace {

// NAME stands for the plugin's name.
const char* const source_text =
    R"(// The step NAME, as a process: what it is to do is yours to write. `make test` builds it and tries it.
#include "busway_process.hpp"

using namespace busway::process;

int main() {
  Plugin plugin;
  plugin.step("NAME", [](const Json& settings) {
    std::string member = settings["member"].text();
    std::string into = settings["into"].text();
    if (into.empty()) throw Refused("into", "a variable needs a name");
    // Called by several threads at once.
    return [member, into](const Message& message) {
      Json body = message.document();
      if (!body.has(member)) throw Failed("invalid", "running NAME: there is no '" + member + "'");
      Reply reply;
      reply.variables.set(into, body[member]);
      return reply;
    };
  });
  return plugin.run();
}
)";

const char* const make_text = R"(CXX ?= g++
CXXFLAGS ?= -O2 -Wall -Wextra
BUSWAY ?= busway

bundle/plugins/NAME/NAME: NAME.cpp $(wildcard *.hpp)
	$(CXX) -std=c++17 $(CXXFLAGS) -I. NAME.cpp -lzmq -pthread -o $@

.PHONY: test
test: bundle/plugins/NAME/NAME
	$(BUSWAY) plugin check bundle/plugins/NAME
	$(BUSWAY) check bundle
	$(BUSWAY) test bundle
)";

const char* const try_rule = R"(
.PHONY: try
try: bundle/plugins/NAME/NAME
	python3 try.py $(BUSWAY)
)";

const char* const readme_text = R"(# NAME

A plugin for Busway in C++: the KIND `NAME`. busway runs it as a process of its own: what crashes in it costs its own messages only. It
needs libzmq (Debian: libzmq3-dev).

    make          builds bundle/plugins/NAME/NAME
    make test     has busway check it, and runs bundle/NAME.test.yaml through it
    busway help KIND NAME --bundle bundle

plugin.yaml says how it is started and what it offers; `busway_process.hpp` tells what a step or an adapter can do. To use it, copy the
folder bundle/plugins/NAME into `plugins/` of a bundle, or into the directory that $BUSWAY_PLUGINS names.
)";

}  // namespace

std::vector<std::pair<std::string, std::string>> new_cpp_process_files(const std::string& name, bool adapter) {
  std::vector<std::pair<std::string, std::string>> out = adapter ? adapter_bundle_files(name) : trial_bundle_files(name);
  std::string source = adapter ? named(plugin_cpp_process_adapter, name, "linepost") : named(source_text, name);
  std::string manifest =
      adapter ? named(plugin_cpp_process_adapter_manifest, name, "linepost") : process_manifest(name, "[./" + name + "]");
  out.insert(out.begin(), {{name + ".cpp", std::move(source)},
                           {"bundle/plugins/" + name + "/plugin.yaml", std::move(manifest)},
                           {"Makefile", named(make_text, name) + (adapter ? named(try_rule, name) : "")},
                           {"README.md", named(named(readme_text, adapter ? "adapter" : "step", "KIND"), name)}});
  out.insert(out.end(), {{"busway_process.hpp", plugin_process_header}, {"busway_json.hpp", plugin_json_header}});
  return out;
}

}  // namespace busway::cli
