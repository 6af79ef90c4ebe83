"""Adapters in processes: what they declare is everywhere, messages go both ways with their outcomes, and a process that dies costs only what it had.

    process_adapter_test.py BUSWAY SOURCE CC CXX
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from workshop import BUSWAY, CXX, PARTS, SOURCE, STRICT, Case, main

sys.path.insert(0, str(SOURCE / "tests"))
from live_bus import LiveBus, need, wait_until  # noqa: E402

os.environ["BUSWAY"] = BUSWAY
need(modules=["zmq"])
SDK = SOURCE / "plugins/sdk/python/busway_plugin.py"
ALONE = {"BUSWAY_PLUGINS": ""}

MANIFEST = """
protocol: 1
command: [python3, main.py]
max_body: 4MiB
acknowledge_within: 3s
adapters:
  probe:
    summary: Does as it is told.
    format: json
    headers: true
    method: true
    path: true
    operation: true
    listener:
      acknowledges: when it likes to
      may_repeat: true
      keys:
        port: { type: integer, default: 0, doc: Where to listen. }
    service:
      keys:
        endpoints: { type: texts, required: true, endpoints: true, doc: Where. }
        wait: { type: duration, default: 2s, doc: A time. }
  topics:
    summary: Picks its routes.
    format: json
    listener: { keys: { port: { type: integer, default: 0, doc: Where to listen. } } }
    from: { keys: { topics: { type: text, required: true, doc: The topic. }, topic: { type: text, default: none, doc: It again. } } }
"""
ROUTES = """
listeners:
  front: { http: { listen: '127.0.0.1:0' } }
  in: { probe: { max_body: 600KiB, max_in_flight: 8 } }
services:
  there: { probe: { endpoints: [a, b], wait: 5s }, timeout: 3s }
routes:
  call:
    from: { http: POST /call, on: front }
    steps: [ { set_header: { X-One: '1' } }, { call: { service: there, method: PUT, path: /x, operation: op } } ]
    on_error: [ { reply: { status: { expr: '$failure.status' }, body: '{ "kind": $failure.kind, "code": $failure.fault.code, "outcome": $failure.outcome }' } } ]
  slow: { from: { probe: messages, on: in, when: '$headers.do = "slow"' }, steps: [ { call: { service: there, request: '{ "do": "sleep", "seconds": 1 }' } } ] }
  fails: { from: { probe: messages, on: in, when: '$headers.do = "fail"', error: '{ "refused": $failure.kind }' }, steps: [ { map: '$error("no")' } ] }
  drops: { from: { probe: messages, on: in, when: '$headers.do = "drop"' }, steps: [ { filter: 'false' } ] }
  shows: { from: { probe: messages, on: in }, reply: { status: 201, headers: { X-Two: '2' }, body: '{ "message": $message, "size": $length($), "h": $headers }' } }
"""
ROUTES_OF_BOTH = """
listeners: { front: { http: { listen: '127.0.0.1:0' } } }
services: { there: { echo: {} } }
routes: { both: { from: { http: POST /, on: front }, steps: [ { louder: {} }, { call: there } ] } }
"""


class Talk:
    """A connection to the probe's source."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=20)
        self.lines = self.socket.makefile("rw")

    def send(self, **asked):
        self.lines.write(json.dumps(asked) + "\n")
        self.lines.flush()

    def receive(self):
        line = self.lines.readline()
        return json.loads(line) if line else None

    def ask(self, **asked):
        self.send(**asked)
        return self.receive()

    def close(self):
        self.lines.close()
        self.socket.close()


class Adapters(Case):
    def make(self, routes=ROUTES, manifest=MANIFEST):
        bundle = self.folder / f"bundle{len(list(self.folder.iterdir()))}"
        folder = bundle / "plugins/probe"
        folder.mkdir(parents=True)
        (folder / "plugin.yaml").write_text(manifest)
        shutil.copy(PARTS / "probe.py", folder / "main.py")
        shutil.copy(SDK, folder)
        (bundle / "routes.yaml").write_text(routes)
        return bundle

    def post(self, bus, body):
        connection = http.client.HTTPConnection(*bus.address("front"), timeout=30)
        connection.request("POST", "/call", json.dumps(body), {"Content-Type": "application/json", "X-Caller": "me"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None

    def talk(self, bus, name="in"):
        talk = Talk(bus.address(name))
        self.addCleanup(talk.close)
        return talk

    def pid(self, bus):
        return [int(pid) for task in pathlib.Path(f"/proc/{bus.process.pid}/task").glob("*/children") for pid in task.read_text().split()][0]

    def test_what_it_declares_is_everywhere_and_nothing_is_started(self):
        bundle = self.make()
        (bundle / "plugins/probe/main.py").write_text("open('started', 'w')")
        self.assertIn("adapter probe        Does as it is told.", self.exits(0, "plugin", "list", "--bundle", bundle))
        shown = self.exits(0, "help", "adapter", "probe", "--bundle", bundle)
        for text in ("- `wait` (duration, default `2s`): A time.", "- `port` (integer, default `0`): Where to listen.", "when it likes to", "`max_in_flight`"):
            self.assertIn(text, shown)
        self.assertIn("probe", self.exits(0, "schema", "--bundle", bundle))
        self.exits(0, "plugin", "check", bundle / "plugins/probe")
        self.exits(0, "check", bundle)
        routes = (bundle / "routes.yaml").read_text()
        (bundle / "routes.yaml").write_text(routes.replace("wait: 5s", "wiat: 5s"))
        self.assertIn("unknown key 'wiat'; did you mean 'wait'?", self.exits(1, "check", bundle))
        (bundle / "routes.yaml").write_text(routes.replace("wait: 5s", 'wait: 5s, endpoints: ["\\xff"]').replace("endpoints: [a, b], ", ""))
        self.exits(0, "check", bundle)
        self.assertFalse((bundle / "plugins/probe/started").exists())

    def test_findings(self):
        def finding(old, new, expected):
            bundle = self.make(manifest=MANIFEST.replace(old, new))
            self.assertRegex(self.exits(1, "check", bundle), "(?m)^plugins/probe/plugin.yaml:" + expected)

        finding("format: json", "format: nosuch", r"\d+:\d+: error BW7104: the adapter's format 'nosuch' is none")
        finding("format: json", "format: fixed", r"\d+:\d+: error BW7104: the adapter's format 'fixed' is none")
        finding("    headers: true", "    haeders: true", r"\d+:\d+: error BW1004: unknown key 'haeders'; did you mean 'headers'")
        finding("port: { type: integer", "max_body: { type: integer", r"\d+:\d+: error BW7104: .*declares the key 'max_body', which the bus gives it")
        finding("endpoints: { type: texts", "endpoints: { type: text", r"\d+:\d+: error BW7104: .*cannot hold endpoints")
        finding("    listener: { keys", "    service: { keys", r"\d+:\d+: error BW7104: the adapter has keys for 'from' and no 'listener'")
        finding("  topics:\n    summary", "  http:\n    summary", r" error BW7009: the plugin declares the adapter 'http', which is built in")
        finding("  topics:\n    summary", "  timeout:\n    summary", r" error BW7009: the plugin declares the adapter 'timeout', which is a key of the language")
        bundle = self.make(manifest="protocol: 1\ncommand: [python3, main.py]\n")
        self.assertRegex(self.exits(1, "check", bundle), "(?m)^plugins/probe/plugin.yaml:1:1: error BW7104: the plugin offers nothing")
        bundle = self.make(manifest="protocol: 1\ncommand: [python3, main.py]\nadapters: { probe: { summary: Nothing. } }\n")
        self.assertIn("has neither a source nor a target", self.exits(1, "check", bundle))

    def test_routes_are_tested_without_a_process(self):
        bundle = self.make()
        (bundle / "plugins/probe/main.py").write_text("open('started', 'w')")
        (bundle / "a.test.yaml").write_text("""
test: both halves
send: { probe: messages, body: x, headers: { do: slow } }
services: { there: { expect: { do: sleep, seconds: 1 }, reply: { slept: 1 } } }
expect: { body: { slept: 1 } }
""")
        self.assertIn("1 passed", self.exits(0, "test", bundle))
        self.assertFalse((bundle / "plugins/probe/started").exists())

    def test_calls(self):
        with LiveBus(self.make(), ALONE) as bus:
            status, shown = self.post(bus, {"do": "show"})
            self.assertEqual(status, 200)
            self.assertIn(shown["about"].pop("endpoint"), ("a", "b"))
            self.assertEqual(shown["about"], {"attempt": 1, "route": "call", "method": "PUT", "target": "/x", "operation": "op", "content_type": "application/json"})
            self.assertEqual(shown["headers"]["x-one"], "1")
            self.assertEqual(shown["settings"], {"endpoints": ["a", "b"], "wait": 5000})
            self.assertEqual(self.post(bus, {"do": "show", "fill": "y" * 2_000_000})[1]["size"], 2_000_023)
            self.assertEqual(self.post(bus, {"do": "large", "size": 1_000_000}), (200, "x" * 1_000_000))
            self.assertEqual(self.post(bus, {"do": "document"}), (200, {"a": 1}))
            # The outcomes that the engine tells apart.
            self.assertEqual(self.post(bus, {"do": "not_sent"}), (503, {"kind": "not_sent", "outcome": "not_sent"}))
            self.assertEqual(self.post(bus, {"do": "unknown"}), (504, {"kind": "unknown", "outcome": "unknown"}))
            self.assertEqual(self.post(bus, {"do": "answered"}), (502, {"kind": "answered", "code": "C1"}))
            self.assertEqual(self.post(bus, {"do": "garbage"}), (502, {"kind": "garbage"}))
            self.assertEqual(self.post(bus, {"do": "status", "status": 422})[1]["kind"], "answered")
            self.assertEqual(self.post(bus, {"do": "large", "size": 5_000_000})[1], {"kind": "garbage"})  # beyond the plugin's max_body
            self.assertEqual(self.post(bus, {"do": "header"})[1]["kind"], "internal")
            pid = self.pid(bus)
            self.assertEqual(self.post(bus, {"do": "die"}), (504, {"kind": "unknown", "outcome": "unknown"}))
            wait_until(lambda: self.post(bus, {"do": "document"}) == (200, {"a": 1}), what="that the plugin is back")
            self.assertNotEqual(self.pid(bus), pid)
            self.assertEqual(self.post(bus, {"do": "sleep", "seconds": 3.2}), (504, {"kind": "unknown", "outcome": "unknown"}))
            self.assertEqual(self.post(bus, {"do": "document"}), (200, {"a": 1}))

    def test_an_idempotent_call_is_given_to_the_next_process(self):
        bundle = self.make(manifest=MANIFEST.replace("    service:\n", "    service:\n      idempotent: true\n"))
        with LiveBus(bundle, ALONE) as bus:
            answers = []
            caller = threading.Thread(target=lambda: answers.append(self.post(bus, {"do": "sleep", "seconds": 0.5})))
            caller.start()
            time.sleep(0.2)
            os.kill(self.pid(bus), signal.SIGKILL)
            caller.join()
            self.assertEqual(answers, [(200, {"slept": True})])

    def test_arrivals(self):
        with LiveBus(self.make(), ALONE) as bus:
            talk = self.talk(bus)
            said = talk.ask(n=1, body='"abc"', method="PUT", target="/t", operation="o", peer="10.0.0.1:2", headers={"X-One": "1"}, content_type="application/json")
            body = json.loads(said.pop("body"))
            message = body["message"]
            self.assertEqual(said, {"n": 1, "outcome": "made", "kind": "", "status": 201, "reason": "", "content_type": "application/json", "headers": {"x-two": "2"}})
            self.assertEqual((body["size"], body["h"]["x-one"]), (3, "1"))
            self.assertEqual((message["method"], message["target"], message["peer"]), ("PUT", "/t", "10.0.0.1:2"))
            self.assertEqual(json.loads(talk.ask(size=500_000)["body"])["size"], 500_000)  # in pieces
            said = talk.ask(headers={"do": "fail"}, body="1")
            self.assertEqual((said["outcome"], said["kind"], said["status"], said["body"]), ("failed", "mapping", 500, '{"refused":"mapping"}'))
            self.assertEqual(talk.ask(headers={"do": "drop"}, body="1")["outcome"], "filtered")
            said = talk.ask(body='"abc"', reply=False)
            self.assertEqual((said["outcome"], said["body"], said["headers"]), ("made", "", {}))
            said = talk.ask(size=700_000)
            self.assertEqual((said["outcome"], said["status"], said["reason"]), ("failed", 413, "Content Too Large"))
            self.assertEqual(talk.ask(body="1", headers={"Bad Name": "x"})["status"], 400)
            said = talk.ask(body="{", content_type="application/json")
            self.assertEqual((said["outcome"], said["status"]), ("failed", 400))
            said = talk.ask(body="1", headers={"do": "slow"}, deadline_ms=200)
            self.assertEqual((said["outcome"], said["status"]), ("failed", 504))
            # Ten at a time where eight may be: the plugin waits for room, and all of them end.
            for n in range(10):
                talk.send(n=n, body="1", headers={"do": "slow"})
            self.assertEqual(sorted(talk.receive()["n"] for _ in range(10)), list(range(10)))

    def test_what_a_message_took_is_told_whatever_its_deadline(self):
        import zmq

        address = f"ipc://{self.folder}/events"
        with LiveBus(self.make(routes=f"events: '{address}'\n" + ROUTES), ALONE) as bus, zmq.Context() as context, context.socket(zmq.SUB) as told:
            told.linger, told.rcvtimeo = 0, 10_000
            told.subscribe(b"delivered")
            told.connect(address)
            talk = self.talk(bus)
            wait_until(lambda: talk.ask(body='"1"') and told.poll(50))
            while told.poll(100):
                told.recv_multipart()
            talk.ask(body='"1"', deadline_ms=700)  # the route gives more
            self.assertLess(json.loads(told.recv_multipart()[1])["took_us"], 600_000)

    def test_an_adapter_picks_the_route(self):
        bundle = self.make(routes="""
listeners: { in: { topics: {} } }
routes:
  one: { from: { topics: one, topic: one, on: in }, reply: { body: '"first"' } }
  two: { from: { topics: two, topic: two, on: in }, reply: { body: '"second"' } }
""")
        with LiveBus(bundle, ALONE) as bus:
            talk = self.talk(bus)
            self.assertEqual([talk.ask(body="x", route=route)["body"] for route in ("two", "one")], ['"second"', '"first"'])
            self.assertEqual(talk.ask(body="x", route="none")["status"], 400)

    def test_a_step_may_stand_beside_an_adapter(self):
        manifest = """
protocol: 1
command: [python3, main.py]
steps:
  louder: { summary: Says it louder. }
adapters:
  echo: { summary: Gives it back., format: json, service: {} }
"""
        bundle = self.make(ROUTES_OF_BOTH, manifest)
        (bundle / "plugins/probe/main.py").write_text("""\
import busway_plugin as busway
plugin = busway.Plugin()
plugin.step("louder")(lambda message: busway.Reply(body=message.body.upper()))
plugin.target("echo")(lambda message: message.body)
plugin.run()
""")
        self.exits(0, "check", bundle)
        with LiveBus(bundle, ALONE) as bus:
            client = http.client.HTTPConnection(*bus.address("front"), timeout=10)
            client.request("POST", "/", json.dumps("said"), {"Content-Type": "application/json"})
            answer = client.getresponse()
            self.assertEqual((answer.status, json.loads(answer.read())), (200, "SAID"))

    def test_a_listener_that_cannot_listen_keeps_the_bus_from_starting(self):
        for port, why in ((-1, "'port': there is no such port"), (1, "Permission denied")):
            if port == 1 and os.geteuid() == 0:
                taken = socket.create_server(("127.0.0.1", 0))
                self.addCleanup(taken.close)
                port, why = taken.getsockname()[1], "Address already in use"
            bundle = self.make(routes=ROUTES.replace("max_in_flight: 8", f"max_in_flight: 8, port: {port}"))
            done = self.busway("run", bundle)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("opening a listener of the plugin 'probe'", done.stderr)
            self.assertIn(why, done.stderr)

    def test_a_listener_whose_process_does_not_stay_is_given_up_with_the_reason(self):
        frame = """
import os, sys
import busway_plugin as busway
plugin = busway.Plugin()
@plugin.source("probe")
class Source:
    def __init__(self, settings): pass
    def run(self, inlet):
        %s
        inlet.stopped.wait()
%s
plugin.run()
"""
        for where, program, expected in (
                ("before hello", "raise RuntimeError('the real reason')",
                 "it is down; its last process has ended: exit status 1; its last words: RuntimeError: the real reason"),
                ("after hello", frame % ("print('the real reason', file=sys.stderr, flush=True); os._exit(3)", ""),
                 "its process ends each time before it listens; the last one has ended: exit status 3; its last words: the real reason")):
            with self.subTest(where):
                bundle = self.make(routes="listeners: { in: { probe: {} } }\nroutes: { r: { from: { probe: messages, on: in }, reply: {} } }\n")
                (bundle / "plugins/probe/main.py").write_text(program)
                began = time.monotonic()
                done = self.busway("run", bundle)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("opening a listener of the plugin 'probe': " + expected, done.stderr)
                self.assertLess(time.monotonic() - began, 9)
        bundle = self.make(routes="listeners: { in: { probe: {} } }\nroutes: { r: { from: { probe: messages, on: in }, reply: {} } }\n",
                           manifest=MANIFEST.replace("protocol: 1", "protocol: 1\nstart_within: 1s"))
        (bundle / "plugins/probe/main.py").write_text(frame % ("pass", ""))
        done = self.busway("run", bundle)
        self.assertIn("the plugin has not said that it listens within 1000ms: its source calls listening() as soon as it takes messages", done.stderr)

    def test_killed_with_arrivals_in_flight(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with LiveBus(self.make(routes=ROUTES.replace("max_in_flight: 8", f"max_in_flight: 8, port: {port}")), ALONE) as bus:
            talk = self.talk(bus)
            for n in range(8):
                talk.send(n=n, body="1", headers={"do": "slow"})
            time.sleep(0.3)
            os.kill(self.pid(bus), signal.SIGKILL)
            self.assertIsNone(talk.receive())

            def again():
                try:
                    one = Talk(("127.0.0.1", port))
                    said = one.ask(body='"abc"')
                    one.close()
                except OSError:  # it is not there yet, or the old one was still going
                    return None
                return said and said["outcome"] == "made"

            wait_until(again, what="that it listens again")
            # What is left of those that nobody waits for takes no room for ever.
            talk = self.talk(bus)
            for n in range(20):
                talk.send(n=n, body='"abc"')
            self.assertEqual(sorted(talk.receive()["n"] for _ in range(20)), list(range(20)))

    def test_the_drain(self):
        with LiveBus(self.make(), ALONE) as bus:
            talk = self.talk(bus)
            for n in range(3):
                talk.send(n=n, body="1", headers={"do": "slow"})
            time.sleep(0.3)
            pid = self.pid(bus)
            bus.process.send_signal(signal.SIGTERM)
            self.assertEqual(sorted((said["n"], said["outcome"]) for said in (talk.receive() for _ in range(3))), [(n, "made") for n in range(3)])
            wait_until(lambda: not os.path.exists(f"/proc/{pid}"), what="that the plugin has gone")
            self.assertEqual(bus.process.wait(10), 0)


class Made(Case):
    """What `busway new plugin` writes."""

    def run_in(self, folder, *words):
        path = f"{pathlib.Path(BUSWAY).parent}:{os.environ['PATH']}"
        done = subprocess.run(words, cwd=folder, env={**os.environ, "PATH": path, **ALONE}, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_in_python(self):
        self.run_in(self.folder, BUSWAY, "new", "plugin", "--language", "python", "--kind", "adapter", "desk")
        self.assertIn("2 passed, 0 failed", self.run_in(self.folder / "desk", "make", "-s", "test"))
        self.assertEqual(self.run_in(self.folder / "desk", "make", "-s", "try"),
                         'the clerk got    {"question":"what is it"}\nthe caller got   {"answer":"42"}\n')

    def test_in_cpp(self):
        if not pathlib.Path("/usr/include/zmq.h").exists():
            return print("SKIP: no zmq.h, so nothing is known of processes in C++")
        for kind, name in (("step", "keep"), ("adapter", "desk")):
            self.run_in(self.folder, BUSWAY, "new", "plugin", "--process", "--kind", kind, name)
            self.assertIn("2 passed, 0 failed", self.run_in(self.folder / name, "make", "-s", "CXXFLAGS=-O0 -Wall -Wextra -Wconversion -Wshadow -Werror", "test"))
        self.assertEqual(self.run_in(self.folder / "desk", "make", "-s", "try"),
                         'the clerk got    {"question":"what is it"}\nthe caller got   {"answer":"42"}\n')

    def test_for_node(self):
        if shutil.which("node") is None or shutil.which("npm") is None:
            return print("SKIP: no node and npm, so nothing is known of adapters in JavaScript")
        self.run_in(self.folder, BUSWAY, "new", "plugin", "--language", "node", "--kind", "adapter", "desk")
        plugin = self.folder / "desk/bundle/plugins/desk"
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=plugin, capture_output=True, text=True, timeout=120, check=False)
        tried = subprocess.run(["node", "-e", "require('zeromq')"], cwd=plugin, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0 or tried.returncode != 0:
            return print(f"SKIP: npm cannot give zeromq here, so nothing is known of adapters in JavaScript: {(done.stderr + tried.stderr)[:200]!r}")
        self.assertIn("2 passed, 0 failed", self.run_in(self.folder / "desk", "make", "-s", "test"))
        self.assertEqual(self.run_in(self.folder / "desk", "make", "-s", "try"),
                         'the clerk got    {"question":"what is it"}\nthe caller got   {"answer":"42"}\n')


WATCH = """
protocol: 1
command: COMMAND
start_within: 6500ms
adapters:
  watch: { summary: Does as it is told., format: json, listener: { keys: { what: { type: text, required: true, shorthand: true, doc: What it does. } } },
           service: { keys: { endpoints: { type: texts, required: true, endpoints: true, doc: Where. } } } }
"""
ODD = """
protocol: 1
command: COMMAND
steps: { odd: { summary: Gives what it must not. } }
"""
WATCH_ROUTES = """
listeners: { front: { http: { listen: '127.0.0.1:0' } }, in: { watch: WHAT } }
services: { there: { watch: { endpoints: [a] }, format: json } }
routes:
  r: { from: { watch: messages, on: in }, steps: [ log: { message: Came., fields: { n: n } } ] }
  odd: { from: { http: POST /odd, on: front }, steps: [ odd: {} ] }
  call: { from: { http: POST /call, on: front }, steps: [ call: { service: there } ] }
"""
IN_PYTHON = """
import time
import busway_plugin as busway
plugin = busway.Plugin()

@plugin.step("odd")
def odd(message):
    print("it was asked for", message.body)
    return message.body

@plugin.target("watch")
def call(request):
    return {b'"reply"': busway.Reply(body=1), b'"status"': busway.Answer(status="404"), b'"set"': {1, 2}}[request.body]

@plugin.source("watch")
class Watch:
    def __init__(self, settings):
        self.what = settings["what"]
        if self.what == "make":
            settings["dirctory"]
    def run(self, inlet):
        if self.what == "begin":
            {}["dirctory"]
        if self.what == "silent":
            inlet.wait(1000)
        if self.what == "unheard":
            return
        inlet.listening("the gate")
        for n in range(3):
            inlet.begin(b'{"n":%d}' % n)  # and does not wait for how it ends
        if self.what == "wrong":
            inlet.begin({"n": 1})

plugin.run()
"""
IN_NODE = """
const busway = require('./busway_plugin.js');
const plugin = new busway.Plugin();
function down(left) {
  if (left === 0) throw new Error('the innermost');
  return down(left - 1);
}
Error.stackTraceLimit = 100;
plugin.step('odd', (message) => {
  console.log('it was asked for', JSON.stringify(message.body));
  if (message.body === 'deep') down(60);
  return message.body;
});
plugin.target('watch', (request) => ({ '"array"': [1], '"unknown"': { a: 1 }, '"status"': { status: '404' }, '"number"': 3 })[request.body.toString()]);
plugin.source('watch', (settings) => {
  if (settings.what === 'make') settings.folder.length;
  return {
    async listen(inlet) {
      if (settings.what === 'begin') settings.folder.length;
      if (settings.what === 'silent') await new Promise((resolve) => inlet.signal.addEventListener('abort', resolve));
      if (settings.what === 'unheard') return;
      inlet.listening('the gate');
      for (let n = 0; n < 3; n += 1) inlet.emit(JSON.stringify({ n })).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 300));
    },
  };
});
plugin.run();
"""
IN_CPP = """
#include <iostream>
#include "busway_process.hpp"
using namespace busway::process;

struct Watch : Source {
  explicit Watch(std::string of) : what(std::move(of)) {
    if (what == "make") throw std::out_of_range("dirctory");
  }
  void run(Inlet& inlet) override {
    if (what == "begin") throw std::out_of_range("dirctory");
    if (what == "silent") inlet.wait(std::chrono::seconds(1000));
    if (what == "unheard") return;
    inlet.listening("the gate");
    for (int n = 0; n < 3; ++n) {
      Arrival arrival;
      arrival.body = Json::object({{"n", n}}).dump();
      inlet.begin(std::move(arrival), [](Outcome) {});
    }
  }
  std::string what;
};

int main() {
  Plugin plugin;
  plugin.step("odd", [](const Json&) {
    return [](const Message& message) -> Reply {
      std::cout << "it was asked for " << message.body << '\\n';
      throw std::out_of_range(message.body);
    };
  });
  plugin.target("watch", [](const Json&) { return [](const Message&) { return Answer(); }; });
  plugin.source("watch", [](const Json& settings) { return std::make_unique<Watch>(settings["what"].text()); });
  return plugin.run();
}
"""


class Mistakes:
    """What the author of a plugin is told of his own, in one language."""

    raised = "the source 'watch' raised KeyError: 'dirctory'; the traceback is in the log"

    def bundle_of(self, what):
        bundle = self.folder / what
        for name, manifest in (("w", WATCH), ("s", ODD)):
            folder = bundle / "plugins" / name
            folder.mkdir(parents=True)
            (folder / "plugin.yaml").write_text(manifest.replace("COMMAND", self.program(folder)))
        (bundle / "routes.yaml").write_text(WATCH_ROUTES.replace("WHAT", what))
        return bundle

    def refused(self, what):
        done = self.busway("run", self.bundle_of(what))
        self.assertEqual(done.returncode, 1, done.stderr)
        return done.stderr

    def said(self, bus, text, seconds=8):
        wait_until(lambda: text in bus.log(), seconds, f"{text!r} in\n{bus.log()}")

    def test_an_exception_before_it_listens_is_named(self):
        for what in ("make", "begin"):
            self.assertIn(self.raised, self.refused(what))

    def test_a_source_that_returns_at_once_is_named(self):
        self.assertIn("the source 'watch' has returned, and has not called inlet.listening()", self.refused("unheard"))

    def test_a_source_that_does_not_say_that_it_listens_is_reminded(self):
        self.assertIn("the source 'watch' has run for 5 s and has not called inlet.listening()", self.refused("silent"))

    def test_a_source_that_returns_is_told_of_and_made_anew(self):
        with LiveBus(self.bundle_of("returns"), ALONE) as bus:
            self.said(bus, "warn  A plugin says. plugin=w text=\"the source 'watch' has returned; it brings nothing any more")
            self.said(bus, "the source 'watch' has returned, and nobody has stopped it")
            wait_until(lambda: bus.log().count("Came.") >= 9, 8, "that it brings messages again\n" + bus.log())
            self.assertNotIn("breaks the protocol", bus.log())
            self.assertEqual(bus.log().count("A plugin is ready."), 2)  # the same processes
            self.assertEqual(bus.stop(), 0)

    def ask(self, bus, path, body):
        connection = http.client.HTTPConnection(*bus.address("front"), timeout=30)
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        status = connection.getresponse().status
        connection.close()
        return status


class MistakesInPython(Mistakes, Case):
    def program(self, folder):
        (folder / "main.py").write_text(IN_PYTHON)
        shutil.copy(SDK, folder)
        return "[python3, main.py]"

    def test_a_target_that_gives_what_it_must_not(self):
        with LiveBus(self.bundle_of("returns"), ALONE) as bus:
            for given, text in (("reply", "a Reply; a target returns busway.Answer(...), bytes, a text, what goes as JSON, or None"),
                                ("status", "a status that is a str; it is an int"), ("set", "a body that is no JSON: a set has no place in a document")):
                self.assertEqual(self.ask(bus, "/call", given), 500)
                self.said(bus, f"the target 'watch' has returned {text}")

    def test_a_source_that_brings_what_it_must_not(self):
        with LiveBus(self.bundle_of("wrong"), ALONE) as bus:
            self.said(bus, "TypeError: a source brings bytes or a text, and this is a dict; busway.dumps() makes JSON of it")


class MistakesInNode(Mistakes, Case):
    raised = "the source 'watch' threw TypeError: Cannot read properties of undefined (reading 'length'); the stack is in the log"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if shutil.which("node") is None or shutil.which("npm") is None:
            raise unittest.SkipTest("no node and npm, so nothing is known of mistakes in JavaScript")
        kept = tempfile.TemporaryDirectory(prefix="busway-plugins-")
        cls.addClassCleanup(kept.cleanup)
        cls.modules = pathlib.Path(kept.name)
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "zeromq@6"], cwd=cls.modules, capture_output=True, text=True, timeout=120, check=False)
        tried = subprocess.run(["node", "-e", "require('zeromq')"], cwd=cls.modules, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0 or tried.returncode != 0:
            raise unittest.SkipTest(f"npm cannot give zeromq here, so nothing is known of mistakes in JavaScript: {(done.stderr + tried.stderr)[:200]!r}")

    def setUp(self):
        super().setUp()
        (self.folder / "node_modules").symlink_to(self.modules / "node_modules")

    def program(self, folder):
        (folder / "main.js").write_text(IN_NODE)
        shutil.copy(SOURCE / "plugins/sdk/node/busway_plugin.js", folder)
        return "[node, main.js]"

    def test_steps_and_targets_that_give_what_they_must_not(self):
        with LiveBus(self.bundle_of("returns"), ALONE) as bus:
            right = "and gives { body, variables, headers, filtered }, any of them, or undefined"
            for given, text in (({"a": 1}, "an object with 'a', "), ([1], "an Array, "), ("text", "a string, "), ({"variables": [1]}, "variables that are an Array, ")):
                self.assertEqual(self.ask(bus, "/odd", given), 500, given)
                self.said(bus, f"the step 'odd' has given {text}{right}")
            self.said(bus, 'asked for {\\"a\\":1}')
            for given, text in (("array", "an Array, and gives a Buffer"), ("unknown", "an object with 'a', and gives a Buffer"), ("status", "a status that is a string, and gives a Buffer"),
                                ("number", "a number, and gives a Buffer")):
                self.assertEqual(self.ask(bus, "/call", given), 500, given)
                self.said(bus, f"the target 'watch' has given {text}")
            self.assertEqual(self.ask(bus, "/odd", {"body": 1, "variables": {"v": 1}, "headers": {"X-One": None}}), 200)
            self.assertEqual(self.ask(bus, "/odd", None), 200)

    def test_of_a_long_stack_the_nearest_calls_are_kept(self):
        with LiveBus(self.bundle_of("returns"), ALONE) as bus:
            self.assertEqual(self.ask(bus, "/odd", "deep"), 500)
            wait_until(lambda: re.search("text=\"Error: the innermost [|] +at down .* lines are left out\"", bus.log()), 5, bus.log())


class MistakesInCpp(Mistakes, Case):
    raised = "the source 'watch' threw: dirctory"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not pathlib.Path("/usr/include/zmq.h").exists():
            raise unittest.SkipTest("no zmq.h, so nothing is known of mistakes in C++")
        kept = tempfile.TemporaryDirectory(prefix="busway-plugins-")
        cls.addClassCleanup(kept.cleanup)
        cls.made = pathlib.Path(kept.name)
        (cls.made / "main.cpp").write_text(IN_CPP)
        subprocess.run([CXX, "-std=c++17", "-O0", *STRICT, f"-I{SOURCE / 'plugins/sdk/cpp'}", "main.cpp", "-lzmq", "-pthread", "-o", "main"],
                       cwd=cls.made, check=True, timeout=300)

    def program(self, folder):
        shutil.copy(self.made / "main", folder)
        return "[./main]"

    def test_what_is_printed_is_in_the_log_at_once_and_so_is_what_was_thrown(self):
        with LiveBus(self.bundle_of("returns"), ALONE) as bus:
            self.assertEqual(self.ask(bus, "/odd", "x" * 1998 + "\u00e9"), 500)  # cut within a character
            self.said(bus, "it was asked for \\\"x")
            self.said(bus, "the step 'odd' threw: \\\"x")
            self.assertEqual(self.ask(bus, "/odd", 1), 500)
            self.assertEqual(bus.log().count("A plugin is ready."), 2)


main()
