"""Callers that take their time, before a running bus: heads and bodies that arrive a byte at a time, replies read a byte at a time,
connections on which nothing comes.

Well-behaved callers go on meanwhile; the slow ones are cut at their deadline, and afterwards the bus has as many descriptors and
threads as before and about as much memory.
"""

import json
import multiprocessing
import pathlib
import select
import socket
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hostile_bed import MEMORY_SLACK, MOST_FILES, SANITIZED, HostileBed, either  # noqa: E402
from hostile_wire import GET, post, read_reply  # noqa: E402

HEAD_DEADLINE = 2.0

BUNDLE = """\
listeners:
  front: { http: { listen: '127.0.0.1:0', head_deadline: 2s, idle: 60s, body_rate: 1KiB, max_connections: 50000 } }
routes:
  ok: { from: { http: GET /ok, on: front }, steps: [ { map: '{ "ok": true }' } ] }
  size: { from: { http: POST /size, on: front }, steps: [ { map: '$length($string($))' } ] }
  large: { from: { http: POST /large, on: front }, steps: [ { map: '$' } ] }
"""


def open_crowd(address, count, begun):
    """`count` connections, opened over a while as a crowd comes in, that have sent `begun`."""
    crowd = []
    for number in range(count):
        crowd.append(socket.create_connection(address, 10))
        crowd[-1].sendall(begun)
        if number % 50 == 49:
            time.sleep(0.005)
    return crowd


def drip(address, count, seconds, begun, rest, parent):
    """Crowds, one after the other for so many seconds, that send a byte of `rest` now and then; sends the statuses they are answered
    with, and the longest time until all of a crowd were."""
    statuses, longest, until = [], 0.0, time.monotonic() + seconds
    while not statuses or time.monotonic() < until:
        crowd = open_crowd(address, count, begun)
        began = time.monotonic()
        answered = select.poll()  # select() knows no descriptor above 1023
        for connection in crowd:
            answered.register(connection, select.POLLIN)
        for byte in rest:
            for connection in crowd[::2]:
                try:
                    connection.send(bytes([byte]))
                except OSError:
                    pass
            time.sleep(0.4)
            if len(answered.poll(0)) == len(crowd):
                break
        statuses += [read_reply(connection)[0] for connection in crowd]
        longest = max(longest, time.monotonic() - began)
        for connection in crowd:
            connection.close()
    parent.send((statuses, longest))


def elsewhere(work, *arguments):
    """What `work` sends, done in a process of its own: threads of this one would wait for each other, not for the bus."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=work, args=(*arguments, theirs), daemon=True)
    child.start()
    result = ours.recv()
    child.join()
    return result


class SlowCallers(HostileBed):
    # Two thousand connections with a buffer each are 50 MB, most of which the allocator keeps; it does not grow with the crowds.
    memory_slack = 2 * MEMORY_SLACK

    @classmethod
    def setUpClass(cls):
        cls.open_bus({"slow.yaml": BUNDLE})
        for connection in open_crowd(cls.bus.address("front"), 2000, b"G"):
            connection.close()

    def dripped(self, count, seconds, begun, rest):
        """Everyone is cut at the deadline; what to tell."""
        told, (statuses, longest) = self.hold_p99(lambda: elsewhere(drip, self.bus.address("front"), count, seconds, begun, rest))
        self.assertEqual(set(statuses), {408})
        self.assertLess(longest, HEAD_DEADLINE + 4)
        return f"{len(statuses)} connections, {count} at a time, all cut within {longest:.1f} s, {told}"

    def test_slow_heads(self):
        """T20: two thousand heads that arrive a byte at a time."""
        self.tell(self.dripped(2000, either(0, 60), b"G", b"ET /ok HTTP/1.1"))

    def test_slow_bodies(self):
        """T21: bodies of a byte now and then; a megabyte at once buys no silence either."""
        text = self.dripped(either(500, 2000), either(0, 60), post("/size", b'"', length=1000), b"x" * 15)
        with self.connect() as connection:
            connection.sendall(post("/size", b'"' + b"x" * 1_000_000, length=2_000_000))
            began = time.monotonic()
            self.assertEqual(read_reply(connection)[0], 408)
            silent = time.monotonic() - began
        self.tell(f"{text}; silence behind a megabyte cut after {silent:.1f} s")
        self.assertLess(silent, 2 * HEAD_DEADLINE + 1)

    def test_slow_readers(self):
        """T14: five hundred who ask for 64 KiB and read a byte a second."""
        request = post("/large", json.dumps("x" * 64_000).encode())
        count = 500

        def trouble():
            crowd = []
            for _ in range(count):
                connection = socket.socket()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                connection.settimeout(10)
                connection.connect(self.bus.address("front"))
                connection.sendall(request)
                crowd.append(connection)
            for _ in range(either(2, 10)):
                for connection in crowd:
                    connection.recv(1)
                time.sleep(1)
            grown = self.bus.anonymous_bytes() - self.memory
            for connection in crowd:
                connection.close()
            return grown

        told, grown = self.hold_p99(trouble)
        self.tell(f"{count} readers, {grown / 1024 / count:.0f} KiB each, {told}")
        self.assertLess(grown, count * 64 * 1024)

    def test_idle_connections(self):
        """T22: connections that have had one exchange and stay."""
        count = either(2000, min(10_000, MOST_FILES - 2000))

        def trouble():
            crowd = open_crowd(self.bus.address("front"), count, GET)
            for connection in crowd:
                self.assertEqual(read_reply(connection)[0], 200)
            time.sleep(1)
            grown = self.bus.anonymous_bytes() - self.memory
            for connection in crowd:
                connection.close()
            return grown

        told, grown = self.hold_p99(trouble)
        self.tell(f"{count} connections, {grown / count:.0f} bytes each beyond what 2,000 left behind, {told}")
        self.assertLess(grown, count * (64 if SANITIZED else 8) * 1024)


if __name__ == "__main__":
    unittest.main()
