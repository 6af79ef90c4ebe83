"""Plugins that are processes: what they declare shows up everywhere without being started, and they do their work in `test` and `run`.

    process_test.py BUSWAY SOURCE CC CXX
"""
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from workshop import BUSWAY, SOURCE, Case, main

sys.path.insert(0, str(SOURCE / "tests"))
from live_bus import LiveBus, need, wait_until  # noqa: E402

os.environ["BUSWAY"] = BUSWAY
need(modules=["zmq"])
EXAMPLES = SOURCE / "plugins/examples"
SDK = SOURCE / "plugins/sdk/python/busway_plugin.py"


def ask(bus, path, body=None, headers=None):
    host, port = bus.address("front")
    connection = http.client.HTTPConnection(host, port, timeout=30)
    connection.request("POST", path, body if isinstance(body, bytes) else json.dumps(body), {"Content-Type": "application/json", **(headers or {})})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text


class Processes(Case):
    def place(self, bundle, name, manifest, program):
        folder = bundle / "plugins" / name
        folder.mkdir(parents=True)
        (folder / "plugin.yaml").write_text(manifest)
        (folder / "main.py").write_text(program)
        shutil.copy(SDK, folder)
        return folder

    def finding(self, manifest, expected, name="p"):
        bundle = self.bundle(name=f"bundle{len(list(self.folder.iterdir()))}")
        self.place(bundle, name, manifest, "raise SystemExit('it was started')")
        self.assertRegex(self.exits(1, "check", bundle), "(?m)^" + expected)


class Pricing(Case):
    """plugins/examples/pricing in the bundle beside it."""

    def setUp(self):
        super().setUp()
        self.made = self.folder / "quotes"
        shutil.copytree(EXAMPLES / "pricing_bundle", self.made)
        shutil.copytree(EXAMPLES / "pricing", self.made / "plugins/pricing", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(SDK, self.made / "plugins/pricing")

    def test_it_is_tried_alone(self):
        done = subprocess.run([sys.executable, "-B", "-m", "unittest", "-q", "pricing_test"], cwd=self.made / "plugins/pricing", capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_check_and_test_are_good(self):
        self.assertEqual(self.exits(0, "check", self.made), "")
        self.assertIn("3 passed, 0 failed", self.exits(0, "test", self.made))

    def test_what_it_declares_is_everywhere_and_nothing_is_started(self):
        (self.made / "plugins/pricing/pricing.py").write_text("open('started', 'w')")
        listed = self.exits(0, "plugin", "list", "--bundle", self.made)
        self.assertEqual(listed, "plugins/pricing/plugin.yaml  pricing 1.0.0\n  step price           Prices the lines of an order by a price list.\n")
        self.assertIn("price ", self.exits(0, "list", "steps", "--bundle", self.made))
        self.assertNotIn("price ", self.exits(0, "list", "steps", "--bundle", self.made, "--no-plugins"))
        shown = self.exits(0, "help", "step", "price", "--bundle", self.made)
        self.assertIn("- `discount` (integer, default `0`, 0 to 90): What the trade pays less, in percent.", shown)
        self.assertIn("- `rounding` (one of half_up, half_even, default `half_up`)", shown)
        schema = json.loads(self.exits(0, "schema", "--bundle", self.made))
        self.assertIn("price", json.dumps(schema))
        self.exits(0, "plugin", "check", self.made / "plugins/pricing")
        self.exits(0, "plugin", "check", self.made / "plugins/pricing/plugin.yaml")
        self.exits(0, "check", self.made)
        text = (self.made / "routes.yaml").read_text()
        (self.made / "routes.yaml").write_text(text.replace("discount: 10", "discuont: 10"))
        self.assertRegex(self.exits(1, "check", self.made), r"^routes.yaml:\d+:\d+: error BW1004: unknown key 'discuont'; did you mean 'discount'[?]")
        (self.made / "routes.yaml").write_text(text.replace("discount: 10", "discount: 91"))
        self.assertIn("BW1007", self.exits(1, "check", self.made))
        self.assertFalse((self.made / "plugins/pricing/started").exists())

    def test_the_installation_is_a_place_for_it(self):
        installed = self.folder / "installed"
        shutil.move(self.made / "plugins", installed)
        self.assertIn("BW2006", self.exits(1, "check", self.made))
        self.assertIn("3 passed, 0 failed", self.exits(0, "test", self.made, BUSWAY_PLUGINS=str(installed)))
        # A broken one there is left out with a warning.
        (installed / "broken").mkdir()
        (installed / "broken/plugin.yaml").write_text("protocol: 1\n")
        self.assertIn("warning BW1006", self.exits(0, "check", self.made, BUSWAY_PLUGINS=str(installed)))

    def test_it_serves(self):
        text = (self.made / "routes.yaml").read_text().replace("127.0.0.1:8080", "'127.0.0.1:0'")
        (self.made / "routes.yaml").write_text(text)
        with LiveBus(self.made, {"BUSWAY_PLUGINS": ""}) as bus:
            self.assertIn("A plugin is ready.", bus.log())
            order = {"lines": [{"sku": "A1", "qty": 3}]}
            self.assertEqual(ask(bus, "/quote", order), (200, b'{"total":37.50,"lines":{"sku":"A1","amount":37.50}}'))
            self.assertEqual(ask(bus, "/quote", order, {"X-Customer-Class": "trade"})[1], b'{"total":33.75,"lines":{"sku":"A1","amount":33.75}}')
            self.assertEqual(ask(bus, "/quote", {"lines": [{"sku": "ZZ", "qty": 3}]})[0], 422)
            children = pathlib.Path(f"/proc/{bus.process.pid}/task").glob("*/children")
            pids = " ".join(child.read_text() for child in children).split()
            self.assertEqual(len(pids), 1)
        wait_until(lambda: not os.path.exists(f"/proc/{pids[0]}"), what="that the process has gone with the bus")


ALL = """
protocol: 1
command: [python3, main.py]
inherits: [SEEN]
environment: { GREETING: hello }
max_body: 8MiB
steps:
  look:
    summary: Shows what it is given.
    headers: [X-One, x-two]
    variables: [v]
    keys:
      text: { type: text, default: "3", doc: A text. }
      flag: { type: boolean, default: true, doc: A flag. }
      wait: { type: duration, default: 2s, doc: A time. }
      size: { type: size, default: 1KiB, doc: A size. }
      words: { type: texts, doc: Words. }
      key: { type: secret, doc: A secret. }
  change:
    summary: Changes what it may.
  raw:
    summary: Takes bytes.
    body: bytes
  aside:
    summary: Leaves the body alone.
    body: none
    variables: [v]
  big:
    summary: Gives the body back, twice.
  no:
    summary: Fails as it is told.
  odd:
    summary: Does what it must not.
"""
ALL_PROGRAM = '''
import os, sys
import busway_plugin as busway
plugin = busway.Plugin()

@plugin.step("look")
def look(m):
    busway.log("ready when you are", "warn")
    return busway.Reply(body={"body": m.body, "settings": m.settings, "headers": m.headers, "variables": m.variables,
                              "about": {k: m.about[k] for k in ("route", "method", "target", "attempt")}, "left": m.time_left > 1,
                              "environment": sorted(k for k in os.environ if not k.startswith(("BUSWAY_", "LC_")))})

@plugin.step("change")
def change(m):
    return busway.Reply(variables={"v": [1, "x"]}, headers={"X-Set": "yes", "X-One": None})

@plugin.step("raw")
def raw(m):
    return busway.Reply(body={"bytes": len(m.body), "first": m.body[0], "type": m.about["content_type"]})

@plugin.step("aside")
def aside(m):
    assert m.body is None
    return busway.filtered() if m.variables.get("v") == "stop" else busway.Reply(variables={"w": "seen"})

@plugin.step("big")
def big(m):
    return busway.Reply(body=[m.body, m.body])

@plugin.step("no")
def no(m):
    if m.body == "crash": raise RuntimeError("mine")
    raise busway.Failed(m.body, "as told", "E17")

@plugin.step("odd")
def odd(m):
    if m.body == "header": return busway.Reply(headers={"Content-Length": "1"})
    if m.body == "control": return busway.Reply(headers={"X-A": "a\\nb"})
    if m.body == "nan": return busway.Reply(body=float("nan"))
    return busway.Reply(variables={"": 1})

print("it has begun", flush=True)
plugin.run()
'''
ALL_ROUTES = """
listeners: { front: { http: { listen: '127.0.0.1:0' } } }
defaults: { deadline: 20s }
routes:
  look: { from: { http: POST /look, on: front }, steps: [ { set_variable: { v: '{ "n": 1250.10 }' } }, { look: { words: [a, b], key: '${env:KEY}' } } ] }
  change: { from: { http: POST /change, on: front }, steps: [ { change: {} } ], reply: { body: '{ "v": $vars.v, "one": $exists($headers."x-one"), "set": $headers."x-set" }' } }
  raw: { from: { http: POST /raw, on: front }, steps: [ { raw: {} } ] }
  aside: { from: { http: POST /aside, on: front }, steps: [ { set_variable: { v: '$query.v' } }, { aside: {} } ], reply: { body: '{ "w": $vars.w, "body": $ }' } }
  big: { from: { http: POST /big, on: front }, steps: [ { big: {} } ] }
  no: { from: { http: POST /no, on: front }, steps: [ { no: {} } ] }
  odd: { from: { http: POST /odd, on: front }, steps: [ { odd: {} } ] }
  told: { from: { http: POST /told, on: front }, steps: [ { no: {} } ], on_error: [ { reply: { status: 418, body: '{ "kind": $failure.kind, "code": $failure.code, "message": $failure.message }' } } ] }
"""


class Protocol(Processes):
    def test_a_step_sees_and_changes_what_it_may(self):
        bundle = self.folder / "all"
        self.place(bundle, "all", ALL, ALL_PROGRAM)
        (bundle / "routes.yaml").write_text(ALL_ROUTES)
        self.assertEqual(self.exits(0, "check", bundle), "")
        with LiveBus(bundle, {"BUSWAY_PLUGINS": "", "KEY": "k3y", "SEEN": "s", "UNSEEN": "u"}) as bus:
            status, text = ask(bus, "/look", {"n": 1}, {"X-One": "1", "X-Three": "3"})
            seen = json.loads(text)
            self.assertEqual(status, 200)
            self.assertIn(b'"variables":{"v":{"n":1250.10}}', text)
            self.assertEqual(seen["settings"], {"text": "3", "flag": True, "wait": 2000, "size": 1024, "words": ["a", "b"], "key": "k3y"})
            self.assertEqual((seen["body"], seen["headers"], seen["left"]), ({"n": 1}, {"x-one": "1"}, True))
            self.assertEqual(seen["about"], {"route": "look", "method": "POST", "target": "/look", "attempt": 1})
            self.assertTrue({"GREETING", "SEEN", "PATH"} <= set(seen["environment"]) <= {"GREETING", "SEEN", "PATH", "HOME", "LANG", "TZ", "TMPDIR"})

            self.assertEqual(ask(bus, "/change", {}, {"X-One": "1"}), (200, b'{"v":[1,"x"],"one":false,"set":"yes"}'))
            self.assertEqual(ask(bus, "/raw", b"\xff\x00abc", {"Content-Type": "application/x-any"})[1], b'{"bytes":5,"first":255,"type":"application/x-any"}')
            self.assertEqual(ask(bus, "/aside?v=go", {"a": 1}), (200, b'{"w":"seen","body":{"a":1}}'))
            self.assertEqual(ask(bus, "/aside?v=stop", {"a": 1})[0], 202 if ask(bus, "/aside?v=stop", {"a": 1})[0] == 202 else 204)

            for size in (10, 262_140, 262_144, 1_000_000, 3_000_000):
                status, text = ask(bus, "/big", "x" * size)
                self.assertEqual((status, len(text)), (200, 2 * (size + 2) + 3), size)
            self.assertEqual(ask(bus, "/big", "x" * 9_000_000)[0], 413)   # more than it takes
            self.assertEqual(ask(bus, "/big", "x" * 5_000_000)[0], 502)   # more than it may answer

            for kind, expected in (("invalid", 422), ("not_sent", 503), ("unknown", 504), ("overload", 503), ("garbage", 502), ("crash", 500), ("nonsense", 500)):
                self.assertEqual(ask(bus, "/no", kind)[0], expected, kind)
            self.assertEqual(ask(bus, "/told", "invalid"), (418, b'{"kind":"invalid","code":"E17","message":"as told"}'))
            self.assertIn(b"RuntimeError: mine", ask(bus, "/told", "crash")[1])
            for odd, expected in (("header", 502), ("control", 502), ("nan", 500), ("name", 502)):
                self.assertEqual(ask(bus, "/odd", odd)[0], expected, odd)
            log = bus.log()
        self.assertIn('A plugin has written. plugin=all to=stdout line="it has begun"', log)
        self.assertIn('warn  A plugin says. plugin=all text="ready when you are"', log)
        self.assertIn("Traceback", log)
        self.assertNotIn("k3y", log)

    def test_refused_settings_fail_their_messages_only(self):
        bundle = self.folder / "refusing"
        self.place(bundle, "r", """
protocol: 1
command: [python3, main.py]
steps: { pick: { summary: Picks., keys: { what: { doc: What., shorthand: true } } } }
""", """
import busway_plugin as busway
plugin = busway.Plugin()
@plugin.step("pick")
class Pick:
    def __init__(self, settings):
        if settings["what"] == "bad": raise busway.Refused("what", "nobody picks that")
        self.what = settings["what"]
    def __call__(self, message): return busway.Reply(body=self.what)
plugin.run()
""")
        (bundle / "routes.yaml").write_text("""
listeners: { front: { http: { listen: '127.0.0.1:0' } } }
routes:
  good: { from: { http: POST /good, on: front }, steps: [ { pick: good } ] }
  bad: { from: { http: POST /bad, on: front }, steps: [ { pick: bad } ] }
""")
        with LiveBus(bundle, {"BUSWAY_PLUGINS": ""}) as bus:
            self.assertEqual(ask(bus, "/good", 1), (200, b'"good"'))
            self.assertEqual(ask(bus, "/bad", 1)[0], 500)
            self.assertEqual(ask(bus, "/good", 1)[0], 200)
            self.assertIn("""A plugin refuses the settings of a use. plugin=r use=2 text="'what': nobody picks that\"""", bus.log())


MISTAKES = """
protocol: 1
command: [python3, main.py]
steps:
  odd: { summary: Gives what it must not. }
  deep: { summary: Fails far down. }
  greet: { summary: Is not in the program. }
  made: { summary: Cannot be made. }
"""
MISTAKES_PROGRAM = """
import busway_plugin as busway
plugin = busway.Plugin()
GIVEN = {"dict": {"a": 1}, "int": 3, "Answer": busway.Answer(body="x"), "variables": busway.Reply(variables=[1]), "body": busway.Reply(body={1, 2}), "text": "x"}

@plugin.step("odd")
def odd(message):
    print("it was asked for", message.body)
    return GIVEN[message.body] if message.body in GIVEN else None

def down(left):
    if left == 0:
        raise ValueError("the innermost")
    return sideways(left) if left % 2 else upwards(left)

def sideways(left_over_for_a_long_line_in_the_traceback):
    return down(left_over_for_a_long_line_in_the_traceback - 1)

def upwards(left_over_for_a_long_line_in_the_traceback):
    return down(left_over_for_a_long_line_in_the_traceback - 1)

@plugin.step("deep")
def deep(message):
    return down(message.body)

@plugin.step("gret")
def greet(message):
    return None

@plugin.step("made")
class Made:
    def __init__(self, settings):
        self.folder = settings["dirctory"]
    def __call__(self, message):
        return None

plugin.run()
"""
MISTAKES_ROUTES = """
listeners: { front: { http: { listen: '127.0.0.1:0' } } }
routes:
  odd: { from: { http: POST /odd, on: front }, steps: [ { odd: {} } ] }
  deep: { from: { http: POST /deep, on: front }, steps: [ { deep: {} } ] }
  greet: { from: { http: POST /greet, on: front }, steps: [ { greet: {} } ] }
  made: { from: { http: POST /made, on: front }, steps: [ { made: {} } ] }
"""


class Mistakes(Processes):
    """What the author of a plugin is told of his own."""

    def setUp(self):
        super().setUp()
        bundle = self.folder / "mistakes"
        self.place(bundle, "m", MISTAKES, MISTAKES_PROGRAM)
        (bundle / "routes.yaml").write_text(MISTAKES_ROUTES)
        bus = LiveBus(bundle, {"BUSWAY_PLUGINS": ""})
        self.addCleanup(bus.__exit__, None, None, None)
        self.bus = bus

    def said(self, text):
        wait_until(lambda: text in self.bus.log(), 5, f"{text!r} in\n{self.bus.log()}")

    def test_what_is_printed_is_in_the_log_at_once(self):
        self.assertEqual(ask(self.bus, "/odd", "nothing")[0], 200)
        self.said('line="it was asked for nothing"')

    def test_a_step_that_gives_what_it_must_not_fails_its_message_and_says_what_is_right(self):
        right = "; a step returns busway.Reply(body=...), busway.filtered() or None"
        for given, text in (("dict", "a dict" + right), ("int", "an int" + right), ("Answer", "an Answer" + right), ("text", "a str" + right),
                            ("variables", "variables that are a list; they are a dict"), ("body", "a body that is no JSON: a set has no place in a document")):
            self.assertEqual(ask(self.bus, "/odd", given)[0], 500, given)
            self.said(f"the step 'odd' has returned {text}")
        self.assertEqual(ask(self.bus, "/odd", "nothing")[0], 200)
        self.assertNotIn("Traceback", self.bus.log().replace("the traceback", "").partition("has returned")[2])

    def test_of_a_long_traceback_the_end_is_kept(self):
        self.assertEqual(ask(self.bus, "/deep", 2)[0], 500)
        self.said("ValueError: the innermost")
        self.assertRegex(self.bus.log(), r'text="Traceback [(]most recent call last[)]: .* in deep [|] .* in upwards [|] .*ValueError: the innermost"')
        self.assertEqual(ask(self.bus, "/deep", 40)[0], 500)
        self.said("lines are left out")
        line = next(line for line in self.bus.log().splitlines() if "A plugin says" in line and "left out" in line)
        self.assertRegex(line, 'text="Traceback: [0-9]+ lines are left out [|]')
        self.assertRegex(line, 'raise ValueError.* [|] ValueError: the innermost"$')

    def test_a_step_that_is_not_there_and_one_that_cannot_be_made_are_named(self):
        for path in ("/greet", "/made"):
            self.assertEqual(ask(self.bus, path, 1)[0], 500)
        self.said("the program has no step 'greet'; it has 'odd', 'deep', 'gret', 'made'")
        self.said("the step 'made' raised KeyError: 'dirctory'; the traceback is in the log")
        self.assertIn('self.folder = settings["dirctory"]', self.bus.log().replace("\\", ""))


class Ends(Processes):
    """A process that ends: whoever looks finds out why."""

    MANIFEST = "protocol: 1\ncommand: [python3, main.py]\nsteps: { s: { summary: A step. } }\n"
    TOLD = """
listeners: { front: { http: { listen: '127.0.0.1:0' } } }
routes:
  r:
    from: { http: POST /, on: front }
    steps: [ { s: {} } ]
    on_error: [ { reply: { status: 200, body: '$failure.message' } } ]
"""

    def told(self, program, body=1):
        """What the log and the caller are told of it."""
        bundle = self.folder / f"ends{len(list(self.folder.iterdir()))}"
        self.place(bundle, "p", self.MANIFEST, program)
        (bundle / "routes.yaml").write_text(self.TOLD)
        with LiveBus(bundle, {"BUSWAY_PLUGINS": ""}) as bus:
            return bus.log(), json.loads(ask(bus, "/", body)[1])

    def test_the_exception_is_in_the_reason_however_much_is_written(self):
        log, told = self.told("""
import sys
for n in range(3000): print("noise", n, file=sys.stderr)
def a(): b()
def b(): c()
def c(): raise RuntimeError("the real reason")
a()
""")
        why = "has ended: exit status 1; its last words: RuntimeError: the real reason"
        self.assertIn(f'A plugin\'s process did not get ready. plugin=p reason="{why}"', log)
        self.assertTrue(told.endswith("its last process " + why), told)

    def test_what_is_said_is_short_and_fit_for_a_log(self):
        _, told = self.told("import os; os.write(2, b'\\x1b[31mnot \\xff\\n' + b'y' * 1000); os._exit(3)")
        self.assertTrue(told.endswith("has ended: exit status 3; its last words: " + "y" * 300), told)
        _, told = self.told("import os; os.write(2, b'\\x1b[31mnot \\xff\\n \\n'); os._exit(3)")
        self.assertTrue(told.endswith("has ended: exit status 3; its last words: ?[31mnot ?"), told)

    def test_a_message_that_ended_it_is_told_as_well(self):
        _, told = self.told("""
import os, sys
import busway_plugin as busway
plugin = busway.Plugin()
@plugin.step("s")
def s(m):
    print("no paper left", file=sys.stderr, flush=True)
    os._exit(4)
plugin.run()
""")
        self.assertIn("the process of the plugin 'p' has ended: exit status 4; its last words: no paper left", told)

    def test_a_hung_handler_is_named_with_its_timeout(self):
        self.MANIFEST = self.MANIFEST.replace("A step.", "A step., timeout: 1s")
        _, told = self.told("""
import time
import busway_plugin as busway
plugin = busway.Plugin()
@plugin.step("s")
def s(m): time.sleep(2)
plugin.run()
""")
        self.assertEqual(told, "waiting for the answer of the plugin 'p': the step's timeout of 1s passed")

    def test_a_program_that_does_not_run_the_plugin_is_told_so(self):
        _, told = self.told("import busway_plugin as busway\nplugin = busway.Plugin()\n")
        self.assertTrue(told.endswith("has ended: exit status 0, without a hello (does its program call run(), the loop of the plugin?)"), told)

    def test_a_test_is_told_it(self):
        bundle = self.folder / "tested"
        self.place(bundle, "p", self.MANIFEST, "raise RuntimeError('the real reason')")
        (bundle / "routes.yaml").write_text(self.TOLD.split("    on_error")[0])
        (bundle / "r.test.yaml").write_text("test: it works\nsend: { http: POST /, body: 1 }\nexpect: { status: 200 }\n")
        self.assertIn("its last words: RuntimeError: the real reason", self.exits(1, "test", bundle))


class Manifests(Processes):
    def test_what_is_wrong_is_a_finding_at_its_place(self):
        good = "protocol: 1\ncommand: [python3, main.py]\nsteps:\n  s:\n    summary: A step.\n"
        self.finding("protocol: 2\n" + good[12:], "plugins/p/plugin.yaml:1:11: error BW7102: the plugin speaks version 2")
        self.finding(good.replace("summary", "sumary"), "plugins/p/plugin.yaml:5:5: error BW1004: unknown key 'sumary'; did you mean 'summary'[?]")
        self.finding(good.replace("command", "comand"), "plugins/p/plugin.yaml:2:1: error BW1004: unknown key 'comand'")
        self.finding(good + "    keys:\n      k: { type: texd, doc: K. }\n", "plugins/p/plugin.yaml:7:18: error BW1014: 'texd' is not one of")
        self.finding(good + "    keys:\n      k: { type: integer, default: x, doc: K. }\n", "plugins/p/plugin.yaml:7:7: error BW7104: the key 'k' has the default 'x'")
        self.finding(good + "    keys:\n      k-: { doc: K. }\n", "plugins/p/plugin.yaml:4:3: error BW7104: a field of 's' has the name 'k-'")
        self.finding(good + "    keys:\n      k: { doc: no sentence }\n", "plugins/p/plugin.yaml:4:3: error BW7104: the field 'k' of 's' needs a doc")
        self.finding(good.replace("A step.", "a step"), "plugins/p/plugin.yaml:4:3: error BW7104: 's' needs a summary")
        self.finding(good.replace("  s:", "  call:"), "plugins/p/plugin.yaml: error BW7009: the plugin declares the step 'call', which is built in")
        self.finding(good.replace("  s:", "  on_error:"), "plugins/p/plugin.yaml: error BW7009: .*is a key that every step has")
        self.finding(good.replace("[python3, main.py]", "[./none]"), "plugins/p/plugin.yaml:2:10: error BW7103: there is no program './none'")
        self.finding(good.replace("[python3, main.py]", "[./main.py]"), "plugins/p/plugin.yaml:2:10: error BW7103: './main.py' cannot be run: chmod")
        self.finding(good.replace("[python3, main.py]", "[]"), "plugins/p/plugin.yaml:2:10: error BW7103: the plugin's command is empty")
        self.finding(good + "environment: { BUSWAY_COOKIE: x }\n", "plugins/p/plugin.yaml:6:14: error BW7103: 'BUSWAY_COOKIE' cannot be set")
        self.finding(good + "limits: { memory: 1KiB }\n", "plugins/p/plugin.yaml:6:19: error BW1007")
        self.finding("protocol: 1\ncommand: x\nsteps: []\n", "plugins/p/plugin.yaml:3:8: error BW7104: expected a mapping of steps")
        self.finding("- a\n", "plugins/p/plugin.yaml:1:1: error BW1005")
        self.finding("a: [\n", "plugins/p/plugin.yaml:2:1: error BW1001")

    def test_a_command_that_cannot_start_is_found(self):
        good = "protocol: 1\ncommand: %s\nsteps: { s: { summary: A step. } }\n"
        number = 0

        def look(status, command, expected, name="x", program=None):
            nonlocal number
            number += 1
            bundle = self.bundle(name=f"command{number}")
            folder = self.place(bundle, "p", good % command, "")
            if program is not None:
                (folder / name).write_bytes(program)
                (folder / name).chmod(0o755)
            out = self.exits(status, "check", bundle)
            if expected is None:
                self.assertEqual(out, "")
            else:
                self.assertIn("plugins/p/plugin.yaml:2:10: " + expected, out)

        look(0, "[pyton3, main.py]", "warning BW7103: there is no program 'pyton3' in PATH here")
        look(0, "[/nowhere/python3, main.py]", "warning BW7103: there is no program '/nowhere/python3' here")
        look(0, "[x]", "warning BW7103: there is no program 'x' in PATH; for the one in the plugin's directory write ./x", program=b"#!/bin/sh\n")
        look(1, "python3 main.py", "error BW7103: there is no program 'python3 main.py': no shell reads the command; write it as a list: [python3, main.py]")
        look(1, "[python3, -u, x.py]", "error BW7103: there is no file 'x.py' in the plugin's directory")
        look(1, "[node, src/x.mjs]", "error BW7103: there is no file 'src/x.mjs' in the plugin's directory")
        look(0, "[python3, main.py, made/later.py]", "warning BW7103: there is no file 'made/later.py'")
        look(1, "[./x]", "error BW7103: './x' cannot be run: it is neither a compiled program nor", program=b"import sys\n")
        look(1, "[./x]", "error BW7103: './x' cannot be run: its first line ends as lines of Windows do", program=b"#!/usr/bin/env python3\r\n")
        for command in ("[./x]", "[./x, -u, main.py]", "[sh, -c, exec python3 x.py]", "[python3, -m, http.server]", "[python3, /elsewhere/x.py]"):
            look(0, command, None, program=b"#!/usr/bin/env python3\n")
        self.assertIn("names a program or a script that is not there", " ".join(self.exits(0, "explain", "BW7103").split()))

    def test_a_directory_without_a_manifest_is_told_apart(self):
        bundle = self.bundle()
        folder = self.place(bundle, "p", "", "")

        def told(path, text):
            self.assertIn(f"{path}/plugin.yaml: error BW7101: the plugin's manifest is not there: {text}", self.exits(1, "plugin", "check", path))

        told(bundle, f"the directory is a bundle: name one of its plugins, such as {folder}")
        (folder / "plugin.yaml").rename(folder / "plugin.yml")
        told(folder, "what is there is called plugin.yml: rename it to plugin.yaml")
        (folder / "plugin.yml").unlink()
        told(folder, "a plugin that is a process has a plugin.yaml beside its program")
        (folder / "p.so").touch()
        told(folder, f"name the library: {folder}/p.so")
        (folder / "plugin.yaml").symlink_to(self.folder / "gone")
        self.assertIn("the plugin's manifest is a link to a file that is not there", self.exits(1, "plugin", "check", folder))

    def test_what_looks_like_a_plugin_is_not_overlooked_in_silence(self):
        bundle = self.bundle("greet: {}")
        plugins = bundle / "plugins"
        for name, file in (("a", "plugin.yml"), ("b", "b.so"), ("shared", "lines.py"), ("native", "fast.cpython-311.so"), ("_old", "plugin.yml"), (".git", "x.so")):
            (plugins / name).mkdir()
            (plugins / name / file).touch()
        (plugins / "c").symlink_to(self.folder / "gone")
        (plugins / "plugin.yaml").touch()
        out = self.exits(1, "check", bundle)
        self.assertEqual([line for line in out.splitlines() if "BW7107" in line], [
            "plugins/a: warning BW7107: this directory is no plugin: its plugin.yml is to be called plugin.yaml",
            "plugins/b: warning BW7107: this directory is no plugin, and a library within it is not looked for: put b.so beside it",
            "plugins/c: warning BW7107: this is a link that leads nowhere: mend or remove it",
            "plugins/plugin.yaml: warning BW7107: a manifest is not looked for here: put it, as plugin.yaml, and its program into a directory with the plugin's name"])
        self.assertRegex(out, "BW2006: unknown step 'greet'.*; it may be of a plugin that cannot be used: see what is said of plugins/a and 3 more")
        self.assertIn("/gone/plugins: warning BW7107: BUSWAY_PLUGINS names this, and there is no such directory",
                      self.exits(0, "check", self.bundle(name="b2"), BUSWAY_PLUGINS="/gone/plugins"))
        self.assertIn("see what is said of /gone/plugins", self.exits(1, "check", self.bundle("greet: {}", name="b3"), BUSWAY_PLUGINS="/gone/plugins"))
        self.exits(0, "explain", "BW7107")

    def test_what_is_unknown_says_which_plugin_it_may_be_of(self):
        bundle = self.bundle("s: {}")
        folder = self.place(bundle, "rot", "protocol: 1\ncommand: [python3, main.py]\nsteps: { s: { summary: A step. }\n", "")
        self.assertRegex(self.exits(1, "check", bundle), "BW2006: unknown step 's'.*; it may be of a plugin that cannot be used: see what is said of plugins/rot/plugin.yaml")
        (folder / "plugin.yaml").write_text("protocol: 1\ncommand: [python3, main.py]\nsteps: { s: { summary: A step. } }\n")
        self.exits(0, "check", bundle)
        self.assertRegex(self.exits(1, "check", bundle, "--no-plugins"), r"BW2006: unknown step 's'.*; plugins were left out \(--no-plugins\)")
        (bundle / "routes.yaml").write_text("listeners: { in: { mine: {} } }\nroutes: { r: { from: { mine: m, on: in }, reply: {} } }\n")
        self.assertRegex(self.exits(1, "check", bundle, "--no-plugins"), r"BW2017: there is no adapter 'mine'.*; plugins were left out \(--no-plugins\)")
        self.assertNotIn("plugins", self.exits(1, "check", bundle))

    def test_a_name_is_taken_once(self):
        bundle = self.bundle()
        manifest = "protocol: 1\ncommand: [python3, main.py]\nsteps: { s: { summary: A step. } }\n"
        for name in ("a", "b"):
            self.place(bundle, name, manifest, "")
        self.assertRegex(self.exits(1, "check", bundle), "(?m)^plugins/b/plugin.yaml: error BW7009: .*'s', which plugins/a/plugin.yaml declares, too")

    def test_what_everybody_can_change_is_refused(self):
        bundle = self.bundle()
        folder = self.place(bundle, "a", "protocol: 1\ncommand: [python3, main.py]\nsteps: { s: { summary: A step. } }\n", "")
        (folder / "plugin.yaml").chmod(0o666)
        self.assertIn("error BW7002", self.exits(1, "check", bundle))
        (folder / "plugin.yaml").chmod(0o644)
        folder.chmod(0o777)
        self.assertIn("error BW7002", self.exits(1, "check", bundle))
        folder.chmod(0o755)
        self.exits(0, "check", bundle)

    def test_settings_must_fit_the_wire(self):
        bundle = self.bundle("s: big.txt")
        self.place(bundle, "a", "protocol: 1\ncommand: [python3, main.py]\nsteps: { s: { summary: A step., keys: { f: { type: file, shorthand: true, doc: F. } } } }\n", "")
        (bundle / "big.txt").write_text("x" * 50_000)
        self.assertRegex(self.exits(1, "check", bundle), r"^routes.yaml:\d+:\d+: error BW7105: the settings are \d+ bytes")
        (bundle / "big.txt").write_bytes(b"\xff")
        self.assertRegex(self.exits(1, "check", bundle), r"^routes.yaml:\d+:\d+: error BW7105: the value is not UTF-8")
        (bundle / "big.txt").write_text("good")
        self.exits(0, "check", bundle)


class New(Case):
    def new(self, status, *words):
        done = subprocess.run([BUSWAY, "new", "plugin", *words], cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_a_name_of_the_bus_is_refused_at_once(self):
        for words in (("map",), ("--language", "python", "on_error"), ("--kind", "adapter", "tcp"), ("--kind", "adapter", "timeout")):
            self.assertIn(f"'{words[-1]}' is a", self.new(1, *words))
            self.assertFalse((self.folder / words[-1]).exists())
        self.new(0, "tcp")  # a step may be called so

    def test_process_with_a_language_that_is_one_anyway(self):
        self.assertIn("A plugin in python is a process anyway; --process has made no difference.", self.new(0, "--process", "--language", "python", "one"))
        self.assertNotIn("anyway", self.new(0, "--process", "two"))

    def test_a_new_one_in_python_works(self):
        done = subprocess.run([BUSWAY, "new", "plugin", "--language", "python", "json"], cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = subprocess.run(["make", "-s", "-C", self.folder / "json", "test", f"BUSWAY={BUSWAY}", f"PYTHON={sys.executable} -B"], capture_output=True, text=True,
                              env={**os.environ, "BUSWAY_PLUGINS": ""}, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("2 passed, 0 failed", done.stdout)

    def test_a_new_one_in_node_works(self):
        if shutil.which("node") is None or shutil.which("npm") is None:
            return print("SKIP: no node and npm, so nothing is known of plugins in JavaScript")
        done = subprocess.run([BUSWAY, "new", "plugin", "--language", "node", "keep"], cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        plugin = self.folder / "keep/bundle/plugins/keep"
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=plugin, capture_output=True, text=True, timeout=120, check=False)
        tried = subprocess.run(["node", "-e", "require('zeromq')"], cwd=plugin, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0 or tried.returncode != 0:
            return print(f"SKIP: npm cannot give zeromq here, so nothing is known of plugins in JavaScript: {(done.stderr + tried.stderr)[:200]!r}")
        done = subprocess.run(["make", "-s", "-C", self.folder / "keep", "test", f"BUSWAY={BUSWAY}"], capture_output=True, text=True,
                              env={**os.environ, "BUSWAY_PLUGINS": ""}, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("2 passed, 0 failed", done.stdout)
        # Large bodies, failures, and what it says.
        (plugin / "step_keep.js").write_text("""
const busway = require('./busway_plugin.js');
const plugin = new busway.Plugin();
plugin.step('keep', (message) => {
  if (message.body === 'fail') throw new Error('mine');
  plugin.log('seen', 'warn');
  return { body: [message.body, message.body], headers: { 'X-Set': 'yes' } };
});
plugin.run();
""")
        (self.folder / "keep/bundle/routes.yaml").write_text("""
listeners: { front: { http: { listen: '127.0.0.1:0' } } }
routes: { keep: { from: { http: POST /keep, on: front }, steps: [ { keep: x } ] } }
""")
        (self.folder / "keep/bundle/keep.test.yaml").unlink()
        with LiveBus(self.folder / "keep/bundle", {"BUSWAY_PLUGINS": ""}) as bus:
            for size in (10, 262_140, 700_000):
                status, text = ask(bus, "/keep", "x" * size)
                self.assertEqual((status, len(text)), (200, 2 * (size + 2) + 3), size)
            self.assertEqual(ask(bus, "/keep", "fail")[0], 500)
            self.assertIn("A plugin says. plugin=keep text=seen", bus.log())


main()
