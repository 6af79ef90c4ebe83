"""Peers that mean harm, or have lost their minds, on both sides of a running bus.

Each test does one thing to the bus while a well-behaved caller goes on, and has a figure that it prints and is held to. After
each the bus must be alive, with as many descriptors as before it and about as much memory. The whole takes under a minute;
BUSWAY_LONG multiplies the crowds by ten where descriptors allow it.
"""

import concurrent.futures
import gzip
import json
import multiprocessing
import os
import pathlib
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import LiveBus, need, wait_until  # noqa: E402

MOST_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
CROWD = max(1, min(10, (MOST_FILES - 2000) // 2000)) if os.environ.get("BUSWAY_LONG") else 1
# What the allocator keeps of a peak, for the next one; a sanitizer keeps a shadow of all that was ever touched.
RESIDENT_SLACK = CROWD * 32 * 1024 * 1024 * (16 if os.environ.get("BUSWAY_SANITIZER") else 1)
HEAD_DEADLINE = 2.0
TIMEOUT = 0.5

BUNDLE = """\
listeners:
  front: {{ http: {{ listen: '127.0.0.1:0', head_deadline: 2s, idle: 60s, body_rate: 1KiB, max_connections: 50000 }} }}
  secure:
    http:
      listen: '127.0.0.1:0'
      head_deadline: 2s
      tls: {{ certificate: server.pem, key: '${{file:{keys}/server.key}}' }}
services:
  shaky: {{ http: {{ endpoints: ['http://127.0.0.1:{shaky}/'], connections: 64 }}, timeout: 500ms }}
  frozen: {{ http: {{ endpoints: ['http://127.0.0.1:{frozen}/'], connections: 64 }}, timeout: 500ms }}
  nobody: {{ http: {{ endpoints: ['http://127.0.0.1:{nobody}/'] }}, timeout: 500ms }}
routes:
  ok: {{ from: {{ http: GET /ok, on: front }}, steps: [ {{ map: '{{ "ok": true }}' }} ] }}
  safe: {{ from: {{ http: GET /ok, on: secure }}, steps: [ {{ map: '{{ "ok": true }}' }} ] }}
  size: {{ from: {{ http: POST /size, on: front }}, steps: [ {{ map: '$length($string($))' }} ] }}
  large: {{ from: {{ http: POST /large, on: front }}, steps: [ {{ map: '$' }} ] }}
  shaky: {{ from: {{ http: GET /shaky, on: front }}, steps: [ {{ call: {{ service: shaky }} }} ] }}
  frozen: {{ from: {{ http: GET /frozen, on: front }}, steps: [ {{ call: {{ service: frozen }} }} ] }}
  nobody: {{ from: {{ http: GET /nobody, on: front }}, steps: [ {{ call: {{ service: nobody }} }} ] }}
"""

FROZEN = """
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer.request_queue_size = 128
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
print(server.server_port, flush=True)
server.serve_forever()
"""

GET = b"GET /ok HTTP/1.1\r\nHost: a\r\n\r\n"


def post(path, body=b"", *fields, length=None):
    lines = [f"POST {path} HTTP/1.1", "Host: a", "Content-Type: application/json", *fields]
    if not any(field.startswith("Transfer-Encoding") for field in fields):
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_reply(connection):
    """Status and body of one reply with a Content-Length; status 0 when the connection ended first."""
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            got = connection.recv(65536)
            if not got:
                return 0, data
            data += got
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        while length and len(body) < int(length[1]):
            got = connection.recv(65536)
            if not got:
                return 0, body
            body += got
        return int(head.split()[1]), body
    except ConnectionError:
        return 0, data


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


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


class ShakyService:
    """Answers as `script` says: how many bytes of the answer go out, and how the connection ends then."""

    ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"all":"ok"}'

    def __init__(self):
        self.most = len(self.ANSWER)
        self.reset = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                data = b""
                while b"\r\n\r\n" not in data:
                    got = connection.recv(4096)
                    if not got:
                        break
                    data += got
                if b"\r\n\r\n" not in data:
                    continue
                connection.sendall(self.ANSWER[:self.most])
                if self.reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self):
        self._listener.close()


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))
        scratch = tempfile.TemporaryDirectory(prefix="busway-hostile-")
        cls.addClassCleanup(scratch.cleanup)
        folder = pathlib.Path(scratch.name)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bus", "-keyout",
                        "server.key", "-out", "server.pem"], check=True, capture_output=True, cwd=folder)
        cls.shaky = ShakyService()
        cls.addClassCleanup(cls.shaky.close)
        cls.frozen = subprocess.Popen([sys.executable, "-c", FROZEN], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.frozen.stdout.close)
        cls.addClassCleanup(cls.frozen.wait)
        cls.addClassCleanup(cls.frozen.kill)
        unused = socket.socket()
        unused.bind(("127.0.0.1", 0))
        cls.addClassCleanup(unused.close)
        text = BUNDLE.format(keys=folder, shaky=cls.shaky.port, frozen=int(cls.frozen.stdout.readline()), nobody=unused.getsockname()[1])
        cls.bus = LiveBus({"hostile.yaml": text, "server.pem": (folder / "server.pem").read_text()})
        cls.addClassCleanup(cls.bus.__exit__, None, None, None)
        # What a bus has used once is its baseline.
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            list(pool.map(lambda _: cls.ask(GET), range(500)))
        crowd = [cls.connect() for _ in range(2000 * CROWD)]
        for connection in crowd:
            connection.sendall(b"G")
        time.sleep(0.5)
        for connection in crowd:
            connection.close()
        cls.settle(cls)

    def settle(self):
        time.sleep(0.1)
        self.open_files = self.bus.open_files()
        self.resident = self.bus.resident_bytes()

    def setUp(self):
        self.began = time.monotonic()
        self.settle()

    def tearDown(self):
        self.assertEqual(self.ask(GET)[0], 200, "the bus is not well")
        wait_until(lambda: self.bus.open_files() <= self.open_files, 10, f"{self.bus.open_files()} of {self.open_files} descriptors")
        grown = self.bus.resident_bytes() - self.resident
        self.assertLess(grown, RESIDENT_SLACK)
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

    @classmethod
    def good_traffic(cls, seconds):
        """p99 of the reply time of one caller who goes on for `seconds`, in ms."""
        times = []
        with cls.connect() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                start = time.monotonic()
                connection.sendall(GET)
                assert read_reply(connection)[0] == 200
                times.append(1000 * (time.monotonic() - start))
        return percentile(times, 0.99)

    def test_slow_heads(self):
        """T20: two thousand heads that arrive a byte at a time."""
        count = 2000 * CROWD
        before = min(self.good_traffic(0.6) for _ in range(3))
        # In a process of its own: threads of this one would wait for each other, not for the bus.
        ours, theirs = multiprocessing.Pipe()
        child = multiprocessing.get_context("fork").Process(target=drip_heads, args=(self.bus.address("front"), count, theirs))
        child.start()
        ours.recv()
        during = min(self.good_traffic(0.5) for _ in range(3))
        answered, cut = ours.recv()
        child.join()
        self.tell(f"{count} connections, p99 {before:.2f} -> {during:.2f} ms, all cut within {cut:.1f} s")
        self.assertEqual(set(answered), {408})
        self.assertLess(cut, HEAD_DEADLINE + 4 * CROWD)
        self.assertLess(during, max(1.5 * before, before + 1.0))

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
        crowd = []
        for _ in range(500):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.settimeout(10)
            connection.connect(self.bus.address("front"))
            connection.sendall(post("/large", body))
            crowd.append(connection)
        for _ in range(2):
            for connection in crowd:
                connection.recv(1)
            time.sleep(1)
        grown = self.bus.resident_bytes() - self.resident
        p99 = self.good_traffic(0.5)
        for connection in crowd:
            connection.close()
        self.tell(f"{grown / 1024 / len(crowd):.0f} KiB a reader, p99 of others {p99:.2f} ms")
        self.assertLess(grown, len(crowd) * 64 * 1024 + RESIDENT_SLACK)

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

    def test_a_service_that_freezes(self):
        """T10: SIGSTOP. Its callers hear so in time, others notice nothing, and it is used again when it wakes."""
        request = b"GET /frozen HTTP/1.1\r\nHost: a\r\n\r\n"
        self.assertEqual(self.ask(request)[0], 200)
        before = min(self.good_traffic(0.4) for _ in range(3))
        self.frozen.send_signal(signal.SIGSTOP)
        try:
            with concurrent.futures.ThreadPoolExecutor(32) as pool:
                asking = [pool.submit(self.timed, request) for _ in range(32)]
                during = min(self.good_traffic(0.4) for _ in range(3))
                answers = [one.result() for one in asking]
        finally:
            self.frozen.send_signal(signal.SIGCONT)
        began = time.monotonic()
        wait_until(lambda: self.ask(request)[0] == 200, 5, "the service is used again")
        again = time.monotonic() - began
        slowest = max(took for _, took in answers)
        self.tell(f"32 callers heard 504 within {slowest:.2f} s, p99 of others {before:.2f} -> {during:.2f} ms, "
                  f"used again after {1000 * again:.0f} ms")
        self.assertEqual({status for status, _ in answers}, {504})
        self.assertLess(slowest, TIMEOUT + 1)
        self.assertLess(again, 2)
        self.assertLess(during, max(1.5 * before, before + 2.0))
        self.open_files += 4  # connections to the service, which rest for a while

    def timed(self, request):
        began = time.monotonic()
        return self.ask(request)[0], time.monotonic() - began

    def test_an_answer_cut_everywhere(self):
        """T12: the service's answer ends, or is reset, behind each of its bytes."""
        seen = []
        request = b"GET /shaky HTTP/1.1\r\nHost: a\r\n\r\n"
        for self.shaky.reset in (False, True):
            for self.shaky.most in range(len(ShakyService.ANSWER) + 1):
                status, body = self.ask(request)
                whole = self.shaky.most == len(ShakyService.ANSWER)
                seen.append(status)
                if whole and not self.shaky.reset:
                    self.assertEqual((status, body), (200, b'{"all":"ok"}'))
                elif whole:
                    self.assertIn(status, (200, 504))  # a reset may overtake what was sent before it
                else:
                    self.assertEqual(status, 504, self.shaky.most)
                    self.assertIn(b'"outcome":"unknown"', body)
        self.shaky.reset, self.shaky.most = False, len(ShakyService.ANSWER)
        self.tell(f"{len(seen)} cuts, {seen.count(504)} told as unknown")

    def test_tls_garbage(self):
        """T29: plain HTTP, noise and silence where a handshake belongs."""
        shapes = [GET, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), os.urandom(300), b"\x16", b""]
        crowd = []
        for number in range(500 * CROWD):
            connection = self.connect("secure")
            connection.sendall(shapes[number % len(shapes)])
            crowd.append(connection)
        p99 = self.good_traffic(0.5)
        began = time.monotonic()
        wait_until(lambda: self.bus.open_files() <= self.open_files, HEAD_DEADLINE + 3, "every handshake cut")
        took = time.monotonic() - began
        for connection in crowd:
            connection.close()
        self.tell(f"{len(crowd)} handshakes, all gone after {took + 0.5:.1f} s, p99 of others {p99:.2f} ms")

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


class Descriptors(unittest.TestCase):
    """T25: 256 descriptors, a thousand connections."""

    def test_no_descriptors_left(self):
        bundle = {"few.yaml": "listeners: { front: { http: { listen: '127.0.0.1:0', idle: 60s } } }\n"
                              "routes: { ok: { from: { http: GET /ok, on: front }, steps: [ { map: '1' } ] } }\n"}
        with LiveBus(bundle, prefix=["sh", "-c", 'ulimit -n 256; exec "$0" "$@"']) as bus:
            with socket.create_connection(bus.address("front"), 5) as early:
                early.sendall(GET)
                self.assertEqual(read_reply(early)[0], 200)
                crowd = [socket.create_connection(bus.address("front"), 5) for _ in range(1000)]
                wait_until(lambda: bus.open_files() > 200, 5)
                time.sleep(1)
                kept = bus.open_files()
                cpu, began, lines = self.cpu(bus), time.monotonic(), bus.log().count("\n")
                while time.monotonic() - began < 3:  # who was refused comes again
                    crowd += [socket.create_connection(bus.address("front"), 5)]
                    time.sleep(0.003)
                took = time.monotonic() - began
                load = (self.cpu(bus) - cpu) / took
                said = (bus.log().count("\n") - lines) / took
                early.sendall(GET)
                self.assertEqual(read_reply(early)[0], 200, "who was in is served")
                all_lines = bus.log().count("Out of file descriptors")
                for connection in crowd:
                    connection.close()
                began = time.monotonic()
                wait_until(lambda: self.served(bus), 5)
                again = time.monotonic() - began
            print(f"no descriptors left: {kept} of 256 in use, {100 * load:.1f} % CPU, {said:.1f} lines a second, served again after "
                  f"{1000 * again:.0f} ms", flush=True)
            self.assertLessEqual(kept, 256 - 256 // 8 + 1)
            self.assertLess(load, 0.05)
            self.assertLessEqual(said, 1)
            self.assertGreater(all_lines, 0)
            self.assertLess(again, 1)

    @staticmethod
    def cpu(bus):
        fields = pathlib.Path(f"/proc/{bus.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def served(bus):
        try:
            with socket.create_connection(bus.address("front"), 5) as connection:
                connection.sendall(GET)
                return read_reply(connection)[0] == 200
        except OSError:
            return False


if __name__ == "__main__":
    need(programs=["openssl"])
    unittest.main()
