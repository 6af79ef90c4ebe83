"""Callers that mean harm, or have lost their minds, before a running bus.

Each test does one thing to the bus while a well-behaved caller goes on, and has a figure that it prints and is held to. After
each the bus must be alive, with as many descriptors and threads as before it and about as much memory. BUSWAY_LONG multiplies the
crowds by ten where descriptors allow it.
"""

import gzip
import json
import multiprocessing
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hostile_bed import CROWD, RESIDENT_SLACK, HostileBed, wait_until  # noqa: E402
from hostile_services import closed_port  # noqa: E402
from hostile_wire import GET, post, read_reply  # noqa: E402
from live_bus import need  # noqa: E402

HEAD_DEADLINE = 2.0

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
  large: {{ from: {{ http: POST /large, on: front }}, steps: [ {{ map: '$' }} ] }}
  nobody: {{ from: {{ http: GET /nobody, on: front }}, steps: [ {{ call: {{ service: nobody }} }} ] }}
"""


def drip_heads(address, count, parent):
    """Opens `count` connections whose heads never end; sends the statuses they are answered with, and after how long."""
    crowd = []
    for _ in range(count):
        connection = socket.create_connection(address, 10)
        connection.sendall(b"G")
        crowd.append(connection)
    began = time.monotonic()
    parent.send("open")
    for byte in b"ET /ok HTTP/1.1":
        for connection in crowd[::2]:
            try:
                connection.send(bytes([byte]))
            except OSError:
                pass
        time.sleep(0.4)
        if time.monotonic() - began > HEAD_DEADLINE + 1:
            break
    answered = [read_reply(connection)[0] for connection in crowd]
    parent.send((answered, time.monotonic() - began))
    for connection in crowd:
        connection.close()


class Hostile(HostileBed):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="busway-hostile-")
        cls.addClassCleanup(scratch.cleanup)
        folder = pathlib.Path(scratch.name)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bus", "-keyout",
                        "server.key", "-out", "server.pem"], check=True, capture_output=True, cwd=folder)
        unused = closed_port()
        cls.addClassCleanup(unused.close)
        cls.open_bus({"hostile.yaml": BUNDLE.format(keys=folder, nobody=unused.getsockname()[1]),
                      "server.pem": (folder / "server.pem").read_text()})
        crowd = [cls.connect() for _ in range(2000 * CROWD)]
        for connection in crowd:
            connection.sendall(b"G")
        time.sleep(0.5)
        for connection in crowd:
            connection.close()

    def test_slow_heads(self):
        """T20: two thousand heads that arrive a byte at a time."""
        count = 2000 * CROWD

        def trouble(begun, over):
            # In a process of its own: threads of this one would wait for each other, not for the bus.
            ours, theirs = multiprocessing.Pipe()
            child = multiprocessing.get_context("fork").Process(target=drip_heads, args=(self.bus.address("front"), count, theirs))
            child.start()
            ours.recv()
            begun()
            answered, cut = ours.recv()
            over()
            child.join()
            return answered, cut

        told, (answered, cut) = self.hold_p99(trouble)
        self.tell(f"{count} connections, all cut within {cut:.1f} s, {told}")
        self.assertEqual(set(answered), {408})
        self.assertLess(cut, HEAD_DEADLINE + 4 * CROWD)

    def test_slow_bodies(self):
        """T21: bodies of a byte a second are cut; so is whoever does not read the reply, without costing memory."""
        crowd = [self.connect() for _ in range(300 * CROWD)]
        for connection in crowd:
            connection.sendall(post("/size", b'"', length=1000))
        began = time.monotonic()
        statuses = []
        while time.monotonic() - began < 10 and len(statuses) < len(crowd):
            for connection in crowd:
                try:
                    connection.send(b"x")
                except OSError:
                    pass
            poll = select.poll()  # select() knows no descriptor above 1023
            for connection in crowd:
                poll.register(connection, select.POLLIN)
            if poll.poll(500):
                statuses = [read_reply(connection)[0] for connection in crowd]
        cut = time.monotonic() - began
        for connection in crowd:
            connection.close()
        self.assertEqual(set(statuses), {408})
        self.assertLess(cut, HEAD_DEADLINE + 3)
        with self.connect() as connection:  # a megabyte at once buys no silence
            connection.sendall(post("/size", b'"' + b"x" * 1_000_000, length=2_000_000))
            began = time.monotonic()
            self.assertEqual(read_reply(connection)[0], 408)
            silent = time.monotonic() - began
        self.tell(f"{len(crowd)} senders cut after {cut:.1f} s, silence behind a megabyte after {silent:.1f} s")
        self.assertLess(silent, 2 * HEAD_DEADLINE + 1)

    def test_slow_readers(self):
        """T14: five hundred who ask for 64 KiB and read a byte a second."""
        body = json.dumps("x" * 64_000).encode()

        def trouble(begun, over):
            crowd = []
            for _ in range(500):
                connection = socket.socket()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                connection.settimeout(10)
                connection.connect(self.bus.address("front"))
                connection.sendall(post("/large", body))
                crowd.append(connection)
            begun()
            for _ in range(2):
                for connection in crowd:
                    connection.recv(1)
                time.sleep(1)
            over()
            grown = self.bus.resident_bytes() - self.resident
            for connection in crowd:
                connection.close()
            return grown

        told, grown = self.hold_p99(trouble)
        self.tell(f"{grown / 1024 / 500:.0f} KiB a reader, {told}")
        self.assertLess(grown, 500 * 64 * 1024 + RESIDENT_SLACK)

    def test_a_million_chunks(self):
        body = b'"' + b"a" * 999_998 + b'"'
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        began = time.monotonic()
        status, reply = self.ask(post("/size", chunks, "Transfer-Encoding: chunked"))
        took = time.monotonic() - began
        self.tell(f"10^6 chunks in {1000 * took:.0f} ms")
        self.assertEqual((status, reply), (200, b"999998"))
        self.assertLess(took, 3)

    def test_without_end(self):
        """T24, T28, T37: each is refused by its limit, in a time that does not depend on what would have followed."""
        chunked = "Transfer-Encoding: chunked"
        megabyte = b"a" * 1024 * 1024
        cases = {
            "chunk size": (post("/size", b"0" * 1_000_000, chunked), 400),
            "chunk extension": (post("/size", b"1;" + megabyte, chunked), 400),
            "extensions": (post("/size", b"1;aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n1\r\n" * 100_000, chunked), 400),
            "trailer": (post("/size", b"0\r\nX: " + megabyte, chunked), 400),
            "chunks": (post("/size", b"100000\r\n" + megabyte + b"\r\n", chunked)
                       + (b"100000\r\n" + megabyte + b"\r\n") * 12, 413),
            "10 GB": (post("/size", length=10_000_000_000), 413),
            "request line": (b"GET /" + megabyte, 414),
            "field line": (b"GET / HTTP/1.1\r\nX: " + megabyte, 431),
            "10^4 fields": (b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 10_000, 431),
            "depth 10^6": (post("/size", b"[" * 1_000_000), 400),
            "10^7 digits": (post("/size", b"[" + b"9" * 10_000_000 + b"]"), (200, 400, 413)),
            "bomb 1000:1": (post("/size", gzip.compress(b'"' + b"x" * 10_000_000 + b'"'), "Content-Encoding: gzip"), 413),
            "head": (b"GET / HTTP/1.1\r\n" + (b"X: " + b"a" * 8000 + b"\r\n") * 50, 431),
            "10^6 empty lines": (b"\r\n" * 1_000_000, 400),
            "no HTTP": (b"\x00\x01\x02\x03" * 1000, 400),
        }
        slowest = 0
        for name, (request, expected) in cases.items():
            with self.subTest(name):
                began = time.monotonic()
                status, _ = self.ask(request)
                took = time.monotonic() - began
                if name != "10^7 digits":
                    slowest = max(slowest, took)
                self.assertIn(status, expected if isinstance(expected, tuple) else (expected,))
                self.assertLess(took, 2)
        self.tell(f"{len(cases)} shapes, the slowest took {1000 * slowest:.0f} ms")

    def test_gone_in_the_middle(self):
        """T26, T13: a thousand who vanish within a body, half by FIN and half by RST; one who only ends his side."""
        for number in range(1000 * CROWD):
            connection = self.connect()
            connection.sendall(post("/size", b'"abc', length=100 + number))
            if number % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        began = time.monotonic()
        wait_until(lambda: self.bus.open_files() <= self.open_files, 5, "every descriptor back")
        self.tell(f"{1000 * CROWD} gone, all descriptors back after {1000 * (time.monotonic() - began):.0f} ms")
        with self.connect() as connection:
            connection.sendall(GET)
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(read_reply(connection)[0], 200)

    def test_tls_garbage(self):
        """T29: plain HTTP, noise and silence where a handshake belongs."""
        shapes = [GET, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), os.urandom(300), b"\x16", b""]

        def trouble(begun, over):
            crowd = []
            for number in range(500 * CROWD):
                connection = self.connect("secure")
                connection.sendall(shapes[number % len(shapes)])
                crowd.append(connection)
            begun()
            began = time.monotonic()
            wait_until(lambda: self.bus.open_files() <= self.open_files + 1, HEAD_DEADLINE + 3, "every handshake cut")
            over()
            for connection in crowd:
                connection.close()
            return time.monotonic() - began

        told, took = self.hold_p99(trouble)
        self.tell(f"{500 * CROWD} handshakes, all gone after {took:.1f} s, {told}")

    def test_a_flood_of_errors(self):
        """T73: as many failures as there is time for are at most ten lines a second of the log."""
        before = self.bus.log().count("\n")
        began = time.monotonic()
        requests = 0
        with self.connect() as connection:
            while time.monotonic() - began < 2:
                connection.sendall(b"GET /nobody HTTP/1.1\r\nHost: a\r\n\r\n" * 50)
                data = b""
                while data.count(b"HTTP/1.1 503") < 50:
                    data += connection.recv(65536)
                requests += 50
        took = time.monotonic() - began
        lines = self.bus.log().count("\n") - before
        # A window of a second starts with its first line, and a counter says what the last one left out.
        self.tell(f"{requests / took:.0f} failures a second, {lines} lines in {took:.1f} s")
        self.assertGreater(requests, 200)
        self.assertLessEqual(lines, 11 * (int(took) + 1))
        self.assertGreater(lines, 0)


if __name__ == "__main__":
    need(programs=["openssl"])
    unittest.main()
