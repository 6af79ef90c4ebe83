"""Peers of B5 that are filters over lines: jq and Bloblang. A document a line goes in, again and again, and what a mapping costs is
the time with it less the time of reading alone. Only mappings that say the same in their language are theirs."""

import dataclasses
import json
import os
import resource
import subprocess
import time

from far_peers import CONNECT
from lab import PEER_CORE, NotMeasured
from peers import find, first_line

TEXT_SECONDS = 600


@dataclasses.dataclass(frozen=True)
class LineTool:
    """`words` of a mapping: a command that maps each line of standard input. `nothing` gives no output; `quiet` makes a mapping do so
    too, once its result is there."""

    name: str
    notes: str
    mappings: dict
    nothing: str
    quiet: object
    words: object
    version_of: object
    prepare: object = lambda: None

    def version(self):
        return self.version_of()

    def run(self, mapping, path):
        """Seconds of processor time, and what came out."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(path, "rb") as lines:
            done = subprocess.run(["taskset", "-c", PEER_CORE, *self.words(mapping)], stdin=lines, capture_output=True, timeout=TEXT_SECONDS,
                                  env={**os.environ, "GOMAXPROCS": "1"}, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            raise NotMeasured(f"{self.name}: " + (done.stderr.decode(errors="replace").strip().splitlines() or ["no output"])[-1][:200])
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout.decode()

    def first_answer(self, mapping, path):
        """`blobl` may end before it has written the last lines, so that one line in is sometimes none out."""
        for _ in range(5):
            if lines := self.run(mapping, path)[1].strip().splitlines():
                return lines[0]
        raise NotMeasured(f"{self.name}: no output")

    def answers(self, lab, data, names, seconds, whole):
        """name -> {"ns", "result"} as bench_mapping gives it."""
        self.prepare()
        line = (json.dumps(data) + "\n").encode()
        one, few = lab.file(line), lab.file(line * 64)
        times = 64
        while True:
            many = lab.file(line * times)
            reading, _ = self.run(self.nothing, many)
            if reading >= seconds or len(line) * times > 200_000_000:
                break
            times *= 4
        found = {}
        for name in names:
            if (mapping := self.mappings.get(name)) is None:
                continue
            started = time.monotonic()
            result = json.loads(self.first_answer(mapping, few))
            start_up = min(self.run(self.nothing, one)[0] for _ in range(3))
            if whole:
                took = min(self.run(mapping, many)[0] for _ in range(3)) - start_up
            else:
                reading = min(self.run(self.nothing, many)[0] for _ in range(3))
                took = min(self.run(self.quiet(mapping), many)[0] for _ in range(3)) - reading
            # What is lost in the noise of reading is not told.
            if took > 0.1 * reading and time.monotonic() - started < TEXT_SECONDS:
                found[name] = {"ns": took / times * 1e9, "result": result}
        return found


JQ = LineTool(
    name="jq",
    notes="one process over many lines; a mapping costs what '(MAPPING) | empty' takes longer than 'empty'",
    mappings={
        "rename": "{ orderId: .id, buyer: .customer.name, mail: .customer.email, city: .customer.address.city }",
        "lines": "[.lines[] | { Sku: .sku, Quantity: .qty, UnitPrice: .price }]",
        "order to erp": "{ Customer: .customer.name, Currency: .currency, Line: [.lines[] | { Sku: .sku, Quantity: .qty, UnitPrice: .price }] }",
        "total": "[.lines[] | .qty * .price] | add",
        "filter by text": '[.lines[] | select(.category == "tools") | { sku, name }] | if length == 1 then .[0] else . end',
        "sort": "[.lines | sort_by(-.price, .sku)[] | .sku]",
        "text": '.customer.name + " <" + .customer.email + ">, " + .customer.address.city',
        "bands": '[.lines[] | { sku, band: (if .price > 50 then "high" elif .price > 20 then "middle" else "low" end) }]',
        "map": "[.lines[] | { sku, sum: (.qty * .price) }]",
        "reduce": "reduce .lines[].qty as $q (0; . + $q)",
        "join": '[.lines[].sku] | join(",")',
        "codes": '{ tools: "T1", toys: "T2", books: "B1" } as $codes | [.lines[] | { sku, code: $codes[.category] }]',
    },
    nothing="empty",
    quiet=lambda mapping: f"({mapping}) | empty",
    words=lambda mapping: [find("jq"), "-c", mapping],
    version_of=lambda: first_line([find("jq"), "--version"]))

BLOBLANG = LineTool(
    name="bloblang",
    notes="Redpanda Connect's engine, `blobl` over many lines, one thread; a mapping costs what it takes longer than 'root = deleted()'",
    mappings={
        "rename": "root = { \"orderId\": this.id, \"buyer\": this.customer.name, \"mail\": this.customer.email, \"city\": this.customer.address.city }",
        "lines": "root = this.lines.map_each(l -> { \"Sku\": l.sku, \"Quantity\": l.qty, \"UnitPrice\": l.price })",
        "order to erp": "root = { \"Customer\": this.customer.name, \"Currency\": this.currency, "
                        "\"Line\": this.lines.map_each(l -> { \"Sku\": l.sku, \"Quantity\": l.qty, \"UnitPrice\": l.price }) }",
        "map": "root = this.lines.map_each(l -> { \"sku\": l.sku, \"sum\": l.qty * l.price })",
        "codes": "let codes = { \"tools\": \"T1\", \"toys\": \"T2\", \"books\": \"B1\" }\n"
                 "root = this.lines.map_each(l -> { \"sku\": l.sku, \"code\": $codes.get(l.category) })",
    },
    nothing="root = deleted()",
    quiet=lambda mapping: mapping.replace("root = ", "let made = ", 1) + "\nroot = deleted()",
    words=lambda mapping: [str(CONNECT.folder() / "connect"), "blobl", "--threads", "1", "--max-token-length", "10000000", mapping],
    version_of=CONNECT.version, prepare=CONNECT.prepare)
