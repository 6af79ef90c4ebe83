"""The exchange of B6 and of the instruction budget: a shop's order in JSON, an order system of 2003 that speaks SOAP.

Python makes every body here, so it is also the oracle: what the bus answers must be the document that `exchange` expects.
"""

import json

from lab import Exchange

ROUTE = """\
  place-order:
    from: { http: POST /orders, on: front }
    steps:
      - call:
          service: erp
          operation: PlaceOrder
          request: '{ "Customer": customer, "Currency": currency, "Line": lines.{ "Sku": sku, "Quantity": qty, "UnitPrice": price } }'
    reply: { status: 201, body: '{ "id": OrderNumber, "status": Status, "lines": Line.{ "sku": Sku, "reserved": $number(Reserved) } }' }
"""
MUST_HOLD = ">ACME-0042</"


def envelope(body):
    return (f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
            f"<soap:Body>{body}</soap:Body></soap:Envelope>").encode()


def lines_of(count):
    return [{"sku": f"A-{1000 + n}", "qty": n % 9 + 1, "price": 19.95} for n in range(count)]


def request_envelope(count):
    lines = "".join(f"<n:Line><n:Sku>{line['sku']}</n:Sku><n:Quantity>{line['qty']}</n:Quantity>"
                    f"<n:UnitPrice>{line['price']}</n:UnitPrice></n:Line>" for line in lines_of(count))
    return envelope('<n:PlaceOrder xmlns:n="urn:shop:erp"><n:Customer>ACME-0042</n:Customer><n:Currency>EUR</n:Currency>'
                    f"{lines}</n:PlaceOrder>")


def answer_envelope(count):
    lines = "".join(f"<n:Line><n:Sku>{line['sku']}</n:Sku><n:Reserved>{line['qty']}</n:Reserved>"
                    f"<n:Place>Hall 7, row {n % 40}</n:Place></n:Line>" for n, line in enumerate(lines_of(count)))
    return envelope('<n:PlaceOrderResponse xmlns:n="urn:shop:erp"><n:OrderNumber>PO-2003-77</n:OrderNumber><n:Status>accepted</n:Status>'
                    f"{lines}</n:PlaceOrderResponse>")


def exchange(count):
    request = {"customer": "ACME-0042", "currency": "EUR", "lines": lines_of(count)}
    expected = {"id": "PO-2003-77", "status": "accepted",
                "lines": [{"sku": line["sku"], "reserved": line["qty"]} for line in lines_of(count)]}

    def check(body):
        return "" if json.loads(body) == expected else "another document than Python makes"

    return Exchange(target="/orders", headers=("Content-Type: application/json",), request=json.dumps(request).encode(), check=check)
