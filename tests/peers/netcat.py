"""netcat before a TCP source: lines of JSON, and fixed EBCDIC records behind a 2-byte length."""

import json
import pathlib
import socketserver
import struct
import subprocess
import sys
import threading
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import LiveBus, need  # noqa: E402

BUNDLE = """\
listeners:
  lines: { tcp: { listen: '127.0.0.1:0', frame: { delimiter: lf } }, format: json }
  till: { tcp: { listen: '127.0.0.1:0', frame: { length_prefix: 2 } } }
services:
  nowhere: { http: { endpoints: ['http://127.0.0.1:9/'] } }
routes:
  shout:
    from: { tcp: frames, on: lines, when: 'word', error: '{ "wrong": $failure.kind }' }
    reply: { body: '{ "loud": $uppercase(word) }' }
  forward:
    from: { tcp: frames, on: lines, when: 'forward', error: '{ "wrong": $failure.kind }' }
    steps: [ { call: { service: nowhere, request: '{}' } } ]
  lookup:
    from:
      tcp: frames
      on: till
      format: { fixed: { layout: till.layout.yaml, request: QUERY, reply: ANSWER } }
      error: '{ "code": "99", "text": $failure.kind }'
    steps:
      - choice:
          - when: sku = "GONE"
            steps: [ { reply: { status: 404, body: '{ "code": "14" }' } } ]
    reply: { body: '{ "code": "00", "price": qty * 1.25, "text": sku }' }
"""

LAYOUT = """\
charset: cp037
records:
  QUERY:
    fields:
      - { name: sku, length: 8 }
      - { name: qty, length: 3, type: number }
  ANSWER:
    fields:
      - { name: code, length: 2 }
      - { name: price, length: 7, type: number, decimals: 2, default: '0' }
      - { name: text, length: 10, default: '' }
"""


def exchange(address, data):
    """What netcat prints for `data`, until the other side closes behind our half close."""
    done = subprocess.run(["nc", "-N", "-w", "10", *map(str, address)], input=data, capture_output=True, timeout=30)
    return done.stdout


def frame(text):
    raw = text.encode("cp037")
    return struct.pack(">H", len(raw)) + raw


def records(data):
    while data:
        size = struct.unpack(">H", data[:2])[0]
        yield data[2:2 + size].decode("cp037")
        data = data[2 + size:]


class Netcat(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bus = LiveBus({"till.yaml": BUNDLE, "till.layout.yaml": LAYOUT})
        cls.addClassCleanup(cls.bus.__exit__, None, None, None)

    def lines(self, *documents):
        data = b"".join(json.dumps(document).encode() + b"\n" for document in documents)
        return [json.loads(line) for line in exchange(self.bus.address("lines"), data).splitlines()]

    def test_answers_come_in_order(self):
        words = [f"word{i}" for i in range(500)]
        self.assertEqual(self.lines(*({"word": word} for word in words)), [{"loud": word.upper()} for word in words])

    def test_a_failure_is_the_error_record(self):
        self.assertEqual(self.lines({"forward": True}, {"word": "on"}), [{"wrong": "not_sent"}, {"loud": "ON"}])

    def test_records(self):
        answer = exchange(self.bus.address("till"), frame("A100    004") + frame("B200    100"))
        self.assertEqual(list(records(answer)), ["000000500A100      ", "000012500B200      "])

    def test_a_record_the_layout_refuses(self):
        answer = list(records(exchange(self.bus.address("till"), frame("A100    xyz"))))
        self.assertEqual([record[:2] for record in answer], ["99"])
        self.assertIn("format", answer[0])

    def test_a_status_of_400_or_more_is_the_error_record(self):
        answer = list(records(exchange(self.bus.address("till"), frame("GONE    001"))))
        self.assertEqual([record[:2] for record in answer], ["99"])

    def test_a_cut_frame_is_no_message(self):
        self.assertEqual(exchange(self.bus.address("till"), frame("A100    004")[:-3]), b"")


class Answers(unittest.TestCase):
    def test_one_that_no_step_has_read_and_is_no_json_stands_in_the_log(self):
        class Hoarse(socketserver.StreamRequestHandler):
            def handle(self):
                self.rfile.readline()
                self.wfile.write(b"no JSON\n")

        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Hoarse) as service:
            threading.Thread(target=service.serve_forever, daemon=True).start()
            text = f"""\
listeners: {{ front: {{ http: {{ listen: '127.0.0.1:0' }} }} }}
services: {{ hoarse: {{ tcp: {{ endpoints: ['127.0.0.1:{service.server_address[1]}'], frame: {{ delimiter: lf }} }}, format: json }} }}
routes: {{ hear: {{ from: {{ http: POST /hear, on: front }}, steps: [ {{ call: hoarse }} ] }} }}
"""
            with LiveBus({"hear.yaml": text}) as bus:
                asked = urllib.request.Request(bus.url("front", "/hear"), b"{}", {"Content-Type": "application/json"})
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    urllib.request.urlopen(asked, timeout=10)
                told = json.load(refused.exception)
                self.assertEqual((told["status"], told["type"]), (502, "urn:busway:garbage"))
                line = next(line for line in bus.log().splitlines() if told["instance"].removeprefix("urn:uuid:") in line)
                for word in ("A message failed as its reply was written.", "route=hear", "kind=garbage", "this is not a JSON value"):
                    self.assertIn(word, line)
            service.shutdown()


if __name__ == "__main__":
    need(programs=["nc"])
    unittest.main()
