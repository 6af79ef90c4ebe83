"""As contracts_test.py, where a WSDL or an XML Schema says what a message is: elements_test.py BUSWAY SOURCE

Each case is one bundle twice: the mapping of its kind of route with the members of `wrong`, then of `right`, in place of its own (None
leaves a member out, a dict in a list keeps their order). `busway check` must print exactly the lines of `finds` for the first, and
nothing for the second.
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

busway, source = sys.argv[1], pathlib.Path(sys.argv[2])
FILES = source / "tests/check/elements"
CASES = 30

FRONT = "listeners: { front: { http: { listen: 127.0.0.1:0 } } }\n"
ERP = FRONT + """services:
  erp: { soap: { endpoints: ['http://127.0.0.1:9/erp'], namespace: 'urn:erp', wsdl_file: erp.wsdl } }
"""

# What a call sends.
REQUEST_BASE = {
    "Client": "'web'",
    "Customer": '{ "No": customer.id, "Name": customer.name, "Mail": customer.mail }',
    "Channel": "channel = 'web' ? 'WEB' : 'SHOP'",
    "Express": None,
    "DeliverBy": None,
    "Weeks": "2",
    "Line": 'lines.{ "Sku": sku, "Quantity": qty, "Price": price }',
    "Note": None,
    "Voucher": None,
    "Reference": "reference ? reference : null",
}
REQUEST = (ERP + """routes:
  orders:
    from: { http: POST /orders, on: front }
    steps:
      - validate: { json_schema: order.schema.json }
      - call: { service: erp, operation: PlaceOrder, request: order.jsonata }
      - map: '{ "id": $number(OrderNumber) }'
""", REQUEST_BASE)
MAPPED = (ERP + """routes:
  orders:
    from: { http: POST /orders, on: front }
    steps:
      - validate: { json_schema: order.schema.json }
      - map: order.jsonata
      - call: { service: erp, operation: PlaceOrder }
      - reply: { body: '{ "id": OrderNumber }' }
""", REQUEST_BASE)

# What becomes of an answer.
ANSWER_BASE = {
    "id": "$number(OrderNumber)",
    "state": "Status",
    "total": '$number(Total."#text")',
    "parts": '[Part.{ "sku": Sku, "open": $number(Open) }]',
}
ANSWER = (ERP + """routes:
  orders:
    from: { http: POST /orders, on: front }
    steps:
      - call: { service: erp, operation: PlaceOrder, request: '{ "Client": "c", "Customer": { "No": 1, "Name": "n" }, "Channel": "WEB", "Weeks": 1, "Line": { "Sku": "s", "Quantity": 1 }, "Reference": null }' }
      - map: order.jsonata
      - validate: { json_schema: answer.schema.json }
""", ANSWER_BASE)

# What a SOAP caller sends and is answered.
INLET_BASE = {
    "OrderNumber": "17",
    "Status": "Express = 'true' ? 'OPEN' : 'HELD'",
    "Promised": "DeliverBy",
    "Total": '{ "@currency": "EUR", "#text": $sum(Line.$number(Quantity)) }',
    "Remark": "Customer.Name",
    "Part": 'Line.{ "@no": 1, "Sku": Sku, "Open": Quantity }',
}
INLET = (FRONT + """routes:
  orders:
    from: { soap: /erp, operation: PlaceOrder, on: front, wsdl_file: erp.wsdl }
    steps: [ { log: { message: took it } } ]
    reply: { body: order.jsonata }
""", INLET_BASE)
INLET_MAPPED = (FRONT + """routes:
  orders:
    from: { soap: /erp, operation: PlaceOrder, on: front, wsdl_file: erp.wsdl }
    steps:
      - map: order.jsonata
""", INLET_BASE)

# XML Schemas of `validate`.
XSD_TARGET = (FRONT + """routes:
  stock:
    from: { http: POST /stock, on: front }
    steps:
      - validate: { json_schema: order.schema.json }
      - map: order.jsonata
      - validate: { xsd: stock.xsd }
""", {"stock": '{ "@site": number, "item": [lines.{ "sku": sku, "level": qty }], "counted": $now() }'})
XSD_SOURCE = (FRONT + """routes:
  stock:
    from: { http: POST /stock, on: front, format: xml }
    steps:
      - validate: { xsd: stock.xsd }
      - map: order.jsonata
      - validate: { json_schema: levels.schema.json }
""", {"site": 'stock."@site"', "at": "stock.counted", "levels": '[stock.item.{ "sku": sku, "level": $number(level) }]'})

case = {}


def plant(title, wrong, right, finds, bundle=REQUEST):
    assert title not in case
    case[title] = (wrong, right, finds, *bundle)


plant('a misspelt name in what a call sends',
      {'Client': 'numbr'}, {'Client': "number"},
      ["order.jsonata:2:13: error BW4208: the input has no 'numbr': order.schema.json# does not allow it; did you mean 'number'?"])
plant('a required element is forgotten',
      {'Channel': None}, {'Channel': "'WEB'"},
      ["order.jsonata:1:1: error BW4203: 'Channel' is never there, but erp.wsdl#/PlaceOrder requires it (output /Channel)"])
plant('an element of an element is forgotten',
      {'Customer': '{ "No": customer.id }'}, {'Customer': '{ "No": customer.id, "Name": "" }'},
      ["order.jsonata:3:15: error BW4203: 'Name' is never there, but erp.wsdl#/PlaceOrder/Customer requires it (output /Customer/Name)"])
plant('an element of the base type is forgotten',
      {'Client': None}, {'Client': "'x'"},
      ["order.jsonata:1:1: error BW4203: 'Client' is never there, but erp.wsdl#/PlaceOrder requires it (output /Client)"])
plant('an optional value for a required element',
      {'Customer': '{ "No": customer.id, "Name": customer.mail }'},
      {'Customer': '{ "No": customer.id, "Name": customer.mail ?? customer.name }'},
      ["order.jsonata:3:44: warning BW4204: 'Name' may be missing, but erp.wsdl#/PlaceOrder/Customer requires it (output /Customer/Name, input order.schema.json#/properties/customer/properties/mail)"])
plant('an element that is not taken',
      {'Line': 'lines.{ "Sku": sku, "Quantity": qty, "price": price }'},
      {'Line': 'lines.{ "Sku": sku, "Quantity": qty, "Price": price }'},
      ["order.jsonata:6:57: error BW4206: erp.wsdl#/PlaceOrder/Line takes no member 'price'; did you mean 'Price'? (output /Line/*/price, input order.schema.json#/properties/lines/items/properties/price)"])
plant('an attribute that is not taken',
      {'@versoin': '1'}, {'@version': '1'},
      ["order.jsonata:8:15: error BW4206: erp.wsdl#/PlaceOrder takes no member '@versoin'; did you mean '@version'? (output /@versoin)"])
plant('any text for a whole number',
      {'Customer': '{ "No": number, "Name": customer.name }'},
      {'Customer': '{ "No": $number(number), "Name": customer.name }'},
      ['order.jsonata:3:23: warning BW4201: this may give any text, but erp.wsdl#/PlaceOrder/Customer/No takes xs:int (output /Customer/No, input order.schema.json#/properties/number)'])
plant('a text for a whole number',
      {'Line': 'lines.{ "Sku": sku, "Quantity": "one" }'},
      {'Line': 'lines.{ "Sku": sku, "Quantity": "1" }'},
      ['order.jsonata:6:43: error BW4202: this gives "one", but erp.wsdl#/PlaceOrder/Line/Quantity takes xs:int (output /Line/*/Quantity)'])
plant('a number that may be no whole one',
      {'Express': 'express', 'Line': 'lines.{ "Sku": sku, "Quantity": price }'},
      {'Express': 'express', 'Line': 'lines.{ "Sku": sku, "Quantity": $floor(price ? price : 1) }'},
      ["order.jsonata:7:43: warning BW4204: 'Quantity' may be missing, but erp.wsdl#/PlaceOrder/Line requires it (output /Line/*/Quantity, input order.schema.json#/properties/lines/items/properties/price)",
       'order.jsonata:7:43: warning BW4201: this may give a number with decimals, but erp.wsdl#/PlaceOrder/Line/Quantity takes xs:int (output /Line/*/Quantity, input order.schema.json#/properties/lines/items/properties/price)'])
plant('a fraction where a whole number stands',
      {'Line': 'lines.{ "Sku": sku, "Quantity": 0.5 }'},
      {'Line': 'lines.{ "Sku": sku, "Quantity": 1, "Price": 0.5 }'},
      ['order.jsonata:6:43: error BW4202: this gives 0.5, but erp.wsdl#/PlaceOrder/Line/Quantity takes xs:int (output /Line/*/Quantity)'])
plant('a number beyond the bounds of its type',
      {'Weeks': '300'}, {'Weeks': '52'},
      ['order.jsonata:5:12: error BW4202: this gives 300, but erp.wsdl#/PlaceOrder/Weeks takes xs:unsignedByte (output /Weeks)'])
plant('a truth for a whole number',
      {'Customer': '{ "No": express = true, "Name": customer.name }'},
      {'Customer': '{ "No": express = true ? 1 : 0, "Name": customer.name }'},
      ['order.jsonata:3:23: error BW4201: this gives a boolean, but erp.wsdl#/PlaceOrder/Customer/No takes xs:int (output /Customer/No)'])
plant('a date in another form',
      {'Weeks': None, 'DeliverBy': '"24.12.2026"'}, {'Weeks': None, 'DeliverBy': '"2026-12-24"'},
      ['order.jsonata:5:16: error BW4202: this gives "24.12.2026", but erp.wsdl#/PlaceOrder/DeliverBy takes xs:date (output /DeliverBy)'])
plant('codes that are not translated',
      {'Channel': 'channel'}, {'Channel': '{ "web": "WEB", "shop": "SHOP" } ~> $lookup(channel)'},
      ["order.jsonata:4:14: warning BW4204: 'Channel' may be missing, but erp.wsdl#/PlaceOrder requires it (output /Channel, input order.schema.json#/properties/channel)",
       'order.jsonata:4:14: error BW4202: this gives "web", "shop" or "phone", but erp.wsdl#/PlaceOrder/Channel takes one of "WEB", "SHOP" (output /Channel, input order.schema.json#/properties/channel)'])
plant('a code of another case',
      {'Channel': '"web"'}, {'Channel': '"WEB"'},
      ['order.jsonata:4:14: error BW4202: this gives "web", but erp.wsdl#/PlaceOrder/Channel takes one of "WEB", "SHOP" (output /Channel)'])
plant('a text that is too long',
      {'Client': '"webshop-1"'}, {'Client': '"webshop1"'},
      ['order.jsonata:2:13: error BW4202: this gives "webshop-1", but erp.wsdl#/PlaceOrder/Client takes Code (output /Client)'])
plant('null where an element is not nillable',
      {'Customer': '{ "No": customer.id, "Name": null }'},
      {'Customer': '{ "No": customer.id, "Name": customer.name }'},
      ['order.jsonata:3:44: error BW4201: this gives null, but erp.wsdl#/PlaceOrder/Customer/Name takes xs:string (output /Customer/Name)'])
plant('an object where a text stands',
      {'Reference': '{ "value": number }'}, {'Reference': 'number'},
      ["order.jsonata:7:27: error BW4206: erp.wsdl#/PlaceOrder/Reference takes no member 'value' (output /Reference/value, input order.schema.json#/properties/number)"])
plant('a text where elements stand',
      {'Customer': 'customer.name'}, {'Customer': '{ "No": 0, "Name": customer.name }'},
      ['order.jsonata:3:15: error BW4201: this gives a string, but erp.wsdl#/PlaceOrder/Customer takes an object, Customer (output /Customer, input order.schema.json#/properties/customer/properties/name)'])
plant('none of a choice',
      {'Weeks': None}, {'Weeks': '4'},
      ["order.jsonata:1:1: error BW4203: none of 'DeliverBy', 'Weeks' is ever there, but erp.wsdl#/PlaceOrder requires one of them (output as a whole)"])
plant('both of a choice',
      {'DeliverBy': '"2026-12-24"'}, {'Weeks': None, 'DeliverBy': '"2026-12-24"'},
      ["order.jsonata:6:12: error BW4206: erp.wsdl#/PlaceOrder takes only one of 'DeliverBy' and 'Weeks' (output /Weeks)"])
plant('more elements than are taken',
      {'Note': '["a", "b", "c"]'}, {'Note': '["a", "b"]'},
      ['order.jsonata:7:11: error BW4207: this gives at least 3 elements, but erp.wsdl#/PlaceOrder/Note takes at most 2 elements (output /Note)'])
plant('a list that may be longer than is taken',
      {'Note': 'notes'}, {'Note': '$join(notes, "; ")'},
      ['order.jsonata:7:11: warning BW4207: this may give more than 2 elements, but erp.wsdl#/PlaceOrder/Note takes no more (output /Note, input order.schema.json#/properties/notes)'])
plant('elements in another order',
      {'Line': 'lines.{ "Quantity": qty, "Sku": sku }'}, {'Line': 'lines.{ "Sku": sku, "Quantity": qty }'},
      ["order.jsonata:6:43: error BW4210: 'Sku' stands behind 'Quantity', but erp.wsdl#/PlaceOrder/Line has it before (output /Line/*/Sku, input order.schema.json#/properties/lines/items/properties/sku)"])
plant('a text with attributes that has none',
      {'Voucher': 'number'}, {'Voucher': '{ "@kind": "gift", "#text": "4711" }'},
      ["order.jsonata:7:14: error BW4203: '@kind' is never there, but erp.wsdl#/PlaceOrder/Voucher requires it (output /Voucher/@kind, input order.schema.json#/properties/number)"])
plant('a mapping in front of a call',
      {'Customer': '{ "Number": customer.id, "Name": customer.name }'}, {'Customer': '{ "No": customer.id, "Name": customer.name }'},
      ["order.jsonata:3:15: error BW4203: 'No' is never there, but erp.wsdl#/PlaceOrder/Customer requires it (output /Customer/No)",
       "order.jsonata:3:27: error BW4206: erp.wsdl#/PlaceOrder/Customer takes no member 'Number'; expected one of: Mail, Name, No (output /Customer/Number, input order.schema.json#/properties/customer/properties/id)"], MAPPED)
plant("a misspelt name in an answer",
      {'state': 'Statuss'}, {'state': 'Status'},
      ["order.jsonata:3:12: error BW4208: the input has no 'Statuss': erp.wsdl#/PlaceOrderResponse does not allow it; did you mean 'Status'?"], ANSWER)
plant("an answer's number is a text",
      {'id': 'OrderNumber'}, {'id': '$number(OrderNumber)'},
      ['order.jsonata:2:9: error BW4201: this gives a string, but answer.schema.json#/properties/id takes a whole number (output /id, input erp.wsdl#/PlaceOrderResponse/OrderNumber)'], ANSWER)
plant("an answer's text with attributes",
      {'promised': 'Total'}, {'promised': 'Total."#text"'},
      ['order.jsonata:6:15: error BW4201: this gives an object, but answer.schema.json#/properties/promised takes a string (output /promised, input erp.wsdl#/PlaceOrderResponse/Total)'], ANSWER)
plant("an answer's element that may be nil",
      {'promised': 'Promised'}, {'promised': "Promised ? Promised : '-'"},
      ['order.jsonata:6:15: warning BW4201: this may give null, but answer.schema.json#/properties/promised takes a string (output /promised, input erp.wsdl#/PlaceOrderResponse/Promised)'], ANSWER)
plant("an answer's codes",
      {'open': 'Status'}, {'open': "Status = 'DONE' ? 'HELD' : Status"},
      ['order.jsonata:6:11: warning BW4202: this may give "DONE", but answer.schema.json#/properties/open takes one of "OPEN", "HELD" (output /open, input erp.wsdl#/PlaceOrderResponse/Status)'], ANSWER)
plant("an answer's one element for a list",
      {'parts': 'Part.{ "sku": Sku }'}, {'parts': '[Part.{ "sku": Sku }]'},
      ['order.jsonata:5:12: warning BW4205: this gives an object where there is one item, but answer.schema.json#/properties/parts takes an array; put [ ] around it (output /parts)'], ANSWER)
plant("an answer's attribute is no element",
      {'parts': '[Part.{ "sku": no }]'}, {'parts': '[Part.{ "sku": "@no" }]'},
      ["order.jsonata:5:27: error BW4208: the input has no 'no': erp.wsdl#/PlaceOrderResponse/Part does not allow it; did you mean '@no'?"], ANSWER)
plant('a misspelt name in what a caller sends',
      {'Remark': 'Customer.Nmae'}, {'Remark': 'Customer.Name'},
      ["order.jsonata:6:22: error BW4208: the input has no 'Nmae': erp.wsdl#/PlaceOrder/Customer does not allow it; did you mean 'Name'?"], INLET)
plant('a reply without an element',
      {'Status': None}, {'Status': '"OPEN"'},
      ["order.jsonata:1:1: error BW4203: 'Status' is never there, but erp.wsdl#/PlaceOrderResponse requires it (output /Status)"], INLET)
plant('an optional element in a reply',
      {'Remark': 'Customer.Mail'}, {'Remark': 'Customer.Mail ?? null'},
      ["order.jsonata:6:13: warning BW4204: 'Remark' may be missing, but erp.wsdl#/PlaceOrderResponse requires it (output /Remark, input erp.wsdl#/PlaceOrder/Customer/Mail)"], INLET)
plant('a reply of a mapping',
      {'Total': '12.5'}, {'Total': '{ "@currency": "EUR", "#text": 12.5 }'},
      ["order.jsonata:5:12: error BW4203: '@currency' is never there, but erp.wsdl#/PlaceOrderResponse/Total requires it (output /Total/@currency)"], INLET_MAPPED)
plant('a text for an XML Schema',
      {'stock': '{ "@site": number, "item": [lines.{ "sku": sku, "level": "many" }], "counted": $now() }'},
      {'stock': '{ "@site": number, "item": [lines.{ "level": "7", "sku": sku }], "counted": $now() }'},
      ['order.jsonata:2:69: error BW4202: this gives "many", but stock.xsd#/stock/item/level takes xs:nonNegativeInteger (output /stock/item/*/level)'], XSD_TARGET)
plant('an attribute that an XML Schema requires',
      {'stock': '{ "item": [lines.{ "sku": sku, "level": qty }], "counted": $now() }'}, {},
      ["order.jsonata:2:12: error BW4203: '@site' is never there, but stock.xsd#/stock requires it (output /stock/@site)"], XSD_TARGET)
plant('a root that an XML Schema does not have',
      {'stock': None, 'stocks': '{ "@site": number }'}, {},
      ["order.jsonata:1:1: error BW4203: 'stock' is never there, but stock.xsd# requires it (output /stock)",
       "order.jsonata:2:13: error BW4206: stock.xsd# takes no member 'stocks'; did you mean 'stock'? (output /stocks)"], XSD_TARGET)
plant('a number below the bounds of an XML Schema',
      {'stock': '{ "@site": number, "item": [lines.{ "sku": sku, "level": -1 }], "counted": $now() }'}, {},
      ['order.jsonata:2:69: error BW4202: this gives -1, but stock.xsd#/stock/item/level takes xs:nonNegativeInteger (output /stock/item/*/level)'], XSD_TARGET)
plant('a misspelt name of an XML Schema',
      {'site': 'stock.site'}, {'site': 'stock."@site"'},
      ["order.jsonata:2:17: error BW4208: the input has no 'site': stock.xsd#/stock does not allow it; did you mean '@site'?"], XSD_SOURCE)
plant('a text of an XML Schema for a number',
      {'levels': '[stock.item.{ "sku": sku, "level": level }]'}, {},
      ['order.jsonata:4:48: error BW4201: this gives a string, but levels.schema.json#/properties/levels/items/properties/level takes a whole number (output /levels/*/level, input stock.xsd#/stock/item/level)'], XSD_SOURCE)


def mapping(base, changes):
    members = {**base, **changes}
    return "{\n" + ",\n".join(f'  "{name}": {text}' for name, text in members.items() if text is not None) + "\n}\n"


def check(routes, text):
    with tempfile.TemporaryDirectory() as folder:
        bundle = pathlib.Path(folder)
        (bundle / "routes.yaml").write_text(routes, encoding="utf-8")
        (bundle / "order.jsonata").write_text(text, encoding="utf-8")
        for file in FILES.iterdir():
            (bundle / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
        done = subprocess.run([busway, "check", folder], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout.splitlines()


class Elements(unittest.TestCase):
    def test_there_are_enough(self):
        self.assertGreaterEqual(len(case), CASES)

    def test_each_planted_mistake_is_found_where_it_stands(self):
        for title, (wrong, _, finds, routes, base) in case.items():
            with self.subTest(title):
                text = mapping(base, wrong)
                code, lines = check(routes, text)
                self.assertEqual(lines, finds, "\n" + text)
                self.assertEqual(code, 1 if any(": error " in line for line in finds) else 0)

    def test_correct_mappings_of_the_same_kind_are_not_complained_about(self):
        for title, (_, right, _, routes, base) in case.items():
            with self.subTest(title):
                text = mapping(base, right)
                self.assertEqual(check(routes, text), (0, []), "\n" + text)


class Wsdl(unittest.TestCase):
    def check(self, was, becomes, text="{}"):
        self.assertIn(was, REQUEST[0])
        return check(REQUEST[0].replace(was, becomes), text)[1]

    def test_an_operation_that_the_wsdl_does_not_have(self):
        self.assertEqual(self.check("operation: PlaceOrder", "operation: PlaceOrdr"), [
            "routes.yaml:9:42: error BW5032: erp.wsdl has no operation whose request is the element 'PlaceOrdr'; did you mean 'PlaceOrder'?"])

    def test_an_operation_of_another_namespace(self):
        self.assertEqual(self.check("'urn:erp'", "'urn:erp:2'"), [
            "routes.yaml:9:42: error BW5032: in erp.wsdl the operation 'PlaceOrder' is in the namespace 'urn:erp', not in 'urn:erp:2'"])

    def test_a_file_that_is_no_wsdl(self):
        self.assertEqual(self.check("erp.wsdl", "stock.xsd"), [
            "routes.yaml:3:90: error BW5031: stock.xsd: it is not a WSDL 1.1 file: its root is not 'definitions'"])

    def test_an_operation_without_an_answer_leaves_nothing_known(self):
        self.assertEqual(self.check("operation: PlaceOrder", "operation: Cancel", '{ "OrderNumber": 1 }'), [])

    def test_without_a_wsdl_nothing_is_said(self):
        self.assertEqual(self.check(", wsdl_file: erp.wsdl", ""), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
