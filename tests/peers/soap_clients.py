"""zeep and PHP's SoapClient before a SOAP source: both make themselves from the WSDL that busway serves at ?wsdl."""

import json
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from live_bus import LiveBus, need  # noqa: E402


class SoapClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bus = LiveBus(HERE / "bundles/orders", {"ORDERS_URL": "http://127.0.0.1:9/"})
        cls.wsdl = cls.bus.url("front", "/services/orders?wsdl")

    @classmethod
    def tearDownClass(cls):
        cls.bus.__exit__(None, None, None)

    def check_fault(self, code, text):
        self.assertNotIn("ORA-01403", text)
        self.assertTrue(code.endswith("Server"), code)

    def test_zeep(self):
        import zeep
        client = zeep.Client(self.wsdl)
        placed = client.service.PlaceOrder(Customer="Jürgen & Söhne", Line=[{"Sku": "A100", "Quantity": 2, "UnitPrice": "19.90"},
                                                                           {"Sku": "B200", "Quantity": 1, "UnitPrice": "5"}])
        self.assertEqual((placed.OrderNumber, placed.Lines, float(placed.Total)), ("SO-Jürgen & Söhne", 2, 44.8))
        placed = client.service.PlaceOrder(Customer="1", Line=[{"Sku": "A100", "Quantity": 3, "UnitPrice": "0.5"}])
        self.assertEqual((placed.Lines, float(placed.Total)), (1, 1.5))
        self.assertEqual(client.service.FindOrder(OrderNumber="SO-1"), ["first <&>", "zweite Änderung"])

    def test_zeep_sees_faults(self):
        import zeep
        client = zeep.Client(self.wsdl)
        with self.assertRaises(zeep.exceptions.Fault) as raised:
            client.service.FindOrder(OrderNumber="missing")
        self.assertTrue(raised.exception.code.endswith("Client"), raised.exception.code)
        self.assertIn("no such order", "".join(raised.exception.detail.itertext()))
        with self.assertRaises(zeep.exceptions.Fault) as raised:
            client.service.FallOver()
        self.check_fault(raised.exception.code, raised.exception.message)

    def test_php(self):
        done = subprocess.run(["php", str(HERE / "soap_client.php"), self.wsdl], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        seen = json.loads(done.stdout)
        self.assertEqual(seen["placed"]["OrderNumber"], "SO-Jürgen & Söhne")
        self.assertEqual(seen["placed"]["Lines"], 2)
        self.assertEqual(float(seen["placed"]["Total"]), 44.8)
        self.assertEqual(seen["found"]["Note"], ["first <&>", "zweite Änderung"])
        client, server = seen["faults"]
        self.assertTrue(client["code"].endswith("Client"), client)
        self.check_fault(server["code"], server["text"])


if __name__ == "__main__":
    need(programs=["php"], modules=["zeep"])
    unittest.main()
