"""Callers that mean harm, or have lost their minds, before a running bus: oversize everything, bombs, callers that vanish, noise in
place of a handshake, floods of failures.

Each test does one thing to the bus while well-behaved callers go on, and has a figure that it prints and is held to. After each the
bus must be alive, with as many descriptors and threads as before it and about as much memory.
"""

import gzip
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hostile_bed import MEMORY_SLACK, HostileBed, either, wait_until  # noqa: E402
from hostile_services import closed_port  # noqa: E402
from hostile_wire import GET, post, read_reply  # noqa: E402
from live_bus import need  # noqa: E402

HEAD_DEADLINE = 2.0
CHUNKED = "Transfer-Encoding: chunked"
MEGABYTE = b"a" * 1024 * 1024

BUNDLE = """\
listeners:
  front: {{ http: {{ listen: '127.0.0.1:0', head_deadline: 2s, idle: 60s, body_rate: 1KiB, max_connections: 50000 }} }}
  secure:
    http:
      listen: '127.0.0.1:0'
      head_deadline: 2s
      tls: {{ certificate: server.pem, key: '${{file:{keys}/server.key}}' }}
services:
  nobody: {{ http: {{ endpoints: ['http://127.0.0.1:{nobody}/'] }}, timeout: 500ms }}
routes:
  ok: {{ from: {{ http: GET /ok, on: front }}, steps: [ {{ map: '{{ "ok": true }}' }} ] }}
  safe: {{ from: {{ http: GET /ok, on: secure }}, steps: [ {{ map: '{{ "ok": true }}' }} ] }}
  size: {{ from: {{ http: POST /size, on: front }}, steps: [ {{ map: '$length($string($))' }} ] }}
  nobody: {{ from: {{ http: GET /nobody, on: front }}, steps: [ {{ call: {{ service: nobody }} }} ] }}
"""


def endless_zeros():
    """10 GB of JSON digits in 10 MB of gzip: a piece of a megabyte again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    begun = packer.compress(b"1") + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(b"0" * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    return begun + piece * 10_000


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def without_end():
    """What of a request -> (its first megabytes, the status or statuses that end it)."""
    bomb = endless_zeros()
    return {
        "chunk size": (post("/size", b"0" * 1_000_000, CHUNKED), 400),
        "chunk extension": (post("/size", b"1;" + MEGABYTE, CHUNKED), 400),
        "extensions": (post("/size", b"1;aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n1\r\n" * 100_000, CHUNKED), 400),
        "trailer": (post("/size", b"0\r\nX: " + MEGABYTE, CHUNKED), 400),
        "chunks": (post("/size", chunk(MEGABYTE) * 13, CHUNKED), 413),
        "10 GB": (post("/size", length=10_000_000_000), 413),
        "request line": (b"GET /" + MEGABYTE, 414),
        "field line": (b"GET / HTTP/1.1\r\nX: " + MEGABYTE, 431),
        "10^4 fields": (b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 10_000, 431),
        "depth 10^6": (post("/size", b"[" * 1_000_000), 400),
        "10^7 digits": (post("/size", b"[" + b"9" * 10_000_000 + b"]"), (200, 400, 413)),
        "bomb 1000:1": (post("/size", gzip.compress(b'"' + b"x" * 10_000_000 + b'"'), "Content-Encoding: gzip"), 413),
        "bomb of 10 GB": (post("/size", chunk(bomb) + b"0\r\n\r\n", CHUNKED, "Content-Encoding: gzip"), 413),
        "head": (b"GET / HTTP/1.1\r\n" + (b"X: " + b"a" * 8000 + b"\r\n") * 50, 431),
        "10^6 empty lines": (b"\r\n" * 1_000_000, 400),
        "no HTTP": (b"\x00\x01\x02\x03" * 1000, 400),
    }


class Hostile(HostileBed):
    # The allocator keeps nearly all of 5,000 handshakes at once (25 KB each) for the next; it does not grow with the crowds.
    memory_slack = either(1, 6) * MEMORY_SLACK

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="busway-hostile-")
        cls.addClassCleanup(scratch.cleanup)
        folder = pathlib.Path(scratch.name)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=bus", "-keyout", "server.key", "-out", "server.pem"], check=True, capture_output=True, cwd=folder)
        unused = closed_port()
        cls.addClassCleanup(unused.close)
        cls.open_bus({"hostile.yaml": BUNDLE.format(keys=folder, nobody=unused.getsockname()[1]),
                      "server.pem": (folder / "server.pem").read_text()})

    def test_a_million_chunks(self):
        """T24: of a byte each."""
        body = b'"' + b"a" * 999_998 + b'"'
        request = post("/size", b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n", CHUNKED)

        def trouble():
            status, body, took = self.ask_at_ease(request)
            self.assertEqual((status, body), (200, b"999998"))
            return took

        told, took = self.hold_p99(trouble)
        self.tell(f"10^6 chunks in {1000 * took:.0f} ms, {told}")
        self.assertLess(took, 3)

    def test_without_end(self):
        """T24, T28, T37: each is refused by its limit, in a time that does not depend on what would have followed."""
        cases = without_end()

        def trouble():
            slowest, most = 0.0, 0
            for name, (request, expected) in cases.items():
                status, _, took = self.ask_at_ease(request)
                most = max(most, self.bus.anonymous_bytes() - self.memory)
                if name != "10^7 digits":
                    slowest = max(slowest, took)
                self.assertIn(status, expected if isinstance(expected, tuple) else (expected,), name)
                self.assertLess(took, 2, name)
            return slowest, most

        # To get and to give back the 10 MB that some of them are allowed takes the kernel a millisecond or two.
        told, (slowest, most) = self.hold_p99(trouble, slack=3)
        self.tell(f"{len(cases)} shapes, the slowest took {1000 * slowest:.0f} ms, {most / 1024 / 1024:+.1f} MiB, {told}")

    def test_gone_in_the_middle(self):
        """T26, T13: a thousand who vanish within a body, half by FIN and half by RST; one who only ends his side."""
        gone, slowest = 0, 0.0

        def trouble():
            nonlocal gone, slowest
            for number in range(1000):
                connection = self.connect()
                connection.sendall(post("/size", b'"abc', length=100 + number))
                if number % 2:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
            gone += 1000
            began = time.monotonic()
            wait_until(lambda: self.bus.open_files() <= self.open_files, 5, "every descriptor back")
            slowest = max(slowest, time.monotonic() - began)

        told, _ = self.hold_p99(trouble)
        self.tell(f"{gone} gone, of each thousand all descriptors back after {1000 * slowest:.0f} ms, {told}")
        with self.connect() as connection:
            connection.sendall(GET)
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(read_reply(connection)[0], 200)

    def test_tls_garbage(self):
        """T29: plain HTTP, noise and silence where a handshake belongs."""
        shapes = [GET, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), os.urandom(300), b"\x16", b""]
        count = either(500, 5000)

        def trouble():
            crowd = []
            for number in range(count):
                connection = self.connect("secure")
                connection.sendall(shapes[number % len(shapes)])
                crowd.append(connection)
            began = time.monotonic()
            wait_until(lambda: self.bus.open_files() <= self.open_files + 1, HEAD_DEADLINE + 3, "every handshake cut")
            for connection in crowd:
                connection.close()
            return time.monotonic() - began

        told, took = self.hold_p99(trouble)
        self.tell(f"{count} handshakes, all gone after {took:.1f} s, {told}")

    def flood(self, seconds, burst, pause):
        """Requests that fail, `burst` at once and then a pause; how many there were."""
        began, requests = time.monotonic(), 0
        with self.connect() as connection:
            while time.monotonic() - began < seconds:
                connection.sendall(b"GET /nobody HTTP/1.1\r\nHost: a\r\n\r\n" * burst)
                data = b""
                while data.count(b"HTTP/1.1 503") < burst:
                    data += connection.recv(65536)
                requests += burst
                time.sleep(pause)
        return requests

    def test_a_flood_of_errors(self):
        """T73: failures, paced so that there is load to spare, and then as many as there is time for: ten lines a second of the log."""
        seconds = either(2, 60)
        told, paced = self.hold_p99(lambda: self.flood(seconds, 4, 0.004))
        before, began = self.bus.log().count("\n"), time.monotonic()
        requests = self.flood(seconds, 50, 0)
        took = time.monotonic() - began
        lines = self.bus.log().count("\n") - before
        # A window of a second starts with its first line, and a counter says what the last one left out.
        self.tell(f"{requests / took:.0f} failures a second, {lines} lines in {took:.1f} s; at {paced / seconds:.0f} a second {told}")
        self.assertGreater(requests, 200)
        self.assertLessEqual(lines, 11 * (int(took) + 1))
        self.assertGreater(lines, 0)


if __name__ == "__main__":
    need(programs=["openssl"])
    unittest.main()
