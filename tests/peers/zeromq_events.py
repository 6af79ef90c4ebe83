"""The event stream of a bundle, as a tool sees it that subscribes with python3-zmq."""

import collections
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import LiveBus, binary, wait_until  # noqa: E402
from zeromq_bed import make, post, zmq  # noqa: E402

BUNDLE = """\
events: { endpoint: 'ipc://FOLDER/events.sock', queue: 1000, max_connections: 4 }
listeners:
  web: { http: { listen: '127.0.0.1:0' } }
services:
  nowhere: { http: { endpoints: ['http://127.0.0.1:9/'] } }
routes:
  good: { from: { http: POST /good, on: web }, reply: { body: '{ "ok": true }' } }
  no: { from: { http: POST /no, on: web }, steps: [ { filter: 'false' } ] }
  bad: { from: { http: POST /bad, on: web }, steps: [ { call: nowhere, name: out } ] }
  handled: { from: { http: POST /handled, on: web }, steps: [ { call: nowhere } ], on_error: { reply: { status: 409, body: '{}' } } }
  told: { from: { http: POST /told, on: web }, steps: [ { validate: { json_schema: event.schema.json } } ], reply: { status: 204 } }
"""


def burst(bus, path, count):
    """Many requests, sent ahead on connections of 500 each."""
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n" % path.encode()
    for _ in range(count // 500):
        with socket.create_connection(bus.address("web")) as raw:
            raw.sendall((head + b"\r\n{}") * 499 + head + b"Connection: close\r\n\r\n{}")
            answers = b""
            while got := raw.recv(1 << 20):
                answers += got
            assert answers.count(b"HTTP/1.1 200") == 500, answers[-300:]


def bundle(folder):
    schema = subprocess.run([binary(), "schema", "events"], capture_output=True, text=True, check=True).stdout
    return {"events.yaml": BUNDLE.replace("FOLDER", folder), "event.schema.json": schema}


class Events(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="bz-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.bus = LiveBus(bundle(self.folder), arguments=["--workers", "2"])
        self.addCleanup(lambda: self.bus.__exit__(None, None, None))

    def subscriber(self, *topics, **options):
        sub = make(zmq.SUB, **options)
        for topic in topics or (b"",):
            sub.subscribe(topic)
        sub.connect(f"ipc://{self.folder}/events.sock")
        # Until it has heard one, what is told may pass before it is known.
        wait_until(lambda: post(self.bus, "/bad") and sub.poll(50))
        while sub.poll(100):
            self.last = self.event(sub)
        self.addCleanup(sub.close)
        return sub

    def event(self, sub):
        topic, text = sub.recv_multipart()
        event = json.loads(text)
        self.assertEqual(event["event"], topic.decode())
        return event

    def test_a_message_is_accepted_and_delivered_or_failed(self):
        sub = self.subscriber()
        for path, route, end, more in (
                ("/good", "good", "delivered", {"filtered": False}),
                ("/no", "no", "delivered", {"filtered": True}),
                ("/handled", "handled", "delivered", {"filtered": False}),
                ("/bad", "bad", "failed", {"kind": "not_sent", "outcome": "not_sent", "step": "out", "service": "nowhere"})):
            post(self.bus, path)
            accepted, ended = self.event(sub), self.event(sub)
            self.assertEqual((accepted["event"], accepted["route"], accepted["protocol"]), ("accepted", route, "http"))
            self.assertEqual((ended["event"], ended["route"], ended["id"]), (end, route, accepted["id"]))
            self.assertLess(ended["took_us"], 5_000_000)
            self.assertEqual({key: ended.get(key) for key in more}, more)

    def test_events_are_as_their_schema_says(self):
        sub = self.subscriber()
        for path in ("/good", "/no", "/bad"):
            post(self.bus, path)
        texts = [sub.recv_multipart()[1] for _ in range(6)]  # in the order of each worker
        for text in texts:
            self.assertEqual(post(self.bus, "/told", text), 204, text)
        changed = next(event for event in map(json.loads, texts) if event["event"] == "failed")
        del changed["kind"]
        self.assertEqual(post(self.bus, "/told", json.dumps(changed).encode()), 422)
        self.assertEqual(post(self.bus, "/told", b'{"event":"accepted"}'), 422)

    def test_each_topic_counts_for_itself(self):
        sub = self.subscriber(b"failed")
        last = self.last["sequence"]
        for i in range(1, 4):
            post(self.bus, "/good")
            post(self.bus, "/bad")
            event = self.event(sub)
            self.assertEqual((event["event"], event["sequence"]), ("failed", last + i))

    def test_who_reads_too_slowly_sees_a_gap_of_what_he_has_missed(self):
        deaf = self.subscriber(b"accepted", rcvhwm=1, rcvbuf=4096)
        first, stream = self.last["sequence"], self.last["stream"]
        sent = 20_000
        burst(self.bus, "/good", sent)
        wait_until(lambda: "Messages were dropped: there was no room for them. service=events" in self.bus.log())
        got = []
        while deaf.poll(500):
            got.append(self.event(deaf))
        post(self.bus, "/good")  # what comes behind the gap
        got.append(self.event(deaf))
        sequences = [event["sequence"] for event in got]
        self.assertEqual(sequences, sorted(set(sequences)))
        self.assertLess(len(got), sent)
        self.assertEqual(sequences[-1], first + sent + 1)  # none is uncounted
        self.assertEqual({event["stream"] for event in got}, {stream})

    def test_all_workers_are_heard_and_nothing_is_told_twice(self):
        sub = self.subscriber(rcvhwm=100_000)
        asking = [threading.Thread(target=lambda: [post(self.bus, "/good") for _ in range(20)]) for _ in range(8)]
        for one in asking:
            one.start()
        seen = collections.Counter()
        for _ in range(320):
            event = self.event(sub)
            seen[event["event"], event["id"]] += 1
        for one in asking:
            one.join()
        self.assertEqual((len(seen), set(seen.values())), (320, {1}))

    def test_what_is_in_the_queues_at_the_end_is_published(self):
        sub = self.subscriber(b"delivered", b"failed")
        for _ in range(50):
            post(self.bus, "/good")
        self.assertEqual(self.bus.stop(), 0)
        self.assertEqual(sum(self.event(sub)["event"] == "delivered" for _ in range(50)), 50)

    def test_subscribers_are_bounded(self):
        sub = self.subscriber()
        crowd = [make(zmq.SUB) for _ in range(8)]
        for one in crowd:
            one.subscribe(b"")
            one.connect(f"ipc://{self.folder}/events.sock")
        wait_until(lambda: "A connection too many was closed. listener=events" in self.bus.log())
        for one in crowd:
            one.close()
        for topic in range(100):
            sub.subscribe(b"%d" % topic)
        wait_until(lambda: "A subscriber that asks for too many topics was cut off." in self.bus.log())
        self.assertEqual(post(self.bus, "/good"), 200)


class Checks(unittest.TestCase):
    def test_where_events_go_is_checked(self):
        with tempfile.TemporaryDirectory() as folder:
            files = bundle("/nowhere")
            for name, text in files.items():
                (pathlib.Path(folder) / name).write_text(text)
            for wrong, wanted in (("'ipc:///nowhere/events.sock'", None), ("udp://x", "BW5201"), ("tcp://127.0.0.1", "BW5201"),
                                  ("tcp://127.0.0.1:0, quue: 1", "BW1004"), ("tcp://127.0.0.1:0, queue: 0", "BW1007")):
                (pathlib.Path(folder) / "events.yaml").write_text(
                    files["events.yaml"].replace("'ipc:///nowhere/events.sock', queue: 1000", wrong))
                done = subprocess.run([binary(), "check", folder], capture_output=True, text=True, timeout=30)
                self.assertEqual(done.returncode, 1 if wanted else 0, done.stdout)
                self.assertIn(wanted or "", done.stdout)


if __name__ == "__main__":
    unittest.main()
