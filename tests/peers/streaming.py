"""Large bodies through a running bus, while they arrive: every byte, the same as when they are gathered, each connection used again.
"""

import hashlib
import json
import pathlib
import socket
import sys
import threading
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
from far import Far, digest_of, pattern  # noqa: E402
from live_bus import LiveBus  # noqa: E402
from streaming_bed import BOUND, BUNDLE, PATIENCE, Pipelined, StreamingBed, answer_of, body_digest, head  # noqa: E402


class Streaming(StreamingBed):
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
