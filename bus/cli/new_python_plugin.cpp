#include "bus/cli/new_plugin.hpp"

namespace busway::cli {

namespace {

// NAME stands for the plugin's name.
const char* const manifest_text = R"(# How busway starts the plugin NAME, and what it offers.
protocol: 1
version: 0.1.0
command: COMMAND

steps:
  NAME:
    summary: Keeps a member of the body as a variable.
    doc: A message without the member fails (kind `invalid`, 422).
    idempotent: true
    keys:
      member: { type: text, required: true, shorthand: true, doc: The member of the body. }
      into: { type: text, default: NAME, doc: The variable. }
    examples:
      - title: As it is
        text: 'NAME: sku'
)";

const char* const source_text = R"("""The step NAME: what it is to do is yours to write. `make test` tries it."""
import busway_plugin as busway

plugin = busway.Plugin()


@plugin.step("NAME")
class Step:
    def __init__(self, settings):
        if not settings["into"]:
            raise busway.Refused("into", "a variable needs a name")
        self.member, self.into = settings["member"], settings["into"]

    def __call__(self, message: busway.Message) -> busway.Reply:
        if not isinstance(message.body, dict) or self.member not in message.body:
            raise busway.Failed("invalid", f"running NAME: there is no '{self.member}'")
        return busway.Reply(variables={self.into: message.body[self.member]})


if __name__ == "__main__":
    plugin.run()
)";

const char* const unit_test_text = R"(import unittest

import busway_plugin as busway
from step_NAME import Step


class Test(unittest.TestCase):
    def test_the_member_is_kept(self):
        step = Step({"member": "sku", "into": "kept"})
        self.assertEqual(step(busway.Message(body={"sku": "A1"})).variables, {"kept": "A1"})

    def test_a_message_without_it_is_invalid(self):
        with self.assertRaises(busway.Failed) as failed:
            Step({"member": "sku", "into": "kept"})(busway.Message(body={"qty": 3}))
        self.assertEqual(failed.exception.kind, "invalid")


if __name__ == "__main__":
    unittest.main()
)";

const char* const make_text = R"(PYTHON ?= python3
BUSWAY ?= busway

.PHONY: test
test:
	cd bundle/plugins/NAME && $(PYTHON) -m unittest -q test_NAME
	$(BUSWAY) plugin check bundle/plugins/NAME
	$(BUSWAY) check bundle
	$(BUSWAY) test bundle
)";

const char* const readme_text = R"(# NAME

A plugin for Busway in Python: the step `NAME`. busway runs it as a process of its own, which needs Python 3.9 and pyzmq (Debian:
python3-zmq).

    make test     tries the step alone, has busway check the plugin, and runs bundle/NAME.test.yaml through it
    busway help step NAME --bundle bundle
    busway run bundle

To use it, copy the folder bundle/plugins/NAME into `plugins/` of a bundle, or into the directory that $BUSWAY_PLUGINS names.
plugin.yaml says how it is started and what it offers; busway_plugin.py tells what a step can do.
)";

}  // namespace

std::string python_makefile(const std::string& name) {
  return named(make_text, name);
}

std::string process_manifest(const std::string& name, const std::string& command) {
  std::string text = named(manifest_text, name);
  constexpr std::string_view place = "COMMAND";
  return text.replace(text.find(place), place.size(), command);
}

std::vector<std::pair<std::string, std::string>> new_python_plugin_files(const std::string& name) {
  std::string folder = "bundle/plugins/" + name + "/";
  std::vector<std::pair<std::string, std::string>> out = trial_bundle_files(name);
  out.insert(out.begin(), {{folder + "step_" + name + ".py", named(source_text, name)},
                           {folder + "plugin.yaml", process_manifest(name, "[python3, step_" + name + ".py]")},
                           {folder + "test_" + name + ".py", named(unit_test_text, name)},
                           {folder + "busway_plugin.py", plugin_python_module},
                           {"Makefile", python_makefile(name)},
                           {"README.md", named(readme_text, name)}});
  return out;
}

}  // namespace busway::cli
