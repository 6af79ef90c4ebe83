import unittest
from decimal import Decimal

import busway_plugin as busway
from pricing import Price

SETTINGS = {"list": "A1,12.50\nB2,0.05\n", "discount": 10, "rounding": "half_up"}


class Prices(unittest.TestCase):
    def priced(self, qty, variables=None):
        return Price(SETTINGS)(busway.Message(body={"lines": [{"sku": "A1", "qty": qty}]}, variables=variables or {}))

    def test_a_line_costs_its_price_times_its_quantity(self):
        self.assertEqual(self.priced(3).body["total"], Decimal("37.50"))

    def test_the_trade_pays_less(self):
        self.assertEqual(self.priced(3, {"customer": {"class": "trade"}}).body["total"], Decimal("33.75"))

    def test_an_unknown_article_is_invalid(self):
        with self.assertRaises(busway.Failed) as failed:
            Price(SETTINGS)(busway.Message(body={"lines": [{"sku": "ZZ", "qty": 1}]}))
        self.assertEqual(failed.exception.kind, "invalid")

    def test_a_broken_list_is_refused(self):
        with self.assertRaises(busway.Refused):
            Price({**SETTINGS, "list": "A1;12.50"})


if __name__ == "__main__":
    unittest.main()
