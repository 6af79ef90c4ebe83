"""Large transforms beside small requests, on one worker: who waits for whom, when time is up, and how the bus ends.

Times are compared with how long the large ones take on this machine, never with a figure.
"""

import http.client
import json
import pathlib
import statistics
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import LiveBus  # noqa: E402

BUNDLE = """\
listeners:
  front: { http: { listen: '127.0.0.1:0' } }
  till: { tcp: { listen: '127.0.0.1:0', frame: { length_prefix: { bytes: 4 } }, max_frame: 10MiB } }
routes:
  small: { from: { http: GET /small, on: front }, reply: { body: '{ "ok": true }' } }
  rows: { from: { http: POST /rows, on: front }, reply: { body: '{ "rows": items.{ "item": sku, "count": qty } }' } }
  order:
    from: { soap: /soap, operation: PlaceOrder, on: front }
    reply: { body: '{ "lines": line.{ "item": sku } }' }
  frames:
    from: { tcp: frames, on: till, format: json }
    reply: { body: '{ "rows": items.{ "item": sku, "count": qty } }' }
  late:
    from: { http: POST /late, on: front }
    deadline: 40ms
    steps: [ { map: '{ "sum": $sum([1..4000000].($ * 2)) }' } ]
  long: { from: { http: POST /long, on: front }, reply: { body: '{ "sum": $sum([1..4000000].($ * 2)) }' } }
"""

ITEMS = [{"sku": f"A-{n:06}", "qty": n % 90 + 1, "price": 19.90, "note": "to be packed with care"} for n in range(90_000)]
ROWS = {"rows": [{"item": one["sku"], "count": one["qty"]} for one in ITEMS]}
JSON = json.dumps({"items": ITEMS}, separators=(",", ":")).encode()
SOAP = ("<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><PlaceOrder>"
        + "".join(f"<line><sku>{one['sku']}</sku><note>{one['note']}</note></line>" for one in ITEMS)
        + "</PlaceOrder></s:Body></s:Envelope>").encode()
PATIENCE = 120

# Sends the same large request over and over in a process of its own, and prints how long each took.
SENDER = """
import socket, sys, time
host, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
request = open(path, 'rb').read()
framed = sys.argv[4] == 'framed'
print('started', flush=True)
while True:
    began = time.monotonic()
    with socket.create_connection((host, port), 120) as connection:
        connection.sendall(request)
        if framed:
            size = int.from_bytes(connection.recv(4, socket.MSG_WAITALL), 'big')
            got = connection.recv(size, socket.MSG_WAITALL)
        else:
            got = b''
            while piece := connection.recv(1 << 20):
                got = piece if not got else got[:64] + piece
    if not got:
        sys.exit('no answer')
    print(time.monotonic() - began, flush=True)
"""


def http_request(path, body, kind):
    return (f"POST {path} HTTP/1.1\r\nHost: bus\r\nConnection: close\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


class Slices(unittest.TestCase):
    def setUp(self):
        self.bus = LiveBus({"slices.yaml": BUNDLE}, arguments=["--workers", "1"])
        self.running = []

    def tearDown(self):
        for process in self.running:
            process.kill()
            process.wait()
            process.stdout.close()
        if self.bus.process.poll() is None:
            self.assertEqual(self.bus.stop(), 0)

    def small(self, connection):
        began = time.monotonic()
        connection.request("GET", "/small")
        self.assertEqual(json.loads(connection.getresponse().read()), {"ok": True})
        return time.monotonic() - began

    def post(self, path, body):
        connection = http.client.HTTPConnection(*self.bus.address("front"), timeout=PATIENCE)
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        got = answer.read()
        connection.close()
        return answer.status, json.loads(got)

    def send(self, listener, request, framed):
        path = self.bus.folder / f"request-{len(self.running)}"
        path.write_bytes(request)
        process = subprocess.Popen(
            [sys.executable, "-c", SENDER, *map(str, self.bus.address(listener)), str(path), "framed" if framed else "plain"],
            stdout=subprocess.PIPE, text=True)
        self.running.append(process)
        self.assertEqual(process.stdout.readline(), "started\n")
        return process

    def beside(self, listener, request, framed=False):
        """How long one large exchange takes alone, and what small ones take while two of them are always under way."""
        first = self.send(listener, request, framed)
        alone = statistics.median(float(first.stdout.readline()) for _ in range(3))
        second = self.send(listener, request, framed)
        connection = http.client.HTTPConnection(*self.bus.address("front"), timeout=PATIENCE)
        small = sorted(self.small(connection) for _ in range(400))
        connection.close()
        for process in (first, second):
            self.assertIsNone(process.poll(), "a large exchange failed")
        print(f"{listener}: large alone {alone * 1000:.0f} ms; small among large p50 {small[200] * 1000:.2f}, "
              f"p99 {small[395] * 1000:.2f} ms", flush=True)
        # In one go each small one would wait for a large one, or for two.
        self.assertLess(small[200], alone / 8)
        self.assertLess(small[395], alone / 2)

    def test_json_over_http(self):
        self.assertEqual(self.post("/rows", JSON), (200, ROWS))
        self.beside("front", http_request("/rows", JSON, "application/json"))

    def test_soap(self):
        self.beside("front", http_request("/soap", SOAP, "text/xml"))

    def test_frames(self):
        self.beside("till", len(JSON).to_bytes(4, "big") + JSON, framed=True)

    def test_a_deadline_ends_a_computation(self):
        # A body of this size is computed on in slices from the first time.
        body = json.dumps({"filler": "x" * 120_000})
        began = time.monotonic()
        status, problem = self.post("/late", body)
        given_up = time.monotonic() - began
        self.assertEqual((status, problem["type"]), (504, "urn:busway:deadline"))
        began = time.monotonic()
        self.assertEqual(self.post("/long", body)[0], 200)
        self.assertLess(given_up, time.monotonic() - began)

    def test_a_route_that_computes_long_on_little_learns(self):
        sender = self.send("front", http_request("/long", b"{}", "application/json"), False)
        alone = float(sender.stdout.readline())  # the one that it learns from is served in one go
        connection = http.client.HTTPConnection(*self.bus.address("front"), timeout=PATIENCE)
        small = sorted(self.small(connection) for _ in range(100))
        connection.close()
        self.assertLess(small[95], alone / 2)

    def test_a_drain_waits_for_what_is_half_done(self):
        sender = self.send("front", http_request("/rows", JSON, "application/json"), False)
        self.assertGreater(float(sender.stdout.readline()), 0)
        began = time.monotonic()
        self.assertEqual(self.bus.stop(), 0)
        self.assertLess(time.monotonic() - began, 15)

    def test_the_end_comes_also_in_the_middle(self):
        bus = LiveBus({"slices.yaml": BUNDLE}, arguments=["--workers", "1", "--drain", "50ms"])
        connections = []
        body = json.dumps({"filler": "x" * 120_000})
        for _ in range(5):
            connection = http.client.HTTPConnection(*bus.address("front"), timeout=PATIENCE)
            connection.request("POST", "/long", body, {"Content-Type": "application/json"})
            connections.append(connection)
        small = http.client.HTTPConnection(*bus.address("front"), timeout=PATIENCE)
        self.small(small)  # they are under way, for they came before it
        self.assertEqual(bus.stop(), 0)
        for connection in (*connections, small):
            connection.close()


if __name__ == "__main__":
    unittest.main()
