"""Adapters in processes: what they declare is everywhere, messages go both ways with their outcomes, and a process that dies costs only what it had.

    process_adapter_test.py BUSWAY SOURCE CC CXX
"""
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from workshop import BUSWAY, PARTS, SOURCE, Case, main

sys.path.insert(0, str(SOURCE / "tests"))
from live_bus import LiveBus, need, wait_until  # noqa: E402

os.environ["BUSWAY"] = BUSWAY
need(modules=["zmq"])
SDK = SOURCE / "plugins/sdk/python/busway_plugin.py"
ALONE = {"BUSWAY_PLUGINS": "/nonexistent"}

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


main()
