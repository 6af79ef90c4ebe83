"""T19: services whose names hang in the name server, or do not exist, beside those whose names are found.

Asks no real name server: slow_names.so ($SLOW_NAMES) stands before getaddrinfo. A name that hangs costs its own callers their
time-out and nobody else anything, neither callers of routes without a name nor those who ask for another one, and the bus ends
without waiting for it.
"""

import concurrent.futures
import os
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hostile_bed import SANITIZED, HostileBed, LiveBus, either  # noqa: E402
from hostile_services import HTTP_ANSWER, ShakyService  # noqa: E402
from hostile_wire import get  # noqa: E402
from live_bus import SKIPPED  # noqa: E402

HANGING = 6


class Names(HostileBed):
    @classmethod
    def setUpClass(cls):
        service = ShakyService(HTTP_ANSWER)
        cls.addClassCleanup(service.close)
        names = {f"hangs{number}": 80 for number in range(HANGING)} | {"nowhere": 80}
        names |= {f"here{number}": service.port for number in range(10)}
        text = "listeners: { front: { http: { listen: '127.0.0.1:0' } } }\nservices:\n"
        for name, port in names.items():
            text += f"  {name}: {{ http: {{ endpoints: ['http://{name}.example:{port}/'] }}, timeout: 500ms }}\n"
        text += "routes:\n  ok: { from: { http: GET /ok, on: front }, steps: [ { map: '{ \"ok\": true }' } ] }\n"
        for name in names:
            text += f"  {name}: {{ from: {{ http: GET /{name}, on: front }}, steps: [ {{ call: {{ service: {name} }} }} ] }}\n"
        cls.open_bus({"names.yaml": text}, environment={"LD_PRELOAD": os.environ["SLOW_NAMES"]})

    def tearDown(self):
        self.threads += 16  # for names: started when they are needed, and kept
        self.open_files += 20  # connections that rest
        super().tearDown()

    def test_names_that_hang(self):
        def trouble():
            with concurrent.futures.ThreadPoolExecutor(32) as pool:
                answers = list(pool.map(lambda number: self.timed(get(f"hangs{number % HANGING}")), range(either(90, 1000))))
                nowhere = list(pool.map(lambda _: self.timed(get("nowhere")), range(either(50, 1000))))
            return answers, nowhere

        told, (answers, nowhere) = self.hold_p99(trouble)
        slowest = max(took for _, took in answers)
        found = [self.timed(get(f"here{number}")) for number in range(10)]
        self.tell(f"{len(answers)} callers of {HANGING} names that hang heard 503 within {slowest:.2f} s, {len(nowhere)} of one that does not exist "
                  f"within {max(took for _, took in nowhere):.2f} s, ten other names were found within {1000 * max(took for _, took in found):.0f} ms "
                  f"meanwhile, {told}")
        self.assertEqual({status for status, _ in answers}, {503})
        self.assertLess(slowest, 1.5)
        self.assertEqual({status for status, _ in nowhere}, {503})
        self.assertEqual({status for status, _ in found}, {200})

    def test_the_end_does_not_wait_for_a_name(self):
        text = ("listeners: { front: { http: { listen: '127.0.0.1:0' } } }\n"
                "services: { far: { http: { endpoints: ['http://hangs.example/'] }, timeout: 200ms } }\n"
                "routes: { far: { from: { http: GET /far, on: front }, steps: [ { call: { service: far } } ] } }\n")
        bus = LiveBus({"far.yaml": text}, environment={"LD_PRELOAD": os.environ["SLOW_NAMES"]})
        mine, type(self).bus = self.bus, bus
        try:
            self.assertEqual(self.ask(get("far"))[0], 503)
        finally:
            type(self).bus = mine
        began = time.monotonic()
        self.assertEqual(bus.stop(), 0)
        took = time.monotonic() - began
        self.tell(f"ended after {took:.2f} s")
        self.assertLess(took, 5)


if __name__ == "__main__":
    if SANITIZED or "SLOW_NAMES" not in os.environ:
        print("SKIP: a library before getaddrinfo, which a sanitizer does not allow")
        sys.exit(SKIPPED)
    unittest.main()
