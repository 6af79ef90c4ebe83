#!/usr/bin/python3
"""`./dev demo`: the shop's two legacy systems as real servers, busway between them and curl, and every wire shown.

    demo.py BUSWAY        exit 0 if every answer was as expected
"""

import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import textwrap
import time

HERE = pathlib.Path(__file__).resolve().parent
WIDTH = 100
START_SECONDS = 20


class Server:
    """A process of ours; `listening` words of its ready lines are kept."""

    def __init__(self, name, command, last_line, environment=None):
        self.name = name
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        self.lines = []
        pending = b""
        deadline = time.monotonic() + START_SECONDS
        while not any(line.startswith(last_line) for line in self.lines):
            ready = select.select([self._process.stdout], [], [], max(0, deadline - time.monotonic()))[0]
            got = os.read(self._process.stdout.fileno(), 4096) if ready else b""
            if not got:
                self.stop()
                raise SystemExit(f"{name} does not start")
            *lines, pending = (pending + got).split(b"\n")
            self.lines += [line.decode() for line in lines]
        self.address = self.lines[0].split()[-1]

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class Legacy(Server):
    """A stand-in of a legacy system."""

    def __init__(self, script, folder):
        self.trace = folder / (script + ".trace")
        self._shown = 0
        super().__init__(script, ["/usr/bin/python3", str(HERE / "legacy" / script), "--port", "0", "--trace", str(self.trace)],
                         "listening")

    def messages(self):
        """What went over its wire since the last look."""
        lines = self.trace.read_text(encoding="utf-8").splitlines()[self._shown:]
        self._shown += len(lines)
        return [json.loads(line) for line in lines]


def show_records(message):
    """Hex left, text right, sixteen bytes a line."""
    raw = bytes.fromhex(message["hex"])
    text = ".." + message["text"] if len(raw) == len(message["text"]) + 2 else message["text"]
    for at in range(0, len(raw), 16):
        yield f"{raw[at:at + 16].hex(' '):<47}   {text[at:at + 16]}"


def show_envelope(message):
    raw, text = bytes.fromhex(message["hex"]), message["text"]
    yield f"{raw[:16].hex(' ')} ...   {len(raw)} bytes of UTF-8"
    for part in text.replace("><", ">\n<").splitlines():
        yield from textwrap.wrap(part, WIDTH - 14, subsequent_indent="    ") or [""]


def show_wires(wires):
    """`wires`: (legacy, label, how to show a message). In the order of time."""
    messages = [(message, label, show) for legacy, label, show in wires for message in legacy.messages()]
    for message, label, show in sorted(messages, key=lambda row: row[0]["time"]):
        arrow = "-->" if message["direction"] == "in" else "<--"
        for number, line in enumerate(show(message)):
            print(f"  {label if number == 0 else '':<5} {arrow if number == 0 else '':<3}  {line.rstrip()}")


def order(url, body):
    """POSTs with curl; returns status, content type and the body's text."""
    done = subprocess.run(["curl", "--silent", "--show-error", "--max-time", "30", "--header", "Content-Type: application/json",
                           "--data-binary", "@-", "--write-out", "\\n%{http_code} %{content_type}", url],
                          input=body.encode(), stdout=subprocess.PIPE, check=True)
    text, _, tail = done.stdout.decode().rpartition("\n")
    status, _, content_type = tail.partition(" ")
    return int(status), content_type, text


class Demo:
    def __init__(self, url, stock, erp):
        self.url, self.stock, self.erp = url, stock, erp
        self.wrong = 0

    def case(self, title, body, status, expected):
        """`expected`: members the answer must have."""
        print("\n" + f"== {title} ".ljust(WIDTH, "="))
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        print(f"  shop  -->  POST /orders  {text}")
        got, content_type, answer = order(self.url, text)
        show_wires([(self.stock, "stock", show_records), (self.erp, "ERP", show_envelope)])
        print(f"  shop  <--  {got} {content_type}")
        try:
            document = json.loads(answer)
            answer = json.dumps(document, ensure_ascii=False)
        except ValueError:
            document = {}
        for line in textwrap.wrap(answer, WIDTH - 13, break_on_hyphens=False):
            print(" " * 13 + line)
        good = got == status and all(document.get(key) == value for key, value in expected.items())
        if not good:
            self.wrong += 1
            print(f"  WRONG: expected {status} with {json.dumps(expected)}")


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    busway = sys.argv[1]
    started = []
    with tempfile.TemporaryDirectory(prefix="busway-demo-") as folder:
        folder = pathlib.Path(folder)
        try:
            stock = Legacy("stock.py", folder)
            started.append(stock)
            erp = Legacy("erp.py", folder)
            started.append(erp)
            environment = {**os.environ, "SHOP_LISTEN": "127.0.0.1:0", "SHOP_STOCK": stock.address, "SHOP_ERP": f"http://{erp.address}/"}
            bus = Server("busway", [busway, "run", str(HERE)], "ready", environment)
            started.append(bus)
            print(f"stock system of 1994 (records)   {stock.address}\norder system of 2003 (SOAP 1.1)  {erp.address}")
            print(f"busway run samples/shop          {bus.address}")
            demo = Demo(f"http://{bus.address}/orders", stock, erp)
            good = {"customer": "C-1042", "sku": "A100", "qty": 2, "price": 19.90}
            demo.case("An order that all three agree on", json.dumps(good).replace("19.9", "19.90"), 201,
                      {"id": "SO-10001", "status": "ACCEPTED"})
            demo.case("More than is on the shelf: the ERP never hears of it", {**good, "sku": "B200", "qty": 3}, 409,
                      {"error": "out of stock", "left": 2})
            demo.case("An order without a quantity: nobody hears of it", {"customer": "C-1042", "sku": "A100"}, 422,
                      {"type": "urn:shop:invalid-order"})
            demo.case("Not JSON at all", '{"customer": "C-1042", "sku"', 400, {"type": "urn:busway:format"})
            demo.case("The ERP falls over: its inside stays inside, the goods go back", {**good, "customer": "nobody"}, 502,
                      {"type": "urn:busway:answered"})
            erp.stop()
            started.remove(erp)
            demo.case("The ERP is down: it surely has no order, the goods go back", good, 503, {"type": "urn:busway:not_sent"})
            stock.stop()
            started.remove(stock)
            demo.case("The stock system is down too: nothing was sent, try again later", good, 503, {"type": "urn:busway:not_sent"})
        finally:
            for server in reversed(started):
                server.stop()
    print("\n" + ("Every answer was as expected." if demo.wrong == 0 else f"{demo.wrong} answers were wrong."))
    return 1 if demo.wrong else 0


sys.exit(main())
