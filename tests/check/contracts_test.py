"""Mappings with one planted contract mistake each, and correct ones of the same kind: contracts_test.py BUSWAY SOURCE

Each case is one bundle twice. The mapping is BASE with the members of `wrong`, then of `right`, in place of its own (None leaves a
member out). `busway check` must print exactly the lines of `finds` for the first, and nothing for the second.
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

busway, source = sys.argv[1], pathlib.Path(sys.argv[2])
SCHEMAS = source / "tests/check/schemas"
CASES = 30

BASE = {
    "id": "number",
    "customer": '{ "no": customer.id, "name": customer.name }',
    "positions": '[lines.{ "article": sku, "amount": qty }]',
}

HEAD = """listeners: { front: { http: { listen: 127.0.0.1:0 } } }
services: { erp: { http: { endpoints: ['http://127.0.0.1:9'] }, format: json } }
"""
REQUEST = HEAD + """routes:
  orders:
    from: { http: POST /orders, on: front }
    steps:
      - validate: { json_schema: order.schema.json }
      - map: order.jsonata
      - validate: { json_schema: erp.schema.json }
      - call: erp
"""
REPLY = HEAD + """routes:
  orders:
    from: { http: POST /orders, on: front }
    steps:
      - call: erp
      - validate: { json_schema: order.schema.json }
      - map: order.jsonata
      - validate: { json_schema: erp.schema.json }
"""
CHOICE = HEAD + """routes:
  orders:
    from: { http: POST /orders, on: front }
    steps:
      - validate: { json_schema: order.schema.json }
      - choice:
          - when: express
            steps: [ { map: order.jsonata } ]
          - otherwise: [ { reply: { status: 409, body: '{}' } } ]
      - validate: { json_schema: erp.schema.json }
      - call: erp
"""
NAMED = HEAD + """steps:
  to-erp:
    - set_header: { X-Kind: order }
    - map: order.jsonata
routes:
  orders:
    from: { http: POST /orders, on: front }
    steps:
      - validate: { json_schema: order.schema.json }
      - to-erp
      - validate: { json_schema: erp.schema.json }
      - call: erp
"""
HANDLER = HEAD + """routes:
  orders:
    from: { http: POST /orders, on: front }
    steps:
      - call:
          service: erp
        on_error:
          - steps:
              - validate: { json_schema: order.schema.json }
              - map: order.jsonata
              - validate: { json_schema: erp.schema.json }
            reply: { status: 502 }
"""

case = {}


def plant(title, wrong, right, finds, routes=REQUEST):
    assert title not in case
    case[title] = (wrong, right, finds, routes)


plant('a misspelt name',
      {'id': 'numbr'},
      {'id': 'number'},
      ["order.jsonata:2:9: error BW4208: the input has no 'numbr': order.schema.json# does not allow it; did you mean 'number'?"])
plant('a name in another case',
      {'customer': '{ "no": customer.id, "name": customer.Name }'},
      {'customer': '{ "no": customer.id, "name": customer."name" }'},
      ["order.jsonata:3:53: warning BW4209: order.schema.json#/properties/customer does not declare 'Name'; did you mean 'name'?"])
plant('a name with another separator',
      {'place': 'customer.e_mail'},
      {'place': 'customer.email'},
      ["order.jsonata:5:21: warning BW4209: order.schema.json#/properties/customer does not declare 'e_mail'; did you mean 'email'?"])
plant('a misspelt name in a list',
      {'positions': '[lines.{ "article": skuu, "amount": qty }]'},
      {'positions': '[lines.{ "article": sku, "amount": qty }]'},
      ["order.jsonata:4:36: error BW4208: the input has no 'skuu': order.schema.json#/properties/lines/items does not allow it; did you mean 'sku'?"])
plant('a misspelt name in a predicate',
      {'total': "$sum(lines[unitt = 'kilo'].qty)"},
      {'total': "$sum(lines[unit = 'kilo'].qty)"},
      ["order.jsonata:5:23: error BW4208: the input has no 'unitt': order.schema.json#/properties/lines/items does not allow it; did you mean 'unit'?"])
plant('a misspelt name behind a variable',
      {'place': '($a := customer.address; $a.citty)'},
      {'place': '($a := customer.address; $a.city)'},
      ["order.jsonata:5:40: error BW4208: the input has no 'citty': order.schema.json#/properties/customer/properties/address does not allow it; did you mean 'city'?"])
plant('a misspelt name of an open object',
      {'customer': '{ "no": customer.id, "name": customer.naem }'},
      {'customer': '{ "no": customer.id, "name": customer.nickname }'},
      ["order.jsonata:3:53: warning BW4209: order.schema.json#/properties/customer does not declare 'naem'; did you mean 'name'?"])
plant('a required member is forgotten',
      {'id': None},
      {'id': "number & ''"},
      ["order.jsonata:1:1: error BW4203: 'id' is never there, but erp.schema.json# requires it (output /id)"])
plant('a required member of a member is forgotten',
      {'customer': '{ "no": customer.id }'},
      {'customer': '{ "no": customer.id, "name": "?" }'},
      ["order.jsonata:3:15: error BW4203: 'name' is never there, but erp.schema.json#/properties/customer requires it (output /customer/name)"])
plant("a required member of a list's items is forgotten",
      {'positions': '[lines.{ "article": sku, "price": price }]'},
      {'positions': '[lines.{ "amount": qty, "article": sku, "price": price }]'},
      ["order.jsonata:4:17: error BW4203: 'amount' is never there, but erp.schema.json#/properties/positions/items requires it (output /positions/*/amount)"])
plant('an optional value for a required member',
      {'id': 'placed'},
      {'id': 'placed ? placed : number'},
      ["order.jsonata:2:9: warning BW4204: 'id' may be missing, but erp.schema.json# requires it (output /id, input order.schema.json#/properties/placed)"])
plant('an optional member of an optional one',
      {'customer': '{ "no": customer.id, "name": customer.address.city }'},
      {'customer': '{ "no": customer.id, "name": customer.address.city ?? customer.name }'},
      ["order.jsonata:3:44: warning BW4204: 'name' may be missing, but erp.schema.json#/properties/customer requires it (output /customer/name, input order.schema.json#/properties/customer/properties/address/properties/city)"])
plant('an optional value for a required member of items',
      {'positions': '[lines.{ "article": note, "amount": qty }]'},
      {'positions': '[lines.{ "article": $exists(note) ? note : sku, "amount": qty }]'},
      ["order.jsonata:4:36: warning BW4204: 'article' may be missing, but erp.schema.json#/properties/positions/items requires it (output /positions/*/article, input order.schema.json#/$defs/line/properties/note)"])
plant('a number where a string must be',
      {'id': 'customer.id'},
      {'id': '$string(customer.id)'},
      ['order.jsonata:2:9: error BW4201: this gives a whole number, but erp.schema.json#/properties/id takes a string (output /id, input order.schema.json#/properties/customer/properties/id)'])
plant('a string where a number must be',
      {'customer': '{ "no": number, "name": customer.name }'},
      {'customer': '{ "no": $number(number), "name": customer.name }'},
      ['order.jsonata:3:23: error BW4201: this gives a string, but erp.schema.json#/properties/customer/properties/no takes a whole number (output /customer/no, input order.schema.json#/properties/number)'])
plant('a text made of a number',
      {'positions': '[lines.{ "article": sku, "amount": qty & " pcs" }]'},
      {'positions': '[lines.{ "article": sku & " pcs", "amount": qty }]'},
      ['order.jsonata:4:51: error BW4201: this gives a string, but erp.schema.json#/properties/positions/items/properties/amount takes a whole number (output /positions/*/amount)'])
plant('a truth where a number must be',
      {'total': '$sum(lines.price) > 100'},
      {'total': '$sum(lines.price) * 100'},
      ['order.jsonata:5:12: error BW4201: this gives a boolean, but erp.schema.json#/properties/total takes a number (output /total)'])
plant('null where a string must be',
      {'reference': 'null'},
      {'reference': 'number'},
      ['order.jsonata:5:16: error BW4201: this gives null, but erp.schema.json#/properties/reference takes a string (output /reference)'])
plant('a value that may be null',
      {'reference': 'reference'},
      {'reference': "reference ? reference : 'none'"},
      ['order.jsonata:5:16: warning BW4201: this may give null, but erp.schema.json#/properties/reference takes a string (output /reference, input order.schema.json#/properties/reference)'])
plant('a number that may be no whole one',
      {'version': 'weight'},
      {'version': '$floor(weight)'},
      ['order.jsonata:5:14: warning BW4201: this may give a number with decimals, but erp.schema.json#/properties/version takes a whole number (output /version, input order.schema.json#/properties/weight)'])
plant('an object where a string must be',
      {'reference': 'customer.address'},
      {'reference': 'customer.address.street'},
      ['order.jsonata:5:16: error BW4201: this gives an object, but erp.schema.json#/properties/reference takes a string (output /reference, input order.schema.json#/properties/customer/properties/address)'])
plant('the text of a number for a number',
      {'total': '$string(discount)'},
      {'total': 'discount'},
      ['order.jsonata:5:12: error BW4201: this gives a string, but erp.schema.json#/properties/total takes a number (output /total)'])
plant('a number where a truth must be',
      {'express': '$count(lines)'},
      {'express': '$count(lines) > 0'},
      ['order.jsonata:5:14: error BW4201: this gives a whole number, but erp.schema.json#/properties/express takes a boolean (output /express)'])
plant('none of the alternatives',
      {'place': '{ "town": customer.name }'},
      {'place': '{ "city": customer.name }'},
      ["order.jsonata:5:12: error BW4203: 'city' is never there, but erp.schema.json#/properties/place/anyOf/1 requires it (output /place/city)"])
plant('codes that are not translated',
      {'source': "$uppercase('web') = 'WEB' ? 'W' : 'S'"},
      {'source': "channel = 'web' ? 'web' : 'shop'"},
      ['order.jsonata:5:13: error BW4202: this gives "W" or "S", but erp.schema.json#/properties/source takes one of "web", "shop" (output /source)'])
plant('one code too many',
      {'source': 'channel'},
      {'source': "channel = 'phone' ? 'shop' : channel"},
      ['order.jsonata:5:13: warning BW4202: this may give "phone", but erp.schema.json#/properties/source takes one of "web", "shop" (output /source, input order.schema.json#/properties/channel)'])
plant('a constant that is another',
      {'kind': '"Order"'},
      {'kind': '"order"'},
      ['order.jsonata:5:11: error BW4202: this gives "Order", but erp.schema.json#/properties/kind takes "order" (output /kind)'])
plant('a whole number where a fraction stands',
      {'version': '1.5'},
      {'version': '1.0'},
      ['order.jsonata:5:14: error BW4202: this gives 1.5, but erp.schema.json#/properties/version takes other values (output /version)'])
plant('a value that is too short',
      {'customer': '{ "no": customer.id, "name": customer.name, "mail": "-" }'},
      {'customer': '{ "no": customer.id, "name": customer.name, "mail": "a@b" }'},
      ['order.jsonata:3:67: error BW4202: this gives "-", but erp.schema.json#/properties/customer/properties/mail takes other values (output /customer/mail)'])
plant('a list that may give way to its item',
      {'positions': 'lines.{ "article": sku, "amount": qty }'},
      {'positions': '[lines.{ "article": sku, "amount": qty, "price": price }]'},
      ['order.jsonata:4:16: warning BW4205: this gives an object where there is one item, but erp.schema.json#/properties/positions takes an array; put [ ] around it (output /positions)'])
plant('one value for a list',
      {'labels': 'number'},
      {'labels': '[number]'},
      ['order.jsonata:5:13: error BW4201: this gives a string, but erp.schema.json#/properties/labels takes an array (output /labels, input order.schema.json#/properties/number)'])
plant('too many items',
      {'labels': '["a", "b", number]'},
      {'labels': '["a", number]'},
      ['order.jsonata:5:13: error BW4207: this gives at least 3 items, but erp.schema.json#/properties/labels takes at most 2 (output /labels)'])
plant('items of another kind',
      {'labels': '[customer.id]'},
      {'labels': "[customer.id & '']"},
      ['order.jsonata:5:14: error BW4201: this gives a whole number, but erp.schema.json#/properties/labels/items takes a string (output /labels/*, input order.schema.json#/properties/customer/properties/id)'])
plant('a mapped list of another kind',
      {'positions': '[$map(lines, function($l) { { "article": $l.sku, "amount": $l.sku } })]'},
      {'positions': '[$map(lines, function($l) { { "article": $l.sku, "amount": $l.qty } })]'},
      ['order.jsonata:4:75: error BW4201: this gives a string, but erp.schema.json#/properties/positions/items/properties/amount takes a whole number (output /positions/*/amount, input order.schema.json#/$defs/line/properties/sku)'])
plant('a member that is not taken',
      {'totl': '1'},
      {'total': '1'},
      ["order.jsonata:5:11: error BW4206: erp.schema.json# takes no member 'totl'; did you mean 'total'? (output /totl)"])
plant('a member of items that is not taken',
      {'positions': '[lines.{ "article": sku, "amount": qty, "Price": price }]'},
      {'positions': '[lines.{ "article": sku, "amount": qty, "price": price }]'},
      ["order.jsonata:4:65: error BW4206: erp.schema.json#/properties/positions/items takes no member 'Price'; did you mean 'price'? (output /positions/*/Price, input order.schema.json#/$defs/line/properties/price)"])
plant('texts where objects must be',
      {'positions': '[tags]'},
      {'positions': '[]'},
      ['order.jsonata:4:17: error BW4201: this gives a string, but erp.schema.json#/properties/positions/items takes an object (output /positions/*)'])
plant('an answer that is mapped',
      {'id': 'customer.id'},
      {'id': 'number'},
      ['order.jsonata:2:9: error BW4201: this gives a whole number, but erp.schema.json#/properties/id takes a string (output /id, input order.schema.json#/properties/customer/properties/id)'],
      REPLY)
plant('a mapping in a branch',
      {'total': 'customer.name'},
      {'total': 'customer.id'},
      ['order.jsonata:5:12: error BW4201: this gives a string, but erp.schema.json#/properties/total takes a number (output /total, input order.schema.json#/properties/customer/properties/name)'],
      CHOICE)
plant('a mapping in a list of steps with a name',
      {'kind': "customer.name = 'x'"},
      {'kind': "'order'"},
      ['order.jsonata:5:11: error BW4201: this gives a boolean, but erp.schema.json#/properties/kind takes a string (output /kind)'],
      NAMED)
plant('a mapping in a handler',
      {'id': None},
      {},
      ["order.jsonata:1:1: error BW4203: 'id' is never there, but erp.schema.json# requires it (output /id)"],
      HANDLER)


def mapping(changes):
    members = {**BASE, **changes}
    return "{\n" + ",\n".join(f'  "{name}": {text}' for name, text in members.items() if text is not None) + "\n}\n"


def check(routes, text):
    with tempfile.TemporaryDirectory() as folder:
        bundle = pathlib.Path(folder)
        (bundle / "routes.yaml").write_text(routes, encoding="utf-8")
        (bundle / "order.jsonata").write_text(text, encoding="utf-8")
        for schema in SCHEMAS.iterdir():
            (bundle / schema.name).write_text(schema.read_text(encoding="utf-8"), encoding="utf-8")
        done = subprocess.run([busway, "check", folder], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout.splitlines()


class Contracts(unittest.TestCase):
    def test_there_are_enough(self):
        self.assertGreaterEqual(len(case), CASES)

    def test_each_planted_mistake_is_found_where_it_stands(self):
        for title, (wrong, _, finds, routes) in case.items():
            with self.subTest(title):
                text = mapping(wrong)
                code, lines = check(routes, text)
                self.assertEqual(lines, finds, "\n" + text)
                self.assertEqual(code, 1 if any(": error " in line for line in finds) else 0)

    def test_correct_mappings_of_the_same_kind_are_not_complained_about(self):
        for title, (_, right, _, routes) in case.items():
            with self.subTest(title):
                text = mapping(right)
                self.assertEqual(check(routes, text), (0, []), "\n" + text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
