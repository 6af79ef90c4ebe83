"""spyne and PHP's SoapServer behind a SOAP service: JSON in, their envelopes out and back."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from live_bus import ROOT, LiveBus, need, wait_until  # noqa: E402

SPYNE_BUNDLE = """\
listeners:
  front: { http: { listen: '127.0.0.1:0' } }
services:
  erp: { soap: { endpoints: ['${env:ERP_URL}'], namespace: 'urn:shop:erp', soap_action: PlaceOrder } }
routes:
  order:
    from: { http: POST /orders, on: front }
    steps:
      - call:
          service: erp
          operation: PlaceOrder
          request: '{ "Customer": customer, "Line": { "Sku": sku, "Quantity": qty, "UnitPrice": price } }'
"""


def post(url, document):
    request = urllib.request.Request(url, json.dumps(document).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, json.load(answer)


def end(process):
    process.terminate()
    process.wait(10)
    if process.stdout:
        process.stdout.close()


class Spyne(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen(["/usr/bin/python3", str(ROOT / "samples/shop/legacy/erp.py"), "--port", "0"],
                                      stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(end, cls.server)
        address = cls.server.stdout.readline().split()[1]
        cls.bus = LiveBus({"orders.yaml": SPYNE_BUNDLE}, {"ERP_URL": f"http://{address}/"})
        cls.addClassCleanup(cls.bus.__exit__, None, None, None)

    def order(self, customer, **fields):
        return post(self.bus.url("front", "/orders"), {"customer": customer, "sku": "A100", "qty": 2, "price": 19.9, **fields})

    def test_an_order(self):
        status, answer = self.order("C-Jürgen & Söhne <1>")
        self.assertEqual(status, 200)
        self.assertEqual(answer["Status"], "ACCEPTED")
        self.assertRegex(answer["OrderNumber"], r"^SO-\d+$")

    def test_faults(self):
        self.assertEqual(self.order("C-BLOCKED")[0], 400)
        status, answer = self.order("nobody")
        self.assertEqual((status, answer["type"]), (502, "urn:busway:answered"))
        self.assertNotIn("ORA", json.dumps(answer))

    def test_what_its_schema_refuses(self):
        self.assertEqual(self.order("C-1", qty="many")[0], 400)


class Php(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        cls.server = subprocess.Popen(["php", "-S", f"127.0.0.1:{port}", str(HERE / "soap_server.php")],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PHP_CLI_SERVER_WORKERS": "1"})
        cls.addClassCleanup(end, cls.server)

        def up():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(up, what="php -S answers")
        cls.bus = LiveBus(HERE / "bundles/orders", {"ORDERS_URL": f"http://127.0.0.1:{port}/orders"})
        cls.addClassCleanup(cls.bus.__exit__, None, None, None)

    def order(self, customer, lines=2):
        return post(self.bus.url("front", "/orders"),
                    {"customer": customer, "lines": [{"sku": f"A{i}", "qty": i + 1, "price": 2.5} for i in range(lines)]})

    def test_an_order(self):
        self.assertEqual(self.order("Jürgen & Söhne <1>"), (201, {"number": "PHP Jürgen & Söhne <1> A0", "lines": 2}))
        self.assertEqual(self.order("x", lines=1), (201, {"number": "PHP x A0", "lines": 1}))

    def test_faults(self):
        self.assertEqual(self.order("blocked")[0], 400)
        status, answer = self.order("crash")
        self.assertEqual(status, 502)
        self.assertNotIn("ORA", json.dumps(answer))


if __name__ == "__main__":
    need(programs=["php"], modules=["spyne"])
    unittest.main()
