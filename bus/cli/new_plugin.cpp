#include "bus/cli/new_plugin.hpp"

#include <algorithm>

namespace busway::cli {

namespace {

// NAME stands for the plugin's name.
const char* const source_text = R"(// The step NAME: what it is to do is yours to write. `make test` builds it and tries it.
#include "busway_plugin.hpp"

namespace {

// The keys of the step. Their defaults stand here, and nowhere else.
struct NAME_config {
  std::string member;
  std::string into = "NAME";
};

class NAME_step {
 public:
  explicit NAME_step(NAME_config config) : config_(std::move(config)) {
    if (config_.into.empty()) throw busway::Refused("into", "a variable needs a name");
  }

  // Called by many threads at once, and must not wait for anything.
  busway::Flow run(busway::Message& message) const {
    auto body = message.document();
    if (!body) return busway::Flow::failed;  // it cannot be read, and the reason is set
    busway::Node value = (*body)[config_.member];
    if (value.is_nothing()) return message.fail(busway::Failure::invalid, "running NAME: there is no '" + config_.member + "'");
    message.set_variable(config_.into).node(value);
    return busway::Flow::next;
  }

 private:
  NAME_config config_;
};

busway::StepType declare_NAME() {
  busway::StepType type;
  type.name = "NAME";
  type.summary = "Keeps a member of the body as a variable.";
  type.doc = "A message without the member fails (kind `invalid`, 422).";
  type.step = busway::step<NAME_config, NAME_step>(
      {{"member", &NAME_config::member, "The member of the body.", busway::required(), busway::shorthand()},
       {"into", &NAME_config::into, "The variable, as $vars.NAME."}});
  type.examples = {{"As it is", "NAME: sku"}};
  return type;
}

}  // namespace

BUSWAY_PLUGIN("NAME", "0.1.0", plugin) {
  plugin.add(declare_NAME());
}
)";

const char* const make_text = R"(CXX ?= g++
CXXFLAGS ?= -O2 -Wall -Wextra
BUSWAY ?= busway

bundle/plugins/NAME.so: NAME.cpp $(wildcard *.h *.hpp)
	mkdir -p bundle/plugins
	$(CXX) -std=c++17 $(CXXFLAGS) -fPIC -shared -fvisibility=hidden -I. NAME.cpp -o $@

.PHONY: test
test: bundle/plugins/NAME.so
	$(BUSWAY) plugin check bundle/plugins/NAME.so
	$(BUSWAY) check bundle
	$(BUSWAY) test bundle
)";

const char* const routes_text = R"(# A bundle to try the step NAME in.
listeners:
  front: { http: { listen: 127.0.0.1:8080 } }

routes:
  try-it:
    from: { http: POST /try, on: front }
    steps:
      - NAME: sku
    reply: { body: '{ "kept": $vars.NAME }' }
)";

const char* const tests_text = R"(test: the member is kept
send: { http: POST /try, body: { sku: A1 } }
expect: { status: 200, body: { kept: A1 } }
---
test: a message without it is refused
send: { http: POST /try, body: { qty: 3 } }
expect: { status: 422, error: invalid }
)";

const char* const readme_text = R"(# NAME

A plugin for Busway: the step `NAME`.

    make          builds bundle/plugins/NAME.so
    make test     has busway check it, and runs bundle/NAME.test.yaml through it
    busway help step NAME --bundle bundle

To use it, copy NAME.so into `plugins/` of a bundle, or into the directory that $BUSWAY_PLUGINS names. `busway_plugin.hpp` tells what
a step or a format can do; `busway_plugin.h` below it is the interface for C.
)";

}  // namespace

std::string named(std::string text, const std::string& name, std::string_view word) {
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += name.size())
    text.replace(at, word.size(), name);
  return text;
}

std::string library_makefile(const std::string& name) {
  return named(make_text, name);
}

bool is_plugin_name(const std::string& name) {
  constexpr std::size_t most = 40;
  auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= most && lower(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '_'; });
}

std::vector<std::pair<std::string, std::string>> trial_bundle_files(const std::string& name) {
  return {{"bundle/routes.yaml", named(routes_text, name)}, {"bundle/" + name + ".test.yaml", named(tests_text, name)}};
}

std::vector<std::pair<std::string, std::string>> new_plugin_files(const std::string& name) {
  std::vector<std::pair<std::string, std::string>> out = trial_bundle_files(name);
  out.insert(
      out.begin(),
      {{name + ".cpp", named(source_text, name)}, {"Makefile", library_makefile(name)}, {"README.md", named(readme_text, name)}});
  out.insert(out.end(), {{"busway_plugin.h", plugin_c_header}, {"busway_plugin.hpp", plugin_cpp_header}});
  return out;
}

}  // namespace busway::cli
