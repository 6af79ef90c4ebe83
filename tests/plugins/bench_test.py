"""`busway plugin bench`: steps of libraries and of processes, the messages and settings they are measured with, and what it says when
there is nothing to measure.

    bench_test.py BUSWAY SOURCE CC CXX
"""
import importlib.util
import json
import shutil
import sys
import unittest

from workshop import PARTS, SOURCE, Case, compiled, main

FIGURES = {"messages_per_second", "cpu_us", "plugin_cpu_us", "p50_us", "p99_us"}
MANIFEST = """
protocol: 1
command: ["%s", main.py]
steps:
  echo: { summary: Gives the body back., keys: { prefix: { type: text, required: true, doc: What comes first. } } }
  picky: { summary: Takes numbers only., timeout: 2s }
"""
PROGRAM = """
import busway_plugin as busway
plugin = busway.Plugin()

@plugin.step("echo")
def echo(message):
    assert message.settings["prefix"]
    return busway.Reply(body=message.body)

@plugin.step("picky")
def picky(message):
    if not isinstance(message.body, int):
        raise busway.Failed("invalid", "looking at the body: it is no number")

plugin.run()
"""


class Bench(Case):
    def measured(self, *words, status=0, **more):
        out = self.exits(status, "plugin", "bench", *words, "--seconds", "0.2", "--format", "json", **more)
        return {one["step"]: one for one in json.loads(out)["steps"]}

    def refused(self, text, *words, **more):
        done = self.busway("plugin", "bench", *words, "--seconds", "0.2", **more)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(text, done.stderr)

    def process(self, name="echoing"):
        folder = self.bundle() / "plugins" / name
        folder.mkdir()
        (folder / "plugin.yaml").write_text(MANIFEST % sys.executable)
        (folder / "main.py").write_text(PROGRAM)
        shutil.copy(SOURCE / "plugins/sdk/python/busway_plugin.py", folder)
        return folder

    def test_one_that_cannot_start_says_why_and_blames_no_input(self):
        folder = self.process()
        (folder / "main.py").write_text("raise RuntimeError('the real reason')")
        done = self.busway("plugin", "bench", folder, "--seconds", "0.2")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("has ended: exit status 1; its last words: RuntimeError: the real reason", done.stderr)
        self.assertNotIn("--input", done.stderr)

    def test_a_library(self):
        library = self.bundle() / "plugins/nothing.so"
        self.plugin(library)
        figures = self.measured(library)["nothing"]
        self.assertEqual(set(figures), FIGURES | {"step", "nothing"})
        self.assertGreater(figures["messages_per_second"], 1000)
        self.assertGreater(figures["nothing"]["messages_per_second"], figures["messages_per_second"] / 2)
        self.assertLessEqual(figures["p50_us"], figures["p99_us"])
        # By its name, from a bundle and from the installation.
        self.assertEqual(set(self.measured("nothing", "--bundle", self.folder / "bundle")), {"nothing"})
        self.assertEqual(set(self.measured("nothing", BUSWAY_PLUGINS=str(library.parent))), {"nothing"})
        self.assertIn("step nothing", self.exits(0, "plugin", "bench", library, "--seconds", "0.1"))

    def test_settings_of_an_example_and_a_member_for_them(self):
        library = self.folder / "check_digit.so"
        compiled(SOURCE / "plugins/examples/check_digit/check_digit.cpp", library)
        done = self.busway("plugin", "bench", library, "--seconds", "0.2", "--format", "json")
        self.assertIn("check_digit", done.stdout + done.stderr)
        self.assertNotIn("BW10", done.stderr)

    def test_what_is_not_there(self):
        self.refused("there is no such plugin", "nobody")
        library = self.folder / "nothing.so"
        self.plugin(library)
        self.refused("it has no step 'other'", library, "--step", "other")
        self.refused("BW1004", library, "--settings", "{ cuont: 1 }")
        compiled(SOURCE / "plugins/examples/tlv/tlv.c", self.folder / "tlv.so")
        self.refused("only steps are measured", self.folder / "tlv.so")
        self.refused("no shared library", __file__)
        self.refused("cannot open", library, "--input", self.folder / "nothing.json")

    @unittest.skipUnless(importlib.util.find_spec("zmq"), "python3-zmq is not installed")
    def test_a_process(self):
        folder = self.process()
        figures = self.measured(folder, "--step", "echo")["echo"]
        self.assertGreater(figures["plugin_cpu_us"], 1)
        self.assertLess(figures["nothing"]["plugin_cpu_us"], 0.1)
        self.assertEqual(set(self.measured("echoing", "--bundle", self.folder / "bundle", "--step", "picky", "--input", "-", stdin="17")), {"picky"})
        # What fails is not measured, and the command says so.
        self.refused("step 'picky' fails the message (invalid: looking at the body: it is no number)", folder / "plugin.yaml", "--step", "picky")


main()
