"""The bus that the hostile tests share: what it used before a test is its baseline, and after the test it must be back there.

Well-behaved callers go on all the time. hold_p99() does a test's mischief between two quiet times and holds the callers' p99 to
P99_RATIO. Where this process may say so, bus and callers have real-time priority (the mischief has not): other programs of the
machine then do not stand in the figure. What is left of the machine is seen by a second bus, which is asked the same and left alone.
"""

import concurrent.futures
import functools
import itertools
import os
import pathlib
import resource
import socket
import statistics
import subprocess
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
from hostile_wire import GET, GoodCaller, p99, p99_of_windows, read_reply  # noqa: E402
from live_bus import LiveBus, wait_until  # noqa: E402

LONG = bool(os.environ.get("BUSWAY_LONG"))
MOST_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
SANITIZED = bool(os.environ.get("BUSWAY_SANITIZER"))
# What the allocator keeps of the largest crowd, for the next one, over all of a script's tests; a sanitizer keeps a shadow of all
# that was ever touched.
MEMORY_SLACK = (512 if SANITIZED else 32) * 1024 * 1024
BIND_ADDRESS_NO_PORT = 24  # of <linux/in.h>: the port is chosen when it connects, so that addresses may share it
P99_RATIO = 1.5
# In ms. A computation is put aside after 0.2 ms, and two of them may stand before a request: on a quiet machine, where p99 is a
# fifth of a millisecond, that is more than the ratio allows.
P99_SLACK = 0.5
# Beyond this even the quiet time is the machine's, and the round says nothing.
P99_QUIET = 4.0
SERVED_RATIO = 0.95
ROUNDS = 3 if LONG else 5
VOID_ROUNDS = ROUNDS if LONG else 2  # a machine that is busy now is busy for a while: then one for each test that comes


def either(short, long):
    """The count of each change, or that of a long run."""
    return long if LONG else short


@functools.cache
def priority(level):
    """The words before a program's that give it this real-time priority; none where we may not."""
    words = ["chrt", "--rr", str(level)]
    try:
        return words if subprocess.run([*words, "true"], capture_output=True).returncode == 0 else []
    except FileNotFoundError:
        return []


class HostileBed(unittest.TestCase):
    good = (GET,)  # what the well-behaved callers ask for
    connected = itertools.count()
    memory_slack = MEMORY_SLACK
    # What holds where a test has a bound of its own: the closer it is, the longer it must be looked at.
    p99_ratio = P99_RATIO
    look = 3.1 * GoodCaller.WINDOW  # s of quiet before and after, and how long mischief lasts; what is over sooner is done again
    busy = False  # whether the machine was, when it was last looked at
    beside_undisturbed = False  # each window is set against that of the undisturbed bus: see _beside

    @classmethod
    def open_bus(cls, bundle, environment=None, prefix=()):
        resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))
        cls.bus = LiveBus(bundle, environment=environment, prefix=[*priority(1), *prefix])
        cls.addClassCleanup(cls.bus.__exit__, None, None, None)
        undisturbed = LiveBus(bundle, environment=environment, prefix=[*priority(2), *prefix])
        cls.addClassCleanup(undisturbed.__exit__, None, None, None)
        # What a bus has used once is its baseline.
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            list(pool.map(lambda _: cls.ask(GET), range(500)))
        cls.callers = [GoodCaller(bus.address("front"), cls.good) for bus in (cls.bus, undisturbed)]
        for caller in cls.callers:
            cls.addClassCleanup(caller.stop)
        cls.asked = [[], []]
        cls.memory_at_first = cls.bus.anonymous_bytes()
        cls.quiet_from = time.monotonic()

    def settle(self):
        time.sleep(0.1)
        self.open_files = self.files_before = self.bus.open_files()
        self.memory = self.bus.anonymous_bytes()
        self.threads = self.bus.threads()

    def setUp(self):
        self.began = time.monotonic()
        self.settle()

    def tearDown(self):
        quiet_from = self.quiet_from
        self.assertEqual(self.ask(GET)[0], 200, "the bus is not well")
        wait_until(lambda: self.bus.open_files() <= self.open_files, 10, f"{self.bus.open_files()} of {self.open_files} descriptors")
        wait_until(lambda: self.half_closed() == 0, 30, f"{self.half_closed()} sockets in CLOSE_WAIT")
        grown = self.bus.anonymous_bytes() - self.memory
        self.assertLess(self.bus.anonymous_bytes() - self.memory_at_first, self.memory_slack)
        self.assertLessEqual(self.bus.threads(), self.threads)
        self.assertIsNone(self.bus.process.poll())
        print(f"    afterwards: {self.bus.open_files() - self.files_before:+d} descriptors, {self.bus.threads() - self.threads:+d} threads, "
              f"{grown / 1024 / 1024:+.1f} MiB, {time.monotonic() - self.began:.1f} s in all", flush=True)
        type(self).quiet_from = quiet_from  # one request does not count

    def tell(self, text):
        print(f"{self._testMethodName[5:].replace('_', ' ')}: {text}", flush=True)

    @classmethod
    def connect(cls, listener="front", seconds=10):
        """From one of many addresses: an address has 28,000 ports, and what one of them was used for blocks it for a minute."""
        cls.quiet_from = time.monotonic()
        connection = socket.socket()
        connection.setsockopt(socket.SOL_IP, BIND_ADDRESS_NO_PORT, 1)
        connection.bind((f"127.0.{1 + next(cls.connected) % 50}.1", 0))
        connection.settimeout(seconds)
        connection.connect(cls.bus.address(listener))
        return connection

    @classmethod
    def ask(cls, request, seconds=10):
        with cls.connect(seconds=seconds) as connection:
            try:
                connection.sendall(request)
            except ConnectionError:
                pass
            return read_reply(connection)

    def ask_at_ease(self, request):
        """Status, body and time of a request that costs the bus a while; then a pause, so that there is load to spare."""
        began = time.monotonic()
        status, body = self.ask(request)
        took = time.monotonic() - began
        time.sleep(min(0.5, 3 * took))
        return status, body, took

    def timed(self, request):
        began = time.monotonic()
        return self.ask(request)[0], time.monotonic() - began

    def half_closed(self):
        """The bus's sockets whose other side has ended and which it has not closed."""
        pid = self.bus.process.pid
        ours = set()
        for one in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            try:
                ours.add(os.readlink(one).removeprefix("socket:[").removesuffix("]"))
            except FileNotFoundError:
                pass
        lines = (line.split() for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:])
        return sum(words[3] == "08" and words[9] in ours for words in lines)

    def hold_p99(self, trouble, slack=P99_SLACK):
        """Does `trouble`, again until it has lasted `look`, and gives what it returned, and a text of what it did to the callers:
        their p99 stays within p99_ratio of the quiet one, or of what the undisturbed bus showed meanwhile, or within `slack` ms, and
        they are served as often. When the quiet times before and after (A/A) differ by more than that, the round is void and there is another one;
        a test fails by most of its rounds, never by one."""
        good, void, bad, told = 0, 0, [], ""
        for _ in range(ROUNDS):
            told, verdict, result = self._round(trouble, slack)
            good += verdict is True
            void += verdict is None
            bad += [told] if verdict is False else []
            HostileBed.busy = verdict is None and (HostileBed.busy or void >= VOID_ROUNDS)
            if good > len(bad) or len(bad) > ROUNDS // 2 or void >= VOID_ROUNDS or (HostileBed.busy and not LONG):
                break
        if len(bad) > max(good, 1):
            self.fail("well-behaved callers notice it: " + "; ".join(bad))
        return told + ("" if good else ", not judged: the machine is busy"), result

    def _round(self, trouble, slack):
        time.sleep(max(0.0, self.quiet_from + self.look - time.monotonic()))
        began = time.monotonic()
        result = trouble()
        while time.monotonic() < began + self.look:
            result = trouble()
        ended = type(self).quiet_from = time.monotonic()
        time.sleep(self.look)
        for asked, caller in zip(self.asked, self.callers):
            asked += caller.take()
        marks = (began - self.look, began, ended, ended + self.look)
        served = sum(began <= at < ended for at, _ in self.asked[0]) / (ended - began) * GoodCaller.PACE
        told, within = self._beside(marks) if self.beside_undisturbed else self._against_quiet(marks, slack)
        return f"{told}, {100 * served:.0f} % of its requests", within and served >= SERVED_RATIO, result

    def _against_quiet(self, marks, slack):
        """What the mischief did, and whether that is within bounds: None when the round is void."""
        ours, theirs = self.asked
        before, during, after = (p99(ours, *time) for time in zip(marks, marks[1:]))
        machine = p99(theirs, *marks[1:3])
        quiet, noise = min(before, after), max(before, after) / min(before, after)
        told = f"p99 of a good caller {quiet:.2f} -> {during:.2f} ms, {during / max(quiet, machine):.2f}x (A/A {noise:.2f}x, undisturbed {machine:.2f} ms)"
        if noise > self.p99_ratio or quiet > P99_QUIET:
            return told, None
        return told, during <= max(self.p99_ratio * max(quiet, machine), quiet + slack)

    def _beside(self, marks):
        """The same where a bound is close to 1, and the machine's own changes from one time to the next are larger. They strike both buses in
        the same window: what counts is how much slower than the undisturbed one ours is, in mischief and in the quiet."""
        ours, theirs = self.asked
        slower = [statistics.median(mine / other for mine, other in zip(p99_of_windows(ours, *time), p99_of_windows(theirs, *time)))
                  for time in zip(marks, marks[1:])]
        before, during, after = slower
        noise = max(before, after) / min(before, after)
        ratio = during / statistics.mean((before, after))
        told = (f"p99 of a good caller {p99(ours, *marks[1:3]):.2f} ms, {ratio:.2f}x of the quiet one, each beside the undisturbed bus "
                f"(A/A {noise:.2f}x)")
        return told, None if noise > self.p99_ratio else ratio <= self.p99_ratio
