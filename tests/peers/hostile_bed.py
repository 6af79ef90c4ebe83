"""The bus that the hostile tests share: what it used before a test is its baseline, and after the test it must be back there."""

import concurrent.futures
import os
import pathlib
import resource
import socket
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
from hostile_wire import GET, GoodCaller, read_reply  # noqa: E402
from live_bus import LiveBus, wait_until  # noqa: E402

MOST_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
CROWD = max(1, min(10, (MOST_FILES - 2000) // 2000)) if os.environ.get("BUSWAY_LONG") else 1
SANITIZED = bool(os.environ.get("BUSWAY_SANITIZER"))
# What the allocator keeps of a peak, for the next one; a sanitizer keeps a shadow of all that was ever touched.
RESIDENT_SLACK = CROWD * 32 * 1024 * 1024 * (16 if SANITIZED else 1)
# A millisecond is what the machine itself does to one caller in a hundred while a crowd of ours is at work on it.
P99_RATIO, P99_SLACK = 1.5, 1.0
SERVED_RATIO = 0.9
NOISE = 2.0
ROUNDS = 4


class HostileBed(unittest.TestCase):
    @classmethod
    def open_bus(cls, bundle, environment=None):
        resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))
        cls.bus = LiveBus(bundle, environment=environment)
        cls.addClassCleanup(cls.bus.__exit__, None, None, None)
        # What a bus has used once is its baseline.
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            list(pool.map(lambda _: cls.ask(GET), range(500)))

    def settle(self):
        time.sleep(0.1)
        self.open_files = self.bus.open_files()
        self.resident = self.bus.resident_bytes()
        self.threads = self.bus.threads()

    def setUp(self):
        self.began = time.monotonic()
        self.settle()

    def tearDown(self):
        self.assertEqual(self.ask(GET)[0], 200, "the bus is not well")
        wait_until(lambda: self.bus.open_files() <= self.open_files, 10, f"{self.bus.open_files()} of {self.open_files} descriptors")
        grown = self.bus.resident_bytes() - self.resident
        self.assertLess(grown, RESIDENT_SLACK)
        self.assertLessEqual(self.bus.threads(), self.threads)
        self.assertIsNone(self.bus.process.poll())
        print(f"    afterwards: {grown / 1024 / 1024:+.1f} MiB, {time.monotonic() - self.began:.1f} s in all", flush=True)

    def tell(self, text):
        print(f"{self._testMethodName[5:].replace('_', ' ')}: {text}", flush=True)

    @classmethod
    def connect(cls, listener="front", seconds=10):
        return socket.create_connection(cls.bus.address(listener), seconds)

    @classmethod
    def ask(cls, request, seconds=10):
        with cls.connect(seconds=seconds) as connection:
            try:
                connection.sendall(request)
            except ConnectionError:
                pass
            return read_reply(connection)

    def timed(self, request):
        began = time.monotonic()
        return self.ask(request)[0], time.monotonic() - began

    def hold_p99(self, trouble, requests=(GET,)):
        """Runs `trouble` between two quiet times while a well-behaved caller goes on, and holds the caller's p99 to 1.5 times that
        of the quieter of them, or a millisecond more, and the number of requests served to nine tenths. How far the quiet times differ by themselves (A/A) is told with it: where
        that is more than twice, the machine was busy with others and the round says nothing against the bus. `trouble` gets a
        function to call when what it provokes is under way, and another when it is over."""
        judged = []
        for _ in range(ROUNDS):
            caller = GoodCaller(self.bus.address("front"), requests)
            marks = []
            time.sleep(1.1)
            try:
                result = trouble(lambda: marks.append(time.monotonic()), lambda: marks.append(time.monotonic()))
                time.sleep(1.1)
            finally:
                caller.stop()
            (before, rate), (after, rate_after) = caller.windows(marks[0] - 1.1, marks[0]), caller.windows(marks[1], marks[1] + 1.1)
            rate = min(rate, rate_after)
            during, served = caller.windows(marks[0], max(marks[1], marks[0] + caller.WINDOW))
            quiet, noise = min(before, after), max(before, after) / min(before, after)
            told = f"p99 of a good caller {quiet:.2f} -> {during:.2f} ms (A/A {noise:.2f}x), {rate:.0f} -> {served:.0f} requests a second"
            if during <= max(P99_RATIO * quiet, quiet + P99_SLACK) and served >= SERVED_RATIO * rate:
                return told, result
            if noise <= NOISE:
                judged.append(told)
        self.assertEqual(judged, [])
        return told + ", not judged: the machine is busy", result
