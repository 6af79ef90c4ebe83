"""Routes that hand ZeroMQ messages on as they came, from PULL and SUB to PUSH and PUB: nothing is lost or changed, whoever is slow."""

import json
import pathlib
import random
import re
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import LiveBus, wait_until  # noqa: E402
from zeromq_bed import Bed, ByHand, bound, connected, make, zmq  # noqa: E402

BUNDLE = """\
listeners:
  jobs: { zmq: { socket: pull, listen: 'tcp://127.0.0.1:0', queue: 50 } }
  spread: { zmq: { socket: pull, listen: 'tcp://127.0.0.1:0' } }
  strict: { zmq: { socket: pull, listen: 'tcp://127.0.0.1:0' } }
  losing: { zmq: { socket: pull, listen: 'tcp://127.0.0.1:0' } }
  prices: { zmq: { socket: sub, connect: ['ipc://FOLDER/feed.sock'] } }
services:
  sink: { zmq: { socket: push, endpoints: ['ipc://FOLDER/sink.sock'], queue: 20, max_message: 64KiB }, timeout: 4s }
  two: { zmq: { socket: push, endpoints: ['ipc://FOLDER/one.sock', 'ipc://FOLDER/two.sock'] }, timeout: 2s }
  refusing: { zmq: { socket: push, endpoints: ['ipc://FOLDER/refusing.sock'], when_full: refuse } }
  dropping: { zmq: { socket: push, endpoints: ['ipc://FOLDER/dropping.sock'], when_full: drop_counted } }
  feed: { zmq: { socket: pub, listen: 'ipc://FOLDER/out.sock' } }
routes:
  jobs: { from: { zmq: messages, on: jobs }, steps: [ { call: sink } ] }
  spread: { from: { zmq: messages, on: spread }, steps: [ { call: two } ] }
  strict: { from: { zmq: messages, on: strict }, steps: [ { call: refusing } ] }
  losing: { from: { zmq: messages, on: losing }, steps: [ { call: dropping } ] }
  prices: { from: { zmq: messages, on: prices }, steps: [ { call: feed } ] }
"""


class Passing(Bed):
    @classmethod
    def bundle(cls, folder):
        return {"zmq.yaml": BUNDLE.replace("FOLDER", folder)}

    def failures(self, kind):
        return len(re.findall(rf"A message failed, and nobody waits .*kind={kind}", self.bus.log()))

    def reached(self, sender, sink):
        """What goes to the socket of an earlier test, that is just closing, is lost."""
        def comes():
            sender.send(b"?")
            return sink.poll(100)
        wait_until(comes)
        while sink.poll(200):
            sink.recv()

    def test_messages_of_all_sizes_arrive_as_they_were_sent(self):
        chance = random.Random(17)
        sent = [chance.randbytes(size) for size in [0, 1, 254, 255, 256, 65535, 65536, *(chance.randrange(3000) for _ in range(3000))]]
        with bound(zmq.PULL, self.ipc("sink")) as sink, connected(zmq.PUSH, self.at("jobs")) as jobs:
            self.reached(jobs, sink)
            got = []
            for begin in range(0, len(sent), 40):
                for message in sent[begin:begin + 40]:
                    jobs.send(message)
                got += [sink.recv_multipart() for _ in sent[begin:begin + 40]]
        # An empty one goes the long way, where no order is kept.
        self.assertEqual(sorted(got), sorted([message] for message in sent))

    def test_a_command_where_a_frame_belongs_is_a_frame_to_the_sink(self):
        with bound(zmq.PULL, self.ipc("sink")) as sink, connected(zmq.PUSH, self.at("jobs")) as jobs:
            self.reached(jobs, sink)
            with ByHand.to(self.at("jobs"), b"PUSH") as sender:
                sender.say(ByHand.COMMAND, ByHand.SUBSCRIBES)
                self.assertEqual(sink.recv_multipart(), [ByHand.SUBSCRIBES])

    def test_a_sink_that_reads_slowly_holds_up_the_sender_and_loses_nothing(self):
        failed = self.failures("not_sent")
        count, size = 1000, 2000
        with bound(zmq.PULL, self.ipc("sink"), rcvhwm=5, rcvbuf=4096) as sink, \
                connected(zmq.PUSH, self.at("jobs"), sndhwm=5, sndbuf=4096) as jobs:
            self.reached(jobs, sink)
            before, most = self.bus.anonymous_bytes(), 0
            sent = got = 0
            until = time.monotonic() + 30
            while got < count and time.monotonic() < until:
                while sent < count:
                    try:
                        jobs.send(sent.to_bytes(4, "big") + bytes(size), zmq.DONTWAIT)
                    except zmq.Again:
                        break
                    sent += 1
                for _ in range(20):
                    if not sink.poll(10):
                        break
                    self.assertEqual(sink.recv(), got.to_bytes(4, "big") + bytes(size))
                    got += 1
                most = max(most, self.bus.anonymous_bytes() - before)
        self.assertEqual((got, self.failures("not_sent")), (count, failed))
        self.assertLess(most, 16 * 1024 * 1024)

    def test_where_nobody_is_messages_wait_for_their_time_and_fail(self):
        failed = self.failures("not_sent")
        with connected(zmq.PUSH, self.at("jobs")) as jobs:
            for i in range(10):
                jobs.send(b"%d" % i)
            began = time.monotonic()
            wait_until(lambda: self.failures("not_sent") == failed + 10, 10, "that all fail")
            self.assertGreater(time.monotonic() - began, 1)
            jobs.send(b"in time")
            time.sleep(0.3)
            with bound(zmq.PULL, self.ipc("sink")) as sink:
                self.assertEqual(sink.recv(), b"in time")
        self.assertEqual(self.failures("not_sent"), failed + 10)

    def test_of_two_endpoints_the_one_that_is_there_gets_what_the_other_cannot(self):
        with bound(zmq.PULL, self.ipc("one")) as one, connected(zmq.PUSH, self.at("spread")) as spread:
            self.reached(spread, one)
            with bound(zmq.PULL, self.ipc("two")) as two:
                self.reached(spread, two)
                while one.poll(100):
                    one.recv()
                for i in range(100):
                    spread.send(b"%d" % i)
                counts = []
                for sink in (one, two):
                    got = 0
                    while sink.poll(300):
                        sink.recv()
                        got += 1
                    counts.append(got)
        self.assertEqual(sum(counts), 100)
        self.assertEqual(counts, [50, 50])

    def test_refused_messages_fail_at_once(self):
        failed = self.failures("not_sent")
        with connected(zmq.PUSH, self.at("strict")) as strict:
            for i in range(10):  # the log leaves out lines of a burst
                strict.send(b"%d" % i)
            wait_until(lambda: self.failures("not_sent") == failed + 10, 5, "that all fail")

    def test_dropped_messages_are_counted(self):
        with connected(zmq.PUSH, self.at("losing")) as losing:
            def dropped():
                losing.send(b"x")
                told = re.findall(r"Messages were dropped.* service=dropping dropped=(\d+)", self.bus.log())
                return told and int(told[-1]) >= 30
            for i in range(30):
                losing.send(b"%d" % i)
            wait_until(dropped)

    def test_what_does_not_fit_fails(self):
        large, parts = self.failures("mapping"), self.failures("format")
        with connected(zmq.PUSH, self.at("jobs")) as jobs:
            jobs.send(bytes(65537))
            wait_until(lambda: self.failures("mapping") == large + 1)
            jobs.send_multipart([b"one", b"two"])
            wait_until(lambda: self.failures("format") == parts + 1)

    def test_sub_to_pub(self):
        with bound(zmq.PUB, self.ipc("feed")) as feed, make(zmq.SUB) as reader:
            reader.subscribe(b"EUR")
            reader.connect(self.ipc("out"))

            def comes():
                feed.send(b"USD")
                feed.send(b"EUR first")
                return reader.poll(50)
            wait_until(comes)
            while reader.poll(200):
                self.assertEqual(reader.recv(), b"EUR first")
            feed.send(b"USD 1")
            feed.send(b"EUR 2")
            self.assertEqual(reader.recv_multipart(), [b"EUR 2"])


class Told(Bed):
    """With an event stream each message is told of, so none may be passed without a word."""

    @classmethod
    def bundle(cls, folder):
        return {"zmq.yaml": ("events: 'ipc://FOLDER/events.sock'\n" + BUNDLE).replace("FOLDER", folder)}

    def test_events_of_what_is_handed_on(self):
        with bound(zmq.PULL, self.ipc("sink")) as sink, connected(zmq.PUSH, self.at("jobs")) as jobs, make(zmq.SUB) as events:
            events.subscribe(b"delivered")
            events.connect(self.ipc("events"))

            def told():
                jobs.send(b"x")
                return events.poll(100)
            wait_until(told)
            self.assertEqual(json.loads(events.recv_multipart()[1])["route"], "jobs")
            self.assertTrue(sink.poll(1000))


class Stopping(unittest.TestCase):
    def test_a_bus_that_stops_tells_of_what_it_could_not_send(self):
        bundle = {"zmq.yaml": """\
listeners: { jobs: { zmq: { socket: pull, listen: 'tcp://127.0.0.1:0' } } }
services: { sink: { zmq: { socket: push, endpoints: ['tcp://127.0.0.1:9'] }, timeout: 500ms } }
routes: { jobs: { from: { zmq: messages, on: jobs }, steps: [ { call: sink } ] } }
"""}
        # For its first 250 ms a message is held for room, then it waits on the long way.
        for after in (0.001, 0.01, 0.1, 0.4):
            with self.subTest(after=after), LiveBus(bundle) as bus, \
                    connected(zmq.PUSH, "%s:%s" % bus.address("jobs"), immediate=True) as jobs:
                jobs.send(b"x")  # when it is connected
                time.sleep(after)
                bus.process.terminate()
                self.assertEqual(bus.process.wait(10), 0)
                told = bus.log().count("nobody waits for its answer")
                self.assertLessEqual(told, 1)
                if after >= 0.1:  # it has surely come
                    self.assertEqual(told, 1)


unittest.main(argv=[sys.argv[0]])
