"""Exchanges against services that are down, answer garbage, fall silent, hang up half way or reset the connection.

10,000 of them, or 100,000 in a long run (BUSWAY_LONG).
Whoever asks, over HTTP, SOAP or TCP, must get the right kind of failure in the words of their own protocol, within the deadline
and with nothing of the inside; and afterwards the bus must hold as many files and about as much memory as before.
"""

import asyncio
import collections
import json
import os
import pathlib
import re
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import LiveBus, wait_until  # noqa: E402

EXCHANGES = 100_000 if os.environ.get("BUSWAY_LONG") else 10_000
WARM_UP = 1_000
AT_ONCE = 64
TIMEOUT_MS = 400
SLACK_SECONDS = 2.0
CLOSING_SECONDS = 30
RESIDENT_SLACK = 16 * 1024 * 1024

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
    from: {{ http: 'POST /{name}', on: web }}
    steps: [ {{ call: {call} }} ]
    reply: {{ body: '{{}}' }}
  soap-{name}:
    from: {{ soap: /soap/{name}, operation: Ask, on: web }}
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

    def close(self):
        for server in self._servers:
            server.close()
        for writer in list(self._connections):
            writer.close()
        for unused in self._closed:
            unused.close()


def bundle(ports):
    text = "listeners:\n  web: { http: { listen: '127.0.0.1:0' } }\n"
    text += "  lines: { tcp: { listen: '127.0.0.1:0', frame: { delimiter: lf } }, format: json }\nservices:\n"
    for (protocol, fault), port in ports.items():
        text += f"  s-{protocol}-{fault}:\n    {SERVICES[protocol].format(port=port)}\n    timeout: {TIMEOUT_MS}ms\n"
    text += "routes:\n"
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
    longest = 0.0

    async def work():
        nonlocal longest
        web, lines = Caller(bus.address("web")), Caller(bus.address("lines"))
        for number in numbers:
            how, protocol, fault = cases[number % len(cases)]
            started = time.monotonic()
            try:
                caller = lines if how == "line" else web
                text = await asyncio.wait_for(ASKING[how](caller, f"{protocol}-{fault}", *FAULTS[protocol, fault]), 30)
                expect(not INSIDE.search(text), "the inside shows", text)
            except Exception as error:
                caller.close()
                wrong[f"{how} {protocol}-{fault}: {type(error).__name__}: " + re.sub(r"[0-9a-f-]{36}", "ID", str(error))] += 1
            longest = max(longest, time.monotonic() - started)
        web.close()
        lines.close()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return wrong, longest


async def main():
    services = BadServices()
    await services.open()
    with LiveBus({"faults.yaml": bundle(services.ports)}) as bus:
        idle = bus.open_files()
        wrong, _ = await run(bus, WARM_UP)
        resident = bus.resident_bytes()
        started = time.monotonic()
        more, longest = await run(bus, EXCHANGES)
        wrong.update(more)
        print(f"{EXCHANGES} exchanges in {time.monotonic() - started:.1f} s, the longest {longest:.2f} s")
        problems = [f"{times} x {what}" for what, times in wrong.most_common(20)]
        if longest > TIMEOUT_MS / 1000 + SLACK_SECONDS:
            problems.append(f"an exchange took {longest:.2f} s with a timeout of {TIMEOUT_MS} ms")
        # The bus may keep connections that are in good order until the other side closes them.
        services.close()
        try:
            await asyncio.to_thread(wait_until, lambda: bus.open_files() <= idle + 2, CLOSING_SECONDS, "the files are closed")
        except AssertionError as error:
            problems.append(f"{error}: {idle} before, {bus.open_files()} after")
        grown = bus.resident_bytes() - resident
        print(f"files {idle} -> {bus.open_files()}, memory {resident / 1e6:.1f} MB {grown / 1e6:+.1f} MB")
        if grown > RESIDENT_SLACK:
            problems.append(f"memory grew by {grown} bytes")
        if problems:
            print("\n".join(problems))
            raise SystemExit(1)


asyncio.run(main())
