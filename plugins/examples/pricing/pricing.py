"""Prices orders: a step for Busway around a function that knows nothing of it. `python3 -m unittest pricing_test.py` tries both."""
import csv
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation

import busway_plugin as busway

CENT = Decimal("0.01")
plugin = busway.Plugin()


def amount_of(price: Decimal, qty: Decimal, discount: int, rounding: str) -> Decimal:
    """The pricing function, as it may have been there for years."""
    return (price * qty * (100 - discount) / 100).quantize(CENT, rounding)


@plugin.step("price")
class Price:
    def __init__(self, settings):
        self.discount = settings["discount"]
        self.rounding = ROUND_HALF_EVEN if settings["rounding"] == "half_even" else ROUND_HALF_UP
        self.prices = {}
        for number, row in enumerate(csv.reader(settings["list"].splitlines()), 1):
            try:
                sku, price = row
                self.prices[sku] = Decimal(price)
            except (ValueError, InvalidOperation):
                raise busway.Refused("list", f"line {number} of the price list is no article and price") from None

    def __call__(self, message: busway.Message) -> busway.Reply:
        order = message.body
        if not isinstance(order, dict) or not isinstance(order.get("lines"), list):
            raise busway.Failed("invalid", "pricing an order: it has no lines")
        customer = message.variables.get("customer", {})
        discount = self.discount if customer.get("class") == "trade" else 0
        lines = [self.priced(line, discount) for line in order["lines"]]
        total = sum((line["amount"] for line in lines), Decimal("0.00"))
        return busway.Reply(body={**order, "lines": lines, "total": total}, variables={"total": total})

    def priced(self, line, discount):
        if not isinstance(line, dict) or line.get("sku") not in self.prices or not isinstance(line.get("qty"), (int, Decimal)):
            raise busway.Failed("invalid", "pricing an order: a line has no article of the list, or no quantity")
        price = self.prices[line["sku"]]
        return {**line, "price": price, "amount": amount_of(price, Decimal(line["qty"]), discount, self.rounding)}


if __name__ == "__main__":
    plugin.run()
