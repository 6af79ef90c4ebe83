#include "bus/cli/new_plugin.hpp"

namespace busway::cli {

namespace {

// NAME stands for the plugin's name.
const char* const source_text = R"('use strict';
// The step NAME: what it is to do is yours to write. `make test` tries it.
const busway = require('./busway_plugin.js');

/** @param {Record<string, any>} settings */
function make(settings) {
  if (!settings.into) throw new busway.Refused('into', 'a variable needs a name');
  /** @type {busway.Handler} */
  return async (message) => {
    const body = message.body;
    if (body === null || typeof body !== 'object' || !(settings.member in body))
      throw new busway.Failed('invalid', `running NAME: there is no '${settings.member}'`);
    return { variables: { [settings.into]: body[settings.member] } };
  };
}

module.exports = { make };
if (require.main === module) new busway.Plugin().step('NAME', { make }).run();
)";

const char* const unit_test_text = R"('use strict';
const test = require('node:test');
const assert = require('node:assert');
const { make } = require('./step_NAME.js');

test('the member is kept', async () => {
  const step = make({ member: 'sku', into: 'kept' });
  assert.deepStrictEqual(await step({ body: { sku: 'A1' } }), { variables: { kept: 'A1' } });
});

test('a message without it is invalid', async () => {
  await assert.rejects(make({ member: 'sku', into: 'kept' })({ body: { qty: 3 } }), { kind: 'invalid' });
});
)";

const char* const package_text = R"({
  "name": "busway-NAME",
  "version": "0.1.0",
  "private": true,
  "dependencies": { "zeromq": "^6.0.0" }
}
)";

const char* const make_text = R"(NODE ?= node
NPM ?= npm
BUSWAY ?= busway

.PHONY: test
test: bundle/plugins/NAME/node_modules
	cd bundle/plugins/NAME && $(NODE) --test test_NAME.js
	$(BUSWAY) plugin check bundle/plugins/NAME
	$(BUSWAY) check bundle
	$(BUSWAY) test bundle

bundle/plugins/NAME/node_modules: bundle/plugins/NAME/package.json
	cd bundle/plugins/NAME && $(NPM) install --no-audit --no-fund
)";

const char* const readme_text = R"(# NAME

A plugin for Busway in JavaScript: the step `NAME`. busway runs it as a process of its own, which needs Node 18 and the package zeromq.

    make test     installs zeromq, tries the step alone, has busway check the plugin, and runs bundle/NAME.test.yaml through it
    busway help step NAME --bundle bundle
    busway run bundle

To use it, copy the folder bundle/plugins/NAME into `plugins/` of a bundle, or into the directory that $BUSWAY_PLUGINS names.
plugin.yaml says how it is started and what it offers; busway_plugin.js tells what a step can do.
)";

}  // namespace

std::string node_makefile(const std::string& name) {
  return named(make_text, name);
}

std::string node_package(const std::string& name) {
  return named(package_text, name);
}

std::vector<std::pair<std::string, std::string>> new_node_plugin_files(const std::string& name) {
  std::string folder = "bundle/plugins/" + name + "/";
  std::vector<std::pair<std::string, std::string>> out = trial_bundle_files(name);
  out.insert(out.begin(), {{folder + "step_" + name + ".js", named(source_text, name)},
                           {folder + "plugin.yaml", process_manifest(name, "[node, step_" + name + ".js]")},
                           {folder + "test_" + name + ".js", named(unit_test_text, name)},
                           {folder + "package.json", node_package(name)},
                           {folder + "busway_plugin.js", plugin_node_module},
                           {"Makefile", node_makefile(name)},
                           {"README.md", named(readme_text, name)}});
  return out;
}

}  // namespace busway::cli
