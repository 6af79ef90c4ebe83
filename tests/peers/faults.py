"""Exchanges against services that are down, answer garbage, fall silent, hang up half way or reset the connection.

10,000 of them, or 100,000 in a long run (BUSWAY_LONG).
Whoever asks, over HTTP, SOAP or TCP, must get the right kind of failure in the words of their own protocol, within the deadline
and with nothing of the inside; and afterwards the bus must hold as many files and about as much memory as before.
"""

import asyncio
import collections
import json
import pathlib
import re
import socket
import struct
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hostile_bed import HostileBed, either  # noqa: E402

EXCHANGES = either(10_000, 100_000)
BESIDE = 2_500
WARM_UP = 1_000
AT_ONCE = 64
TIMEOUT_MS = 400
SLACK_SECONDS = 2.0

# What a service does, over which protocol -> kind and status of the failure.
FAULTS = {
    ("http", "down"): ("not_sent", 503),
    ("http", "garbage"): ("garbage", 502),
    ("http", "silent"): ("unknown", 504),
    ("http", "half"): ("unknown", 504),
    ("http", "reset"): ("unknown", 504),
    ("soap", "down"): ("not_sent", 503),
    ("soap", "garbage"): ("garbage", 502),
    ("soap", "not_an_envelope"): ("garbage", 502),
    ("soap", "silent"): ("unknown", 504),
    ("soap", "half"): ("unknown", 504),
    ("tcp", "down"): ("not_sent", 503),
    ("tcp", "garbage"): ("garbage", 502),
    ("tcp", "silent"): ("unknown", 504),
    ("tcp", "half"): ("unknown", 504),
    ("tcp", "reset"): ("unknown", 504),
}

SERVICES = {
    "http": "http: {{ endpoints: ['http://127.0.0.1:{port}/'], connections: 256 }}",
    "soap": "soap: {{ endpoints: ['http://127.0.0.1:{port}/'], namespace: 'urn:x', connections: 256 }}",
    "tcp": "tcp: {{ endpoints: ['127.0.0.1:{port}'], frame: {{ length_prefix: 2 }}, connections: 256 }}\n    format: json",
}

ROUTES = """\
  web-{name}:
    from: {{ http: 'POST /{name}', on: front }}
    steps: [ {{ call: {call} }} ]
    reply: {{ body: '{{}}' }}
  soap-{name}:
    from: {{ soap: /soap/{name}, operation: Ask, on: front }}
    steps: [ {{ call: {call} }} ]
    reply: {{ body: '{{}}' }}
  line-{name}:
    from: {{ tcp: frames, on: lines, when: 'ask = "{name}"', error: '{{ "failed": $failure.kind }}' }}
    steps: [ {{ call: {call} }} ]
    reply: {{ body: '{{}}' }}
"""

SOAP_REQUEST = ('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><n:Ask xmlns:n="urn:x"/></s:Body></s:Envelope>')
INSIDE = re.compile(r"127\.0\.0\.1|errno|refused|reset by|\.cpp|exception|s-(http|soap|tcp)|timed out", re.IGNORECASE)


class BadServices:
    """One listening port for each fault; `down` is a port nobody listens on."""

    def __init__(self):
        self.ports = {}
        self._servers = []
        self._closed = []
        self._connections = set()

    async def open(self):
        for protocol, fault in FAULTS:
            if fault == "down":
                # Bound and never listened on, so that nobody else gets the port.
                unused = socket.socket()
                unused.bind(("127.0.0.1", 0))
                self._closed.append(unused)
                self.ports[protocol, fault] = unused.getsockname()[1]
                continue

            async def serve(reader, writer, protocol=protocol, fault=fault):
                self._connections.add(writer)
                try:
                    await self._misbehave(reader, writer, protocol, fault)
                except (ConnectionError, asyncio.IncompleteReadError):
                    pass
                finally:
                    self._connections.discard(writer)
                    writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
            self._servers.append(server)
            self.ports[protocol, fault] = server.sockets[0].getsockname()[1]

    async def _misbehave(self, reader, writer, protocol, fault):
        while True:
            if protocol == "tcp":
                size = struct.unpack(">H", await reader.readexactly(2))[0]
                await reader.readexactly(size)
            else:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
                await reader.readexactly(int(length[1]) if length else 0)
            if fault == "silent":
                await reader.read()
                return
            if fault == "reset":
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if fault == "garbage":
                writer.write(b"\x00\x05{][{]" if protocol == "tcp" else b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            elif fault == "half":
                writer.write(b"\x00\x40{\"a" if protocol == "tcp" else
                             b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 500\r\n\r\n<half")
            elif fault == "not_an_envelope":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 11\r\n\r\n<greeting/>")
            await writer.drain()
            if fault == "half":
                return

    async def close(self):
        for server in self._servers:
            server.close()
        for writer in list(self._connections):
            writer.close()
        for unused in self._closed:
            unused.close()


def bundle(ports):
    text = "listeners:\n  front: { http: { listen: '127.0.0.1:0' } }\n"
    text += "  lines: { tcp: { listen: '127.0.0.1:0', frame: { delimiter: lf } }, format: json }\nservices:\n"
    for (protocol, fault), port in ports.items():
        text += f"  s-{protocol}-{fault}:\n    {SERVICES[protocol].format(port=port)}\n    timeout: {TIMEOUT_MS}ms\n"
    text += "routes:\n  ok: { from: { http: GET /ok, on: front }, steps: [ { map: '{ \"ok\": true }' } ] }\n"
    for protocol, fault in ports:
        operation = ", operation: Ask" if protocol == "soap" else ""
        call = f"{{ service: s-{protocol}-{fault}{operation}, request: '{{ \"x\": 1 }}', into: got }}"
        text += ROUTES.format(name=f"{protocol}-{fault}", call=call)
    return text


class Caller:
    """A kept connection to the bus that opens again when it was closed."""

    def __init__(self, address):
        self._address = address
        self._writer = None

    async def connect(self):
        if self._writer is None or self._reader.at_eof():
            self.close()
            self._reader, self._writer = await asyncio.open_connection(*self._address)

    def close(self):
        if self._writer:
            self._writer.close()
        self._writer = None

    async def http(self, path, content_type, body):
        await self.connect()
        self._writer.write((f"POST {path} HTTP/1.1\r\nHost: bus\r\nContent-Type: {content_type}\r\n"
                            f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        length = int(re.search(r"content-length: *(\d+)", head, re.IGNORECASE)[1])
        text = (await self._reader.readexactly(length)).decode()
        if re.search(r"connection: *close", head, re.IGNORECASE):
            self.close()
        return int(head.split()[1]), re.search(r"content-type: *([^;\r]*)", head, re.IGNORECASE)[1].strip(), text

    async def line(self, document):
        await self.connect()
        self._writer.write(json.dumps(document).encode() + b"\n")
        return json.loads(await self._reader.readuntil(b"\n"))


class Wrong(Exception):
    pass


def expect(holds, what, seen):
    if not holds:
        raise Wrong(f"{what}: {seen}")


async def ask_web(caller, name, kind, status):
    got, content_type, text = await caller.http(f"/{name}", "application/json", "{}")
    expect((got, content_type) == (status, "application/problem+json"), "status and type", (got, content_type, text))
    problem = json.loads(text)
    expect(problem["type"] == f"urn:busway:{kind}" and problem["status"] == status, "problem", text)
    expect(problem["instance"].startswith("urn:uuid:"), "instance", text)
    expect(set(problem) <= {"type", "title", "status", "instance", "outcome"}, "members", text)
    expect(problem.get("outcome") == ("unknown" if kind == "unknown" else problem.get("outcome")), "outcome", text)
    return text


async def ask_soap(caller, name, kind, status):
    got, content_type, text = await caller.http(f"/soap/{name}", "text/xml; charset=utf-8", SOAP_REQUEST)
    expect(got == 500 and content_type == "text/xml", "status and type", (got, content_type, text))
    expect(re.search(r"<faultcode>[\w-]+:Server</faultcode>", text), "Fault", text)
    return text


async def ask_line(caller, name, kind, status):
    record = await caller.line({"ask": name})
    expect(record == {"failed": kind}, "record", record)
    return json.dumps(record)


ASKING = {"web": ask_web, "soap": ask_soap, "line": ask_line}


async def run(bus, count):
    """Makes `count` exchanges, evenly of every sort; returns what went wrong and the longest time of one."""
    cases = [(how, protocol, fault) for how in ASKING for protocol, fault in FAULTS]
    numbers = iter(range(count))
    wrong = collections.Counter()
    longest = late = 0.0

    async def watch():
        """When this process, the services in it too, was last held up for so long that a good answer may have come too late."""
        nonlocal late
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.02)
            if time.monotonic() > began + TIMEOUT_MS / 4000:
                late = time.monotonic()

    async def work():
        nonlocal longest
        web, lines = Caller(bus.address("front")), Caller(bus.address("lines"))
        for number in numbers:
            how, protocol, fault = cases[number % len(cases)]
            started = time.monotonic()
            try:
                caller = lines if how == "line" else web
                text = await asyncio.wait_for(ASKING[how](caller, f"{protocol}-{fault}", *FAULTS[protocol, fault]), 30)
                expect(not INSIDE.search(text), "the inside shows", text)
            except Exception as error:
                caller.close()
                if late >= started:
                    continue
                wrong[f"{how} {protocol}-{fault}: {type(error).__name__}: " + re.sub(r"[0-9a-f-]{36}", "ID", str(error))] += 1
            longest = max(longest, time.monotonic() - started)
        web.close()
        lines.close()

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    watching.cancel()
    return wrong, longest


class Faults(HostileBed):
    @classmethod
    def setUpClass(cls):
        cls.loop = asyncio.new_event_loop()
        threading.Thread(target=cls.loop.run_forever, daemon=True).start()
        cls.services = BadServices()
        cls.wait_for(cls.services.open())
        cls.open_bus({"faults.yaml": bundle(cls.services.ports)})
        wrong, _ = cls.wait_for(run(cls.bus, WARM_UP))
        assert not wrong, wrong

    @classmethod
    def wait_for(cls, work):
        return asyncio.run_coroutine_threadsafe(work, cls.loop).result()

    def test_each_failure_is_told_right(self):
        """T11, T12, T13, in the words of three protocols. Well-behaved callers go on beside the first of them."""
        wrong, longest, made = collections.Counter(), 0.0, 0

        def exchanges(count):
            nonlocal longest, made
            more, slowest = self.wait_for(run(self.bus, count))
            wrong.update(more)
            longest, made = max(longest, slowest), made + count

        began = time.monotonic()
        told, _ = self.hold_p99(lambda: exchanges(BESIDE))
        exchanges(max(0, EXCHANGES - made))
        self.tell(f"{made} exchanges in {time.monotonic() - began:.1f} s, {sum(wrong.values())} told wrongly, the longest {longest:.2f} s, {told}")
        self.assertEqual(wrong, {}, "\n".join(f"{times} x {what}" for what, times in wrong.most_common(20)))
        self.assertLess(longest, TIMEOUT_MS / 1000 + SLACK_SECONDS)

    def tearDown(self):
        # The bus may keep connections that are in good order until the other side closes them.
        self.wait_for(self.services.close())
        super().tearDown()


if __name__ == "__main__":
    unittest.main()
