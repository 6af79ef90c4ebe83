"""Large bodies through a running bus: every byte, bounded memory, back-pressure, cuts on either side that look like cuts.

256 MiB each way and 64 slow readers; 1 GiB and 500 in a long run (BUSWAY_LONG).
"""

import hashlib
import http.client
import io
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
from far import PIECE, Far, chunk, digest_of, pattern, reset  # noqa: E402
from live_bus import LiveBus, wait_until  # noqa: E402

LONG = bool(os.environ.get("BUSWAY_LONG"))
LARGE = (1024 if LONG else 256) * 1024 * 1024
SLOW_READERS = 500 if LONG else 64
BOUND = 32 * 1024
GROWTH = (32 if os.environ.get("BUSWAY_SANITIZER") else 4) * 1024 * 1024
PATIENCE = 30

BUNDLE = """\
listeners:
  front: {{ http: {{ listen: '127.0.0.1:0', access_log: true, head_deadline: 2s, body_rate: 1KiB }} }}
  safe: {{ http: {{ listen: '127.0.0.1:0', tls: {{ certificate: cert.pem, key: '${{file:{key}}}' }} }} }}
services:
  far: {{ http: {{ endpoints: ['http://127.0.0.1:{port}'], max_answer: 1GiB, connections: 1024 }}, timeout: 2s }}
  tight: {{ http: {{ endpoints: ['http://127.0.0.1:{port}'], max_answer: 200KiB }}, timeout: 2s }}
  quick: {{ http: {{ endpoints: ['http://127.0.0.1:{port}'] }}, timeout: 300ms }}
  either: {{ http: {{ endpoints: ['http://127.0.0.1:1', 'http://127.0.0.1:{port}'] }}, retry: {{ attempts: 3, backoff: 1ms..2ms }} }}
  locked: {{ http: {{ endpoints: ['https://127.0.0.1:{safe_port}'], max_answer: 1GiB, tls: {{ ca: cert.pem, server_name: localhost }} }} }}
routes:
  stream: {{ from: {{ http: '* /stream/{{rest*}}', on: front, max_body: 1GiB }}, steps: [ {{ call: far }} ] }}
  gather: {{ from: {{ http: '* /gather/{{rest*}}', on: front, max_body: 1GiB }}, steps: [ {{ set_variable: {{ x: 1 }} }}, {{ call: far }} ] }}
  small: {{ from: {{ http: '* /small/{{rest*}}', on: front, max_body: 200KiB }}, steps: [ {{ call: far }} ] }}
  tight: {{ from: {{ http: '* /tight/{{rest*}}', on: front, max_body: 1GiB }}, steps: [ {{ call: tight }} ] }}
  quick: {{ from: {{ http: '* /quick/{{rest*}}', on: front }}, steps: [ {{ call: quick }} ] }}
  either: {{ from: {{ http: '* /either/{{rest*}}', on: front }}, steps: [ {{ call: either }} ] }}
  safe: {{ from: {{ http: '* /{{rest*}}', on: safe, max_body: 1GiB }}, steps: [ {{ call: locked }} ] }}
"""


def head(method, path, *fields):
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: a", *fields, "", "")).encode()


def answer_of(connection, method="GET"):
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    return response


class Pipelined(io.BufferedReader):
    """Of a connection, for answer_of: one reader of all its replies, as a reply's own would read into the next."""

    def __init__(self, connection):
        super().__init__(socket.SocketIO(connection, "r"), 65536)

    def makefile(self, *_):
        return self

    def close(self):
        pass


def body_digest(response):
    digest, size = hashlib.sha256(), 0
    while piece := response.read(65536):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()


class Streaming(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.TemporaryDirectory(prefix="busway-streaming-")
        key, certificate = (pathlib.Path(cls.keys.name) / name for name in ("key.pem", "cert.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        cls.far = Far()
        cls.safe_far = Far(context)
        cls.bus = LiveBus({"routes.yaml": BUNDLE.format(port=cls.far.port, safe_port=cls.safe_far.port, key=key),
                           "cert.pem": certificate.read_text()}, arguments=["--workers", "1"])

    @classmethod
    def tearDownClass(cls):
        cls.keys.cleanup()
        assert cls.bus.stop() == 0, cls.bus.log()

    def connect(self, listener="front"):
        connection = socket.create_connection(self.bus.address(listener), timeout=PATIENCE)
        if listener == "safe":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = context.wrap_socket(connection)
        self.addCleanup(connection.close)
        return connection

    def anonymous(self):
        status = pathlib.Path(f"/proc/{self.bus.process.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) * 1024

    def upload(self, connection, path, size, chunked=False, pieces=None, fields=()):
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        connection.sendall(head("POST", path, framing, "Content-Type: text/plain", *fields))
        for piece in pieces or pattern(size):
            connection.sendall(chunk(piece) if chunked else piece)
        if chunked:
            connection.sendall(b"0\r\nX-Trailer: t\r\n\r\n")

    def access_line(self, path, **holds):
        """The last one of that path whose fields hold these values, or values in these ranges."""
        def fits(value, wanted):
            return value in wanted if isinstance(wanted, range) else value == wanted

        def found():
            for line in reversed(self.bus.log().splitlines()):
                if line.startswith("{"):
                    entry = json.loads(line)
                    if entry.get("path") == path and all(fits(entry.get(key), value) for key, value in holds.items()):
                        return entry
            return None
        return wait_until(found, PATIENCE, f"an access line of {path} with {holds}")

    # ---- size ----

    def bounded(self, what, work):
        """Runs `work` while the bus's own memory is watched; what it returned."""
        before, most, done = self.anonymous(), 0, threading.Event()

        def watch():
            nonlocal most
            while not done.wait(0.02):
                most = max(most, self.anonymous())
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            return work()
        finally:
            done.set()
            watcher.join()
            print(f"{what}: {LARGE >> 20} MiB, RssAnon +{(most - before) >> 10} KiB", flush=True)
            self.assertLess(most - before, GROWTH)

    def test_a_large_body_up_in_bounded_memory(self):
        for chunked in (False, True):
            connection = self.connect()

            def work(connection=connection, chunked=chunked):
                self.upload(connection, "/stream/digest", LARGE, chunked)
                return json.loads(answer_of(connection, "POST").read())
            seen = self.bounded(f"up, chunked={chunked}", work)
            self.assertEqual((seen["size"], seen["digest"]), (LARGE, digest_of(LARGE)))

    def test_a_large_body_down_in_bounded_memory(self):
        for framing in ("length", "chunked", "close"):
            connection = self.connect()

            def work(connection=connection, framing=framing):
                connection.sendall(head("GET", f"/stream/bytes?n={LARGE}&framing={framing}"))
                return body_digest(answer_of(connection))
            self.assertEqual(self.bounded(f"down, {framing}", work), (LARGE, digest_of(LARGE)))

    def test_tls_on_both_sides(self):
        size = 8 * 1024 * 1024 + 7
        for chunked in (False, True):
            connection = self.connect("safe")
            for _ in range(2):
                self.upload(connection, "/digest", size, chunked)
                seen = json.loads(answer_of(connection, "POST").read())
                self.assertEqual((seen["size"], seen["digest"]), (size, digest_of(size)))
                connection.sendall(head("GET", f"/bytes?n={size}&framing={'chunked' if chunked else 'length'}"))
                self.assertEqual(body_digest(answer_of(connection)), (size, digest_of(size)))

    # ---- the same as when it is gathered ----

    def test_streamed_and_gathered_are_the_same(self):
        sizes = (0, 1, 14_000, 16_384, BOUND - 1, BOUND, BOUND + 1, BOUND + 20_000, 65_535, 65_536, 65_537, 200_001, 1_000_003)
        framing_fields = {"content-length", "transfer-encoding"}
        for size in sizes:
            for chunked in (False, True):
                for cut in (997, 65_536):
                    data = b"".join(pattern(size))
                    seen = []
                    for route in ("gather", "stream"):
                        connection = self.connect()
                        pieces = [data[at:at + cut] for at in range(0, size, cut)]
                        for _ in range(2):
                            self.upload(connection, f"/{route}/digest", size, chunked, pieces, ["X-A: 1", "x-a: 2"])
                            response = answer_of(connection, "POST")
                            got = json.loads(response.read())
                            sent = {name.lower(): value for name, value in got["fields"]}
                            if not chunked:
                                self.assertEqual(sent["content-length"], str(size))
                            self.assertNotIn("x-trailer", sent)
                        got["fields"] = [field for field in got["fields"] if field[0].lower() not in framing_fields]
                        own = [field for field in response.getheaders() if field[0] not in ("Date", "Content-Length")]
                        seen.append((response.status, own, got))
                    self.assertEqual(seen[0], seen[1], (size, chunked, cut))
                    self.assertEqual(seen[0][2]["digest"], hashlib.sha256(data).hexdigest())
            for framing in ("length", "chunked", "close"):
                seen = []
                for route in ("gather", "stream"):
                    connection = self.connect()
                    for _ in range(2):
                        connection.sendall(head("GET", f"/{route}/bytes?n={size}&framing={framing}"))
                        response = answer_of(connection)
                        if framing == "length" and size:
                            self.assertEqual(response.getheader("Content-Length"), str(size))
                        own = [field for field in response.getheaders()
                               if field[0] != "Date" and field[0].lower() not in framing_fields]
                        got = body_digest(response)
                    seen.append((response.status, own, got))
                self.assertEqual(seen[0], seen[1], (size, framing))
                self.assertEqual(seen[0][2], (size, digest_of(size)))

    def test_an_old_caller_reads_until_the_end(self):
        connection = self.connect()
        connection.sendall(b"GET /stream/bytes?n=300000&framing=chunked HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
        response = answer_of(connection)
        self.assertEqual((response.getheader("Transfer-Encoding"), response.getheader("Connection")), (None, "close"))
        self.assertEqual(body_digest(response), (300_000, digest_of(300_000)))

    def test_what_has_no_body(self):
        connection = self.connect()
        connection.sendall(head("HEAD", "/stream/bytes?n=300000"))
        self.assertEqual(answer_of(connection, "HEAD").read(), b"")
        for status in (204, 304):
            connection.sendall(head("GET", f"/stream/bytes?n=0&status={status}"))
            self.assertEqual((lambda r: (r.status, r.read()))(answer_of(connection)), (status, b""))
        connection.sendall(head("GET", "/stream/bytes?n=300000"))
        self.assertEqual(body_digest(answer_of(connection))[0], 300_000)

    def test_requests_behind_a_streamed_one(self):
        for chunked in (False, True):
            connection = self.connect()
            threading.Thread(target=lambda c=connection, k=chunked: [self.upload(c, "/stream/digest", 500_000 + i, k) for i in range(8)]).start()
            replies = Pipelined(connection)
            for i in range(8):
                self.assertEqual(json.loads(answer_of(replies, "POST").read())["digest"], digest_of(500_000 + i))

    def test_both_connections_are_used_again(self):
        connection = self.connect()
        self.upload(connection, "/stream/digest", 100_000)
        answer_of(connection, "POST").read()
        before = self.far.connections
        for _ in range(5):
            self.upload(connection, "/stream/digest", 100_000, True)
            answer_of(connection, "POST").read()
            for framing in ("length", "chunked"):
                connection.sendall(head("GET", f"/stream/bytes?n=100000&framing={framing}"))
                self.assertEqual(body_digest(answer_of(connection))[0], 100_000)
        self.assertEqual(self.far.connections, before)

    def test_expect_continue(self):
        connection = self.connect()
        connection.sendall(head("POST", "/stream/digest", "Content-Length: 300000", "Expect: 100-continue"))
        self.assertEqual(connection.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(b"".join(pattern(300_000)))
        self.assertEqual(json.loads(answer_of(connection, "POST").read())["digest"], digest_of(300_000))

    def test_the_log_counts_what_went_out(self):
        connection = self.connect()
        connection.sendall(head("GET", "/stream/bytes?n=777777"))
        body_digest(answer_of(connection))
        # The line comes behind the answer, and other answers of this path have theirs.
        self.access_line("/stream/bytes", status=200, sent=range(777_778, 778_500))

    def test_both_bodies_at_once(self):
        connection = self.connect()
        sender = threading.Thread(target=self.upload, args=(connection, "/stream/duplex", 20_000_000, True))
        sender.start()
        self.assertEqual(body_digest(answer_of(connection, "POST")), (20_000_000, digest_of(20_000_000)))
        sender.join()

    # ---- limits ----

    def test_too_large_by_its_length_reaches_nobody(self):
        connection = self.connect()
        seen = len(self.far.seen)
        connection.sendall(head("POST", "/small/digest", "Content-Length: 300000"))
        self.assertEqual(answer_of(connection, "POST").status, 413)
        self.assertEqual(len(self.far.seen), seen)

    def test_too_large_in_mid_body(self):
        connection = self.connect()
        sender = threading.Thread(target=self._push, args=(connection, "/small/digest"))
        sender.start()
        response = answer_of(connection, "POST")
        self.assertEqual((response.status, response.getheader("Connection")), (413, "close"))
        sender.join()
        wait_until(lambda: self.far.seen[-1] == ("digest", "cut"), PATIENCE)
        self.access_line("/small/digest", status=413)

    def _push(self, connection, path):
        try:
            self.upload(connection, path, 600_000, True, [PIECE[:10_000]] * 60)
        except OSError:
            pass  # it may be told while it still sends

    def test_an_answer_over_its_bound(self):
        connection = self.connect()
        connection.sendall(head("GET", "/tight/bytes?n=300000"))
        self.assertEqual(answer_of(connection).status, 502)
        connection.sendall(head("GET", "/tight/bytes?n=300000&framing=chunked"))
        with self.assertRaises((ConnectionResetError, http.client.IncompleteRead)):
            body_digest(answer_of(connection))

    # ---- failures ----

    def test_a_service_that_cuts_its_answer(self):
        for size, at in ((1_000_000, 100), (1_000_000, BOUND), (1_000_000, 500_000), (1_000_000, 999_999)):
            for extra in ("", "&reset=1", "&chunked=1", "&chunked=1&reset=1"):
                connection = self.connect()
                connection.sendall(head("GET", f"/stream/cut?n={size}&at={at}{extra}"))
                try:
                    response = answer_of(connection)
                    if response.status == 504:
                        self.assertIn(b"urn:busway:unknown", response.read())
                        continue
                    with self.assertRaises((ConnectionResetError, http.client.IncompleteRead), msg=(at, extra)):
                        while response.read1(65536):
                            pass
                        if response.length:  # read1 gives no error for what is short
                            raise http.client.IncompleteRead(b"")
                except ConnectionResetError:
                    pass
        self.assertIn("A reply was cut off.", self.bus.log())
        self.access_line("/stream/cut", cut=True)

    def test_a_service_that_falls_silent(self):
        connection = self.connect()
        began = time.monotonic()
        connection.sendall(head("GET", "/quick/stall"))
        with self.assertRaises((ConnectionResetError, http.client.IncompleteRead)):
            answer_of(connection).read()
        self.assertLess(time.monotonic() - began, 5)
        wait_until(lambda: ("stall", "ended") in self.far.seen, PATIENCE)

    def test_a_caller_gone_in_its_own_body(self):
        for leave in (socket.socket.close, reset):
            before = len(self.far.seen)
            connection = self.connect()
            connection.sendall(head("POST", "/stream/digest", "Content-Length: 1000000") + PIECE + PIECE)
            wait_until(lambda: self.far.open > 0, PATIENCE)
            leave(connection)
            wait_until(lambda: len(self.far.seen) > before, PATIENCE)
            self.assertEqual(self.far.seen[-1], ("digest", "cut"))

    def test_a_caller_gone_in_the_answer(self):
        # One service is silent by then, the other sends on.
        for path, told in (("/stream/stall", ("stall", "ended")), (f"/stream/bytes?n={LARGE}", ("bytes", "caller gone"))):
            self.far.seen.clear()
            connection = self.connect()
            connection.sendall(head("GET", path))
            connection.recv(1000)
            began = time.monotonic()
            reset(connection)
            wait_until(lambda: told in self.far.seen, PATIENCE, told)
            self.assertLess(time.monotonic() - began, 1.5)

    def test_an_early_answer(self):
        for chunked in (False, True):
            connection = self.connect()
            sender = threading.Thread(target=self._upload_until_told, args=(connection, chunked))
            sender.start()
            response = answer_of(connection, "POST")
            self.assertEqual((response.status, response.getheader("Connection"), response.read()), (403, "close", b'{"no":1}'))
            try:
                self.assertEqual(connection.recv(10), b"")
            except ConnectionResetError:
                pass  # it had still sent on
            sender.join()
            wait_until(lambda: ("early", "closed") in self.far.seen, PATIENCE)

    def _upload_until_told(self, connection, chunked):
        try:
            self.upload(connection, "/stream/early", 1_000_000_000, chunked, self._for_a_while())
        except OSError:
            pass

    @staticmethod
    def _for_a_while():
        yield PIECE
        for _ in range(500):
            time.sleep(0.01)
            yield PIECE[:1000]

    def test_a_caller_that_is_too_slow(self):
        connection = self.connect()
        connection.sendall(head("POST", "/stream/digest", "Content-Length: 1000000") + PIECE)
        began = time.monotonic()
        self.assertEqual(answer_of(connection, "POST").status, 408)
        self.assertTrue(1.5 < time.monotonic() - began < 8)

    def test_a_service_that_takes_no_more(self):
        connection = self.connect()
        sender = threading.Thread(target=lambda: self._push_all(connection, "/quick/deaf"))
        sender.start()
        response = answer_of(connection, "POST")
        self.assertEqual(response.status, 504)
        self.assertIn(b"unknown", response.read())
        sender.join()

    def _push_all(self, connection, path):
        try:
            self.upload(connection, path, 10_000_000)
        except OSError:
            pass

    def test_another_endpoint_while_nothing_is_sent(self):
        for _ in range(4):
            connection = self.connect()
            self.upload(connection, "/either/digest", 1_000_000)
            response = answer_of(connection, "POST")
            self.assertEqual((response.status, json.loads(response.read())["digest"]), (200, digest_of(1_000_000)))

    # ---- slow readers ----

    def test_slow_readers_cost_a_bounded_buffer_each(self):
        before = self.anonymous()
        readers = []
        for _ in range(SLOW_READERS):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(PATIENCE)
            connection.connect(self.bus.address("front"))
            connection.sendall(head("GET", "/stream/bytes?n=50000000&framing=" + ("length", "chunked")[len(readers) % 2]))
            readers.append(connection)
        for _ in range(3):
            for connection in readers:
                self.assertTrue(connection.recv(8))
            time.sleep(0.5)
        each = (self.anonymous() - before) / len(readers)
        print(f"{len(readers)} slow readers: {each / 1024:.1f} KiB each", flush=True)
        self.assertLess(each, (128 if os.environ.get("BUSWAY_SANITIZER") else 64) * 1024)
        # One that reads at once is not held up by them.
        connection = self.connect()
        connection.sendall(head("GET", "/stream/bytes?n=3000000"))
        self.assertEqual(body_digest(answer_of(connection))[0], 3_000_000)
        for connection in readers:
            connection.close()
        wait_until(lambda: self.far.open < 20, PATIENCE, "the service's connections are free")


class Draining(unittest.TestCase):
    def test_a_stream_may_end(self):
        far = Far()
        bundle = BUNDLE[:BUNDLE.index("  safe:")] + BUNDLE[BUNDLE.index("services:"):BUNDLE.index("  locked:")]
        bundle += BUNDLE[BUNDLE.index("routes:"):BUNDLE.index("  safe: {{ from")]
        bus = LiveBus({"routes.yaml": bundle.format(port=far.port)}, arguments=["--drain", "20s"])
        connection = socket.create_connection(bus.address("front"), timeout=PATIENCE)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(head("GET", "/stream/bytes?n=30000000"))
        response = answer_of(connection)
        got = len(response.read(1_000_000))
        ended = threading.Thread(target=lambda: self.assertEqual(bus.stop(), 0))
        ended.start()
        time.sleep(0.5)
        self.assertIsNone(bus.process.poll())
        got += body_digest(response)[0]
        self.assertEqual(got, 30_000_000)
        ended.join()


READERS = """\
listeners:
  front: {{ http: {{ listen: '127.0.0.1:0' }} }}
services:
  down: {{ http: {{ endpoints: ['http://127.0.0.1:1'] }} }}
  told: {{ http: {{ endpoints: ['http://127.0.0.1:{port}'] }}, headers: {{ X-Items: {{ expr: '$string($count(items))' }} }} }}
routes:
  handled: {{ from: {{ http: 'POST /handled', on: front }}, steps: [ {{ call: down }} ] }}
  told: {{ from: {{ http: 'POST /told/digest', on: front }}, steps: [ {{ call: told }} ] }}
on_error: [ {{ reply: {{ status: 503, body: '{{ "items": $count(items) }}' }} }} ]
"""


class Readers(unittest.TestCase):
    def test_what_may_be_read_is_gathered(self):
        """By the bundle's on_error, or by a header field of the service."""
        far = Far()
        body = json.dumps({"items": list(range(30_000))}).encode()
        request = (f"Content-Length: {len(body)}", "Content-Type: application/json")
        with LiveBus({"routes.yaml": READERS.format(port=far.port)}) as bus:
            with socket.create_connection(bus.address("front"), timeout=PATIENCE) as connection:
                connection.sendall(head("POST", "/handled", *request) + body)
                response = answer_of(connection, "POST")
                self.assertEqual((response.status, json.loads(response.read())), (503, {"items": 30_000}))
        without = READERS[:READERS.index("on_error:")].format(port=far.port)
        with LiveBus({"routes.yaml": without}) as bus:
            with socket.create_connection(bus.address("front"), timeout=PATIENCE) as connection:
                connection.sendall(head("POST", "/told/digest", *request) + body)
                seen = json.loads(answer_of(connection, "POST").read())
        self.assertIn(["X-Items", "30000"], seen["fields"])
        self.assertEqual(seen["digest"], hashlib.sha256(body).hexdigest())


if __name__ == "__main__":
    unittest.main()
