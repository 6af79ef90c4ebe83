"""Adapters of shared libraries: what they declare shows up everywhere, they do their work in `test` and `run`, and whatever one does
to its calls, each ends as it should. The contract suite (tests/contract) has the rest.

    adapter_test.py BUSWAY SOURCE CC CXX
"""
import concurrent.futures
import http.client
import json
import os
import pathlib
import shutil
import socket
import struct
import sys
import tempfile
import time

from modbus_device import Device
from workshop import BUSWAY, PARTS, SOURCE, Case, compiled, main

sys.path.insert(0, str(SOURCE / "tests"))
from live_bus import LiveBus, wait_until  # noqa: E402

os.environ["BUSWAY"] = BUSWAY
FRONT = "listeners: { front: { http: { listen: '127.0.0.1:0' } } }\n"


def post(bus, path, body):
    """The status, and the answer as a document."""
    connection = http.client.HTTPConnection(*bus.address("front"), timeout=20)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
    finally:
        connection.close()


class Adapters(Case):
    """With a directory of libraries, made once."""

    sources = {}

    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory(prefix="busway-adapters-")
        cls.addClassCleanup(cls.kept.cleanup)
        cls.libraries = pathlib.Path(cls.kept.name)
        for name, source in cls.sources.items():
            compiled(source, cls.libraries / f"{name}.so", flags=["-pthread"])

    def with_plugins(self, routes, tests="", name="bundle"):
        bundle = self.folder / name
        shutil.copytree(self.libraries, bundle / "plugins")
        (bundle / "routes.yaml").write_text(routes)
        if tests:
            (bundle / "all.test.yaml").write_text(tests)
        return bundle


class Modbus(Adapters):
    sources = {"modbus": SOURCE / "plugins/examples/modbus/modbus.cpp"}
    ROUTES = FRONT + """
services: { plc: { modbus: { endpoints: [ '%s' ]%s }, timeout: %s } }
routes:
  ask:
    from: { http: POST /ask, on: front, format: json }
    steps: [ { call: plc } ]
    on_error: { reply: { status: 500, body: '{ "kind": $failure.kind, "outcome": $failure.outcome, "code": $failure.fault.code, "message": $failure.message }' } }
  plain: { from: { http: POST /plain, on: front, format: json }, steps: [ { call: plc } ] }
"""

    def routes(self, address, keys="", timeout="400ms"):
        return self.ROUTES % (address, keys, timeout)

    def test_registers_are_written_and_read_through_a_route(self):
        with Device() as device, LiveBus(self.with_plugins(self.routes(device.address)), arguments=["--workers", "2"]) as bus:
            wrote = {"unit": 1, "function": "write_registers", "address": 100, "values": [1, 65535, 7]}
            self.assertEqual(post(bus, "/ask", wrote), (200, wrote))
            self.assertEqual(post(bus, "/ask", {"function": "write_register", "address": 101, "value": 12, "unit": 17})[1]["values"], [12])
            read = {"function": "read_holding", "address": 99, "count": 4}
            self.assertEqual(post(bus, "/ask", read), (200, {"unit": 1, "function": "read_holding", "address": 99, "values": [0, 1, 12, 7]}))
            self.assertEqual(post(bus, "/plain", {"function": "read_input", "address": 102})[1]["values"], [7])
            # Many callers on both workers, and the device sees one connection.
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                for got in pool.map(lambda n: post(bus, "/ask", {"function": "read_holding", "address": 100 + n % 3}), range(200)):
                    self.assertIn(got[1]["values"], ([1], [12], [7]))
            self.assertEqual(device.connections, 1)

    def test_what_goes_wrong_has_its_kind(self):
        with Device() as device, LiveBus(self.with_plugins(self.routes(device.address)), arguments=["--workers", "1"]) as bus:
            def failure(**query):
                status, document = post(bus, "/ask", {"function": "read_holding", "address": 1, **query})
                self.assertEqual(status, 500, document)
                return document["kind"], document.get("outcome") or document.get("code")
            self.assertEqual(failure(address=1000), ("answered", "2"))
            self.assertEqual(post(bus, "/plain", {"function": "read_holding", "address": 1000})[0], 502)
            self.assertEqual(failure(unit=2), ("not_sent", "not_sent"))
            began = time.monotonic()
            self.assertEqual(failure(unit=3), ("unknown", "unknown"))
            self.assertLess(time.monotonic() - began, 2)
            self.assertEqual(failure(unit=4)[0], "garbage")
            self.assertEqual(failure(unit=5), ("unknown", "unknown"))
            self.assertEqual(failure(unit=6)[0], "garbage")
            for query in ({"function": "read"}, {"count": 126}, {"count": 1.5}, {"address": -1}, {"unit": 256}, {"function": "write_registers"},
                          {"function": "write_registers", "values": [1, "2"]}, {"function": "write_register", "value": 65536}):
                with self.subTest(query):
                    self.assertEqual(failure(**query), ("mapping", None))
            self.assertEqual(post(bus, "/ask", {"function": "read_holding", "address": 1})[0], 200)

    def test_a_slow_answer_of_a_call_that_was_given_up_is_nobody_elses(self):
        with Device() as device, LiveBus(self.with_plugins(self.routes(device.address, ", outstanding: 4", "100ms")),
                                         arguments=["--workers", "2"]) as bus:
            post(bus, "/ask", {"function": "write_register", "address": 5, "value": 55})
            for _ in range(5):
                self.assertEqual(post(bus, "/ask", {"function": "read_holding", "address": 5, "unit": 7})[1]["kind"], "unknown")
                wait_until(lambda: post(bus, "/ask", {"function": "read_holding", "address": 5})[1].get("values") == [55], what="the device")

    def test_a_device_that_is_not_there(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            with LiveBus(self.with_plugins(self.routes("127.0.0.1:%d" % taken.getsockname()[1]))) as bus:
                status, failure = post(bus, "/ask", {"function": "read_holding", "address": 1})
                self.assertEqual((status, failure["kind"]), (500, "not_sent"))
                self.assertIn("connecting to 127.0.0.1:", failure["message"])
                self.assertEqual(post(bus, "/plain", {"function": "read_holding", "address": 1})[0], 503)

    def test_a_listener_is_a_device_to_others(self):
        with Device() as device:
            device.registers[7] = 70
            bundle = self.with_plugins(f"""
listeners: {{ panel: {{ modbus: {{ listen: '127.0.0.1:0' }} }} }}
services: {{ plc: {{ modbus: '{device.address}', timeout: 300ms }} }}
routes:
  made: {{ from: {{ modbus: messages, on: panel, when: unit = 9 }}, reply: {{ body: '{{ "values": [address] }}' }} }}
  gone: {{ from: {{ modbus: messages, on: panel, when: unit = 10 }}, reply: {{ status: 404, body: '{{}}' }} }}
  through: {{ from: {{ modbus: messages, on: panel }}, steps: [ {{ call: plc }} ] }}
""")
            with LiveBus(bundle, arguments=["--workers", "2"]) as bus, socket.create_connection(bus.address("panel"), 10) as caller:
                def ask(pdu, unit=1, number=77):
                    caller.sendall(struct.pack(">HHHB", number, 0, len(pdu) + 1, unit) + pdu)
                    return answer(unit, number)

                def answer(unit=1, number=77):
                    head = struct.unpack(">HHHB", caller.recv(7, socket.MSG_WAITALL))
                    self.assertEqual((head[0], head[1], head[3]), (number, 0, unit))
                    return caller.recv(head[2] - 1, socket.MSG_WAITALL)
                self.assertEqual(ask(struct.pack(">BHH", 3, 5, 1), unit=9), bytes([3, 2, 0, 5]))
                self.assertEqual(ask(struct.pack(">BHH", 3, 5, 2), unit=9), bytes([0x83, 4]))  # the route gives one value
                self.assertEqual(ask(struct.pack(">BHH", 3, 5, 1), unit=10), bytes([0x83, 2]))
                self.assertEqual(ask(struct.pack(">BHH", 3, 7, 1)), bytes([3, 2, 0, 70]))  # handed on untouched, both ways
                write = struct.pack(">BHHBHH", 16, 8, 2, 4, 80, 81)
                self.assertEqual(ask(write), write[:5])
                self.assertEqual((device.registers[8], device.registers[9]), (80, 81))
                single = struct.pack(">BHH", 6, 8, 88)
                self.assertEqual(ask(single), single)
                self.assertEqual(ask(struct.pack(">BHH", 3, 7, 1), unit=2), bytes([0x83, 6]))  # the device is busy
                self.assertEqual(ask(struct.pack(">BHH", 3, 7, 1), unit=3), bytes([0x83, 4]))  # it does not answer
                for wrong, code in ((b"\x01\0\0\0\1", 1), (struct.pack(">BHH", 3, 0, 126), 3), (struct.pack(">BHH", 3, 65535, 2), 2),
                                    (struct.pack(">BH", 3, 0), 3), (struct.pack(">BHHBH", 16, 0, 2, 2, 1), 3)):
                    self.assertEqual(ask(wrong), bytes([wrong[0] | 0x80, code]), wrong)
                frames = [struct.pack(">HHHBBHH", n, 0, 6, 9, 3, n, 1) for n in range(50)]  # in one go: answered in order
                caller.sendall(b"".join(frames))
                self.assertEqual([answer(9, n) for n in range(50)], [struct.pack(">BBH", 3, 2, n) for n in range(50)])
                for byte in frames[3]:
                    caller.sendall(bytes([byte]))
                self.assertEqual(answer(9, 3), bytes([3, 2, 0, 3]))
                caller.sendall(b"GET / HTTP/1.1\r\n\r\n")
                self.assertEqual(caller.recv(100), b"")

    def test_its_tests_need_no_device(self):
        ask = "send: { http: POST /plain, body: { function: read_holding, address: 7, count: 2 } }\n"
        bundle = self.with_plugins(self.routes("10.0.0.9:502"), f"""
test: registers are read
{ask}services: {{ plc: {{ expect: {{ function: read_holding, address: 7, count: 2 }}, reply: {{ values: [ 4, 5 ] }} }} }}
expect: {{ body: {{ unit: 1, function: read_holding, address: 7, values: [ 4, 5 ] }} }}
---
test: bytes of an answer are read by the adapter
{ask}services: {{ plc: {{ reply: {{ file: registers.bin }} }} }}
expect: {{ body_has: {{ values: [ 4, 5 ] }} }}
---
test: an exception is a refusal
{ask}services: {{ plc: {{ reply: {{ file: exception.bin }} }} }}
expect: {{ status: 502, error: answered }}
---
test: no answer
{ask}services: {{ plc: {{ fails: unknown }} }}
expect: {{ status: 504, error: unknown }}
---
test: what cannot be asked is not sent
send: {{ http: POST /plain, body: {{ function: read_holding, address: 70000 }} }}
expect: {{ status: 500, error: mapping }}
""")
        (bundle / "registers.bin").write_bytes(bytes.fromhex("000100000007 01 03 04 0004 0005"))
        (bundle / "exception.bin").write_bytes(bytes.fromhex("000100000003 01 83 02"))
        self.assertIn("5 passed, 0 failed", self.exits(0, "test", bundle))

    def test_it_shows_up_as_a_built_in_one_does(self):
        bundle = self.with_plugins(self.routes("10.0.0.9:502"))
        self.assertIn("0 errors, 0 warnings", self.busway("check", bundle).stderr)
        self.assertRegex(self.exits(0, "list", "adapters", "--bundle", bundle), r"(?m)^modbus +Calls devices that speak Modbus/TCP")
        shown = self.exits(0, "help", "adapter", "modbus", "--bundle", bundle)
        self.assertIn("- `unit` (integer, default `1`, 0 to 255): The unit that is asked where the document names none.", shown)
        self.assertIn("- `max_in_flight` (integer, default `1024`, 1 to 1000000): Calls under way at once", shown)
        self.assertIn("- `listen` (text, required): HOST:PORT to listen on", shown)
        self.assertIn('"outstanding"', self.exits(0, "schema", "--bundle", bundle))
        self.exits(0, "help", "--docs", self.folder / "docs", "--bundle", bundle)
        self.assertIn("# modbus", "".join(path.read_text() for path in (self.folder / "docs").rglob("*.md")))
        self.assertIn("adapter modbus       Calls devices", self.exits(0, "plugin", "check", bundle / "plugins/modbus.so"))

    def test_keys_that_are_wrong_are_findings_at_their_places(self):
        for service, finding in (("{ modbus: { endpoints: [ a:1 ], unti: 1 } }", "BW1004: unknown key 'unti'; did you mean 'unit'?"),
                                 ("{ modbus: { endpoints: [ a:1 ], unit: 256 } }", "BW1007: '256' is out of bounds: allowed is 0 to 255"),
                                 ("{ modbus: { endpoints: [] } }", "BW7010: the plugin plugins/modbus.so refuses this: a service needs at least"),
                                 ("{ modbus: {} }", "BW1006: 'endpoints' is required here"),
                                 ("{ modbus: a:1, format: json }", "BW2018: 'format' means nothing to 'modbus'; remove it"),
                                 ("{ modbus: a:1, headers: { a: b } }", "BW2018: 'headers' means nothing to 'modbus'; remove it"),
                                 ("{ modbus: { endpoints: a:1, max_body: 0 } }", "BW1007: '0' is out of bounds")):
            with self.subTest(service):
                bundle = self.with_plugins(FRONT + f"services:\n  plc: {service}\nroutes: {{ r: {{ from: {{ http: POST /, on: front }}, "
                                           "steps: [ { call: plc } ] } }\n", name=str(abs(hash(service))))
                out = self.exits(1, "check", bundle)
                self.assertRegex(out, r"^routes.yaml:3:\d+: error ")
                self.assertIn(finding, out)
        bundle = self.with_plugins(FRONT + "routes: { r: { from: { modbus: messages, on: front }, reply: {} } }\n", name="listened")
        self.assertIn("'front' is a listener of 'http'; 'modbus' needs one of 'modbus'", self.exits(1, "check", bundle))


class Odd(Adapters):
    sources = {"odd": PARTS / "odd.cpp", "linetalk": SOURCE / "plugins/examples/linetalk/linetalk.cpp"}

    def test_a_call_ends_once_whatever_the_plugin_does(self):
        expected = {"next": (200, None), "now": (200, None), "twice": (200, None), "throws": (500, "internal"), "never": (504, "unknown"),
                    "late": (504, "unknown"), "refuses": (502, "answered"), "not_sent": (503, "not_sent"), "deadline": (504, "unknown"),
                    "large": (502, "garbage"), "document": (500, "internal"), "injects": (500, "internal"), "unsent": (503, "not_sent"),
                    "status": (404, "answered")}
        services = "".join(f"  {how}: {{ odd: {{ how: {how}, max_body: 1KiB }}, format: json, timeout: 300ms }}\n" for how in expected)
        routes = "".join(f"  {how}: {{ from: {{ http: POST /{how}, on: front, format: json }}, steps: [ {{ call: {{ service: {how}, request: $ }} }} ],"
                         " reply: {} }\n" for how in expected)
        with LiveBus(self.with_plugins(FRONT + f"services:\n{services}routes:\n{routes}"), arguments=["--workers", "2"]) as bus:
            for turn in range(3):
                for how, (status, kind) in expected.items():
                    with self.subTest(how, turn=turn):
                        got, document = post(bus, f"/{how}", {"a": turn})
                        self.assertEqual(got, status, document)
                        self.assertEqual((document or {}).get("type"), kind and f"urn:busway:{kind}")
                        if status == 200:
                            self.assertEqual(document, {"a": turn})
            wait_until(lambda: "A plugin has answered a call that had ended before." in bus.log(), what="the count of late answers")

    def test_more_calls_than_may_be_under_way_are_refused(self):
        routes = (FRONT + "services: { slow: { odd: { how: late, max_in_flight: 2 }, format: json, timeout: 2s } }\n"
                  "routes: { r: { from: { http: POST /, on: front, format: json }, steps: [ { call: slow } ] } }\n")
        with LiveBus(self.with_plugins(routes), arguments=["--workers", "2"]) as bus:
            with concurrent.futures.ThreadPoolExecutor(6) as pool:
                got = sorted(status for status, _ in pool.map(lambda n: post(bus, "/", {"n": n}), range(6)))
        self.assertEqual(got, [200, 200, 503, 503, 503, 503])

    def test_a_flood_is_held_to_its_credit_and_loses_nothing(self):
        for workers in (1, 2):
            report = self.folder / f"report{workers}"
            bundle = self.with_plugins(f"""
listeners: {{ flood: {{ flood: {{ count: 5000, report: {report}, max_in_flight: 8 }}, format: json }} }}
services: {{ echo: {{ odd: now, format: json }} }}
routes: {{ r: {{ from: {{ flood: messages, on: flood }}, steps: [ {{ call: {{ service: echo, request: $ }} }} ], reply: {{ body: '{{ "n": n }}' }} }} }}
""", name=f"flood{workers}")
            with LiveBus(bundle, arguments=["--workers", str(workers)]):
                wait_until(lambda: report.exists() and report.read_text(), what="all replies")
            right, full, most = (int(word) for word in report.read_text().split() if word.isdigit())
            self.assertEqual(right, 5000)
            self.assertGreater(full, 0)
            self.assertLessEqual(most, 9)  # one may be counted before its reply is

    def test_a_listener_that_cannot_open_ends_the_start(self):
        bundle = self.with_plugins("listeners: { flood: { flood: { report: /nowhere } } }\n"
                                   "routes: { r: { from: { flood: messages, on: flood }, reply: {} } }\n")
        done = self.busway("run", bundle)
        self.assertEqual(done.returncode, 1)
        self.assertIn("opening listener 'flood': opening the report: there is no such place", done.stderr + done.stdout)

    def test_lines_through_a_route_and_what_tests_say_of_them(self):
        bundle = self.with_plugins("""
listeners: { desk: { linetalk: { listen: '127.0.0.1:0', max_body: 100 }, format: json } }
services: { clerk: { linetalk: '127.0.0.1:9', format: json } }
routes:
  sum: { from: { linetalk: messages, on: desk, when: $exists(a) }, reply: { body: '{ "sum": a + b }' } }
  ask: { from: { linetalk: messages, on: desk, error: '{ "no": $failure.kind }' }, steps: [ { call: clerk } ] }
""", """
test: a sum
route: sum
send: { linetalk: messages, body: { a: 1, b: 2 } }
expect: { body: { sum: 3 } }
---
test: a question
route: ask
send: { linetalk: messages, body: { q: why } }
services: { clerk: { expect: { q: why }, reply: { a: because } } }
expect: { body: { a: because } }
---
test: nobody there
send: { linetalk: messages, body: { q: why } }
services: { clerk: { fails: not_sent } }
expect: { error: not_sent, body: { 'no': not_sent } }
""")
        self.assertIn("3 passed, 0 failed", self.exits(0, "test", bundle))
        with LiveBus(bundle, arguments=["--workers", "2"]) as bus:
            with socket.create_connection(bus.address("desk"), 10) as caller, caller.makefile("rw") as lines:
                for said, answer in (('{"a":1,"b":2}', '{"sum":3}'), ('{"a":"x","b":2}', "!500 Internal Server Error"),
                                     ('{"q":1}', '{"no":"not_sent"}'), ("}", '{"no":"format"}'), ('{"a":4,"b":2}', '{"sum":6}')):
                    lines.write(said + "\n")
                    lines.flush()
                    self.assertEqual(lines.readline().strip(), answer)

    def test_a_source_that_picks_its_route(self):
        routes = """
listeners: { all: { topics: {} } }
routes:
  a: { from: { topics: a/b, on: all }, reply: { body: '{ "got": n }' } }
  c: { from: { topics: c, on: all }, reply: { body: $ } }
"""
        bundle = self.with_plugins(routes, """
test: by its topic
route: a
send: { topics: a/b, body: { n: 5 } }
expect: { body: { got: 5 } }
---
test: the other
route: c
send: { topics: c, body: { n: 5 } }
expect: { body: { n: 5 } }
""")
        self.assertIn("2 passed, 0 failed", self.exits(0, "test", bundle))
        with LiveBus(bundle) as bus:
            self.assertEqual(bus.address("all"), ("a/b;c;", 0))
        (bundle / "routes.yaml").write_text(routes.replace("routes:", "services: { far: { topics: {} } }\nroutes:") +
                                            "  d: { from: { topics: d, on: all }, steps: [ { call: far } ] }\n"
                                            "  e: { from: { topics: e, on: all }, steps: [ { call: { service: far, into: x } } ], reply: { body: $vars.x } }\n")
        send = "send: {{ topics: {0}, body: {{ n: 5 }} }}\nservices: {{ far: {{ expect: {{ n: 5 }}, reply: {1} }} }}\nexpect: {2}\n"
        (bundle / "all.test.yaml").write_text("---\n".join((
            "test: handed on as it is\n" + send.format("d", "{ m: 6 }", "{ body: { m: 6 } }"),
            "test: kept\n" + send.format("e", "{ m: 6 }", "{ body: { m: 6 } }"),
            "test: bytes\n" + send.format("d", "{ file: some.bin }", "{ body: 1 }"))))
        (bundle / "some.bin").write_bytes(b"12")
        out = self.exits(1, "test", bundle)
        self.assertIn("2 passed, 1 failed", out)
        self.assertIn("has no decode_answer, so a test cannot give the bytes of an answer: give its document", out)
        (bundle / "all.test.yaml").write_text("test: bytes\nsend: { topics: c, hex: '00' }\nexpect: { body: 1 }\n")
        self.assertIn("reads no bytes without a connection: give the test's body as a document", self.exits(1, "test", bundle))
        for from_, finding in (("{ topics: c, on: all, when: 'true' }", "BW1004: unknown key 'when'"),
                               ("{ topics: c, on: all, format: json }", "BW2018: 'format' means nothing to 'topics'")):
            (bundle / "routes.yaml").write_text(f"listeners: {{ all: {{ topics: {{}} }} }}\nroutes: {{ a: {{ from: {from_}, reply: {{}} }} }}\n")
            self.assertIn(finding, self.exits(1, "check", bundle))


class OldVersion(Case):
    def test_a_plugin_of_abi_1_0_still_runs(self):
        bundle = self.folder / "bundle"
        (bundle / "plugins").mkdir(parents=True)
        old = SOURCE / "tests/plugins/abi_1_0"
        source = self.folder / "tlv.c"
        shutil.copy(SOURCE / "plugins/examples/tlv/tlv.c", source)
        shutil.copy(old / "busway_plugin.h", self.folder)  # beside the source: it is found first
        compiled(source, bundle / "plugins/tlv.so")
        self.assertIn("format tlv", self.exits(0, "plugin", "check", bundle / "plugins/tlv.so"))
        out = self.exits(0, "convert", "--bundle", bundle, "--from", "tlv", "--to", "json", stdin="5303978")
        self.assertEqual(json.loads(out), [{"tag": "53", "value": "978"}])


main()
