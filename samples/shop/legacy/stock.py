#!/usr/bin/python3
"""The stock system of 1994: fixed-width EBCDIC (cp037) records over a raw socket, each behind a 2-byte length.

    stock.py [--port PORT] [--trace FILE]        prints `listening HOST:PORT`

QUERY   OP X(3)  SKU X(8)  QTY 9(5)              OP: RSV reserves, REL gives back
ANSWER  CODE X(2)  SKU X(8)  LEFT 9(5)  TEXT X(20)
"""

import argparse
import socketserver
import struct
import threading

from wire import Trace

CODE_PAGE = "cp037"
QUERY_SIZE = 3 + 8 + 5


class Shelves:
    """How much of each article is left."""

    def __init__(self):
        self._left = {"A100": 40, "B200": 2, "C300": 500}
        self._lock = threading.Lock()

    def answer(self, query):
        if len(query) != QUERY_SIZE or not query[11:].isdigit():
            return "90", "", 0, "BAD RECORD"
        operation, sku, quantity = query[:3], query[3:11].rstrip(), int(query[11:])
        with self._lock:
            if sku not in self._left:
                return "14", sku, 0, "UNKNOWN ARTICLE"
            if operation == "RSV" and quantity > self._left[sku]:
                return "17", sku, self._left[sku], "NOT ENOUGH LEFT"
            if operation not in ("RSV", "REL"):
                return "91", sku, self._left[sku], "UNKNOWN OPERATION"
            self._left[sku] += quantity if operation == "REL" else -quantity
            return "00", sku, self._left[sku], "RESERVED" if operation == "RSV" else "GIVEN BACK"


class Terminal(socketserver.StreamRequestHandler):
    """One connection: query, answer, query, answer, until the other side closes."""

    def handle(self):
        while len(prefix := self.rfile.read(2)) == 2:
            record = self.rfile.read(struct.unpack(">H", prefix)[0])
            query = record.decode(CODE_PAGE)
            self.server.trace.message("in", prefix + record, query)
            answer = "%-2s%-8s%05d%-20s" % self.server.shelves.answer(query)
            record = answer.encode(CODE_PAGE)
            frame = struct.pack(">H", len(record)) + record
            self.server.trace.message("out", frame, answer)
            self.wfile.write(frame)


class StockSystem(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, default=7000)
    options.add_argument("--trace", metavar="FILE")
    options = options.parse_args()
    with StockSystem(("127.0.0.1", options.port), Terminal) as server:
        server.shelves = Shelves()
        server.trace = Trace(options.trace)
        print("listening %s:%d" % server.server_address, flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


main()
