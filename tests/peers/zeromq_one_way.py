"""PUSH, PULL, PUB and SUB around the zmq adapter: what is delivered, and what happens when there is no room."""

import json
import pathlib
import re
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import wait_until  # noqa: E402
from zeromq_bed import Bed, bound, connected, make, post, zmq  # noqa: E402

BUNDLE = """\
listeners:
  web: { http: { listen: '127.0.0.1:0' } }
  jobs: { zmq: { socket: pull, listen: 'tcp://127.0.0.1:0', max_message: 4KiB }, format: json }
  far: { zmq: { socket: pull, connect: ['ipc://FOLDER/ventilator.sock'] }, format: json }
  prices: { zmq: { socket: sub, connect: ['ipc://FOLDER/feed.sock'], topics: [EUR, USD], parts: [topic, body] }, format: json }
services:
  sink: { zmq: { socket: push, endpoints: ['ipc://FOLDER/sink.sock'] }, format: json, timeout: 2s }
  sinks: { zmq: { socket: push, listen: 'ipc://FOLDER/sinks.sock' }, format: json, timeout: 300ms }
  refusing: { zmq: { socket: push, endpoints: ['ipc://FOLDER/refusing.sock'], queue: 2, when_full: refuse }, format: json }
  dropping: { zmq: { socket: push, endpoints: ['ipc://FOLDER/dropping.sock'], queue: 2, when_full: drop_counted }, format: json }
  feed: { zmq: { socket: pub, listen: 'ipc://FOLDER/out.sock', parts: [topic, body], max_connections: 4, max_subscriptions: 20 }, format: json, timeout: 1s }
  halting: { zmq: { socket: pub, listen: 'ipc://FOLDER/halting.sock', parts: [topic, body], queue: 2, when_full: block }, format: json, timeout: 300ms }
  lossy: { zmq: { socket: pub, listen: 'ipc://FOLDER/lossy.sock', parts: [topic, body], queue: 2, when_full: drop_counted }, format: json }
routes:
  jobs: { from: { zmq: messages, on: jobs }, steps: [ { call: { service: sink, request: '{ "n": n }' } } ] }
  far: { from: { zmq: messages, on: far }, steps: [ { call: { service: sink, request: '{ "far": n }' } } ] }
  prices:
    from: { zmq: messages, on: prices }
    steps: [ { set_header: { topic: { expr: '"HALF." & $headers.topic' } } }, { call: { service: feed, request: '{ "price": price / 2 }' } } ]
  ROUTES
"""

ROUTES = "\n  ".join(
    f"""{name}: {{ from: {{ http: POST /{name}, on: web }}, steps: [ {{ set_header: {{ topic: T }} }}, {{ call: {{ service: {name}, request: '$' }} }} ], reply: {{ status: 204 }} }}"""
    for name in ("sink", "sinks", "refusing", "dropping", "feed", "halting", "lossy"))


class OneWay(Bed):
    @classmethod
    def bundle(cls, folder):
        return {"zmq.yaml": BUNDLE.replace("ROUTES", ROUTES).replace("FOLDER", folder)}

    def post(self, route, document):
        return post(self.bus, "/" + route, json.dumps(document).encode())

    def subscriber(self, name, topic=b"", **options):
        made = make(zmq.SUB, **options)
        made.subscribe(topic)
        made.connect(self.ipc(name))
        return made

    def dropped(self, service):
        told = re.findall(rf"Messages were dropped.* service={service} dropped=(\d+)", self.bus.log())
        return int(told[-1]) if told else 0

    # ---- delivery ----

    def sink_is_reached(self, sink):
        """The sockets of earlier tests had this address too, and what goes to one that is just closing is lost."""
        wait_until(lambda: self.post("sink", {"n": -1}) == 204 and sink.poll(100))
        while sink.poll(100):
            sink.recv()

    def test_pull_to_push(self):
        with bound(zmq.PULL, self.ipc("sink")) as sink, connected(zmq.PUSH, self.at("jobs")) as jobs:
            self.sink_is_reached(sink)
            for i in range(200):
                jobs.send_json({"n": i})
            # Messages are worked on side by side, so their order is nobody's.
            self.assertEqual(sorted(sink.recv_json()["n"] for _ in range(200)), list(range(200)))

    def test_pull_connects_to_who_listens(self):
        with bound(zmq.PULL, self.ipc("sink")) as sink, bound(zmq.PUSH, self.ipc("ventilator")) as ventilator:
            self.sink_is_reached(sink)
            ventilator.send_json({"n": 1})
            self.assertEqual(sink.recv_json(), {"far": 1})

    def test_a_message_that_fails_is_a_line_in_the_log(self):
        with connected(zmq.PUSH, self.at("jobs")) as jobs:
            jobs.send(b"{][")
            wait_until(lambda: re.search(r"A message failed, and nobody waits .*kind=format", self.bus.log()))
            jobs.send_multipart([b"{}", b"{}"])
            jobs.send_multipart([b"x" * 3000, b"x" * 3000])
            wait_until(lambda: len(re.findall(r"A message failed, and nobody waits .*kind=format", self.bus.log())) >= 3)
            jobs.send(b"x" * 5000)  # the library cuts it off, and it comes back
            with bound(zmq.PULL, self.ipc("sink")) as sink:
                self.sink_is_reached(sink)
                jobs.send_json({"n": 7})
                self.assertEqual(sink.recv_json(), {"n": 7})

    def test_sub_to_pub_by_topics(self):
        with bound(zmq.PUB, self.ipc("feed")) as feed, self.subscriber("out", b"HALF.EUR") as out:
            def publish():
                for topic in (b"GBP", b"EUR", b"USD"):
                    feed.send_multipart([topic, json.dumps({"price": 8}).encode()])
                return out.poll(100)

            for _ in range(5):
                wait_until(publish)
                self.assertEqual(out.recv_multipart(), [b"HALF.EUR", b'{"price":4}'])

    def test_pub_needs_no_subscriber(self):
        self.assertEqual(self.post("feed", {"n": 1}), 204)

    def test_push_that_listens_is_one_for_all_workers(self):
        with connected(zmq.PULL, self.ipc("sinks")) as sinks:
            got = []
            asking = [threading.Thread(target=lambda i=i: got.append(self.post("sinks", {"n": i}))) for i in range(40)]
            for one in asking:
                one.start()
            self.assertEqual(sorted(sinks.recv_json()["n"] for _ in range(40)), list(range(40)))
            for one in asking:
                one.join()
            self.assertEqual(got, [204] * 40)

    # ---- no room ----

    def test_block_waits_and_then_fails(self):
        began = time.monotonic()
        self.assertEqual(self.post("sinks", {"n": 1}), 503)
        self.assertGreaterEqual(time.monotonic() - began, 0.29)
        done = []
        waiting = threading.Thread(target=lambda: done.append(self.post("sinks", {"n": 2})))
        waiting.start()
        time.sleep(0.05)
        with connected(zmq.PULL, self.ipc("sinks")) as sinks:
            self.assertEqual(sinks.recv_json(), {"n": 2})
            waiting.join()
        self.assertEqual(done, [204])

    def test_refuse_fails_at_once(self):
        began = time.monotonic()
        self.assertEqual(self.post("refusing", {"n": 1}), 503)
        self.assertLess(time.monotonic() - began, 0.3)
        with bound(zmq.PULL, self.ipc("refusing")) as sink:
            wait_until(lambda: self.post("refusing", {"n": 1}) == 204)
            self.assertEqual(sink.recv_json(), {"n": 1})

    def test_drop_counted_counts(self):
        sent = 25
        self.assertEqual([self.post("dropping", {"n": i}) for i in range(sent)], [204] * sent)
        wait_until(lambda: self.post("dropping", {"n": 0}) == 204 and self.dropped("dropping") >= sent)

    def test_a_subscriber_that_does_not_read(self):
        for name in ("halting", "lossy"):
            with self.subscriber(name, rcvhwm=1, rcvbuf=4096) as deaf:
                wait_until(lambda: self.post(name, {"n": 0}) == 204 and deaf.poll(100))
                body = {"n": "x" * 100_000}
                if name == "halting":
                    wait_until(lambda: self.post(name, body) == 503)
                else:
                    self.assertEqual({self.post(name, body) for _ in range(30)}, {204})
            # It has gone, so there is room for others.
            with self.subscriber(name) as keen:
                wait_until(lambda: self.post(name, {"n": 1}) == 204 and keen.poll(100))
        self.assertGreater(self.dropped("lossy"), 0)

    def test_a_subscriber_that_reads_misses_little(self):
        with self.subscriber("lossy") as keen:
            wait_until(lambda: self.post("lossy", {"n": -1}) == 204 and keen.poll(100))
            keen.recv_multipart()
            got = []
            for i in range(100):
                self.post("lossy", {"n": i})
                if keen.poll(200):
                    got.append(json.loads(keen.recv_multipart()[1])["n"])
        self.assertEqual(got, sorted(got))
        self.assertGreater(len(got), 50)

    # ---- who means no good ----

    def test_topics_are_bounded(self):
        with self.subscriber("out") as good, self.subscriber("out") as greedy:
            wait_until(lambda: self.post("feed", {"n": 1}) == 204 and good.poll(50))
            for i in range(100):
                greedy.subscribe(b"topic-%d" % i)
            wait_until(lambda: "A subscriber that asks for too many topics was cut off." in self.bus.log())
            while good.poll(50):
                good.recv_multipart()
            self.assertEqual(self.post("feed", {"n": 2}), 204)
            self.assertEqual(good.recv_multipart(), [b"T", b'{"n":2}'])

    def test_subscribers_are_bounded(self):
        crowd = [self.subscriber("out") for _ in range(12)]
        wait_until(lambda: self.post("feed", {"n": 3}) == 204 and "A connection too many was closed. listener=feed" in self.bus.log())
        for one in crowd:
            one.close()
        with self.subscriber("out") as good:
            wait_until(lambda: self.post("feed", {"n": 4}) == 204 and good.poll(50))


if __name__ == "__main__":
    unittest.main()
