"""T76 for adapters in processes: what a source or a target does wrong costs its own messages, and another route keeps answering.

    process_adapter_faults.py BUSWAY SOURCE CC CXX
"""
import http.client
import json
import os
import pathlib
import shutil
import sys
import threading
import time

from workshop import BUSWAY, PARTS, SOURCE, Case, main

sys.path.insert(0, str(SOURCE / "tests"))
from live_bus import LiveBus, need, wait_until  # noqa: E402

os.environ["BUSWAY"] = BUSWAY
need(modules=["zmq"])

MANIFEST = """
protocol: 1
command: [python3, main.py]
acknowledge_within: 500ms
in_flight: 64
adapters:
  raw:
    summary: Does as it is told.
    format: json
    headers: true
    listener: {}
    service: {}
"""
ROUTES = """
listeners:
  front: { http: { listen: '127.0.0.1:0' } }
  in: { raw: { max_body: 64KiB, max_in_flight: 16 } }
services: { there: { raw: {}, timeout: 3s } }
routes:
  call:
    from: { http: POST /call, on: front }
    steps: [ { call: { service: there } } ]
    on_error: [ { reply: { status: { expr: '$failure.status' }, body: '{ "kind": $failure.kind }' } } ]
  slow: { from: { raw: messages, on: in, when: '$ = "slow"' }, deadline: 2s, steps: [ { call: { service: there, request: '{ "do": "slow" }' } } ] }
  good: { from: { raw: messages, on: in }, reply: { status: 200, body: '{ "got": $ }' } }
  other: { from: { http: POST /other, on: front }, reply: { body: '{ "n": n }' } }
"""


class Faults(Case):
    def setUp(self):
        super().setUp()
        print(self.id().split(".")[-1], flush=True)
        folder = self.folder / "bundle/plugins/raw"
        folder.mkdir(parents=True)
        (folder / "plugin.yaml").write_text(MANIFEST)
        shutil.copy(PARTS / "raw_adapter.py", folder / "main.py")
        (self.folder / "bundle/routes.yaml").write_text(ROUTES)
        self.bus = self.enterContext(LiveBus(self.folder / "bundle", {"BUSWAY_PLUGINS": ""}))
        self.addCleanup(self.end)
        self.over, self.times = threading.Event(), []
        self.beside = threading.Thread(target=self.ask_beside)
        self.beside.start()

    def end(self):
        self.over.set()
        self.beside.join()
        self.times.sort()
        print(f"  the route beside: {len(self.times)} messages, p99 {self.times[int(len(self.times) * 0.99)] * 1000:.1f} ms", flush=True)
        self.assertLess(self.times[-1], 2, "a route without a plugin waited")

    def ask_beside(self):
        connection = http.client.HTTPConnection(*self.bus.address("front"), timeout=20)
        while not self.over.is_set():
            began = time.monotonic()
            connection.request("POST", "/other", '{"n":1}', {"Content-Type": "application/json"})
            answer = connection.getresponse()
            right = (answer.status, answer.read()) == (200, b'{"n":1}')
            self.times.append(time.monotonic() - began if right else 1000)
            time.sleep(0.002)
        connection.close()

    def do(self, deed):
        connection = http.client.HTTPConnection(*self.bus.address("front"), timeout=30)
        connection.request("POST", "/call", json.dumps({"do": deed}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text)

    def pid(self):
        children = [int(pid) for task in pathlib.Path(f"/proc/{self.bus.process.pid}/task").glob("*/children") for pid in task.read_text().split()]
        return children[0] if children else None

    def brings(self):
        return self.do("bring") == (200, {"outcome": "made", "status": 200})

    def test_what_costs_its_own_message_alone(self):
        pid = self.pid()
        self.assertTrue(self.brings())
        for deed, outcome in (("oversize", {"outcome": "failed", "kind": "format", "status": 413}),
                              ("bad header", {"outcome": "failed", "kind": "invalid", "status": 400}),
                              ("not json", {"outcome": "failed", "kind": "format", "status": 400})):
            self.assertEqual(self.do(deed), (200, outcome), deed)
        # What never gets whole takes its place and no more.
        for _ in range(8):
            self.assertEqual(self.do("half")[0], 200)
        self.assertTrue(self.brings())
        self.assertEqual(self.pid(), pid)

    def test_breaches_of_the_protocol(self):
        reasons = {"garbage": "a header field that is no text", "beyond": "an 'arrival' beyond its credit of 16", "twice": "two arrivals with the number",
                   "chunk": "a chunk of arrival 4711, of which there is nothing more to come", "stranger": "an 'arrival' of use 99, which is no listener"}
        for deed, reason in reasons.items():
            self.assertEqual(self.do(deed), (504, {"kind": "unknown"}), deed)
            wait_until(lambda text=reason: text in self.bus.log(), what=reason)
            wait_until(self.brings, what="that it listens again")

    def test_never_acknowledging(self):
        pid = self.pid()
        self.assertEqual(self.do("silent"), (504, {"kind": "unknown"}))
        wait_until(lambda: "has not acknowledged message" in self.bus.log(), what="that it was ended")
        wait_until(self.brings, what="that it listens again")
        self.assertNotEqual(self.pid(), pid)

    def test_killed_with_arrivals_in_flight(self):
        for _ in range(4):
            self.assertEqual(self.do("killed"), (504, {"kind": "unknown"}))
            wait_until(self.brings, what="that it listens again")
        # Those that nobody waits for have ended: there is room for all that there was room for.
        time.sleep(2.2)
        self.assertTrue(all(self.brings() for _ in range(32)))


main()
