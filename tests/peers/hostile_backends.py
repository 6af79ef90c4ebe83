"""Services that freeze, hang up, trickle, fall silent or never let go, behind a running bus.

Each caller must hear the right kind of failure in time, the callers of other services must notice nothing, and afterwards the bus has
as many descriptors and threads as before and about as much memory.
"""

import concurrent.futures
import itertools
import pathlib
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hostile_bed import CROWD, HostileBed, wait_until  # noqa: E402
from hostile_services import (FRAME_ANSWER, HTTP_ANSWER, SOAP_ANSWER, FullBacklog, ShakyService, closed_port,  # noqa: E402
                              open_elsewhere, open_frozen)
from hostile_wire import read_reply  # noqa: E402

TIMEOUT = 0.5
DESTINATIONS = 50
PROTOCOLS = {
    "http": "http: {{ endpoints: ['http://127.0.0.1:{port}/'], connections: 64 }}",
    "soap": "soap: {{ endpoints: ['http://127.0.0.1:{port}/'], namespace: 'urn:x', connections: 64 }}",
    "tcp": "tcp: {{ endpoints: ['127.0.0.1:{port}'], frame: {{ length_prefix: 2 }}, connections: 64 }}, format: json",
}
ANSWERS = {"http": HTTP_ANSWER, "soap": SOAP_ANSWER, "tcp": FRAME_ANSWER}
HTTP_SERVICE = PROTOCOLS["http"]


def get(path):
    return f"GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


class Backends(HostileBed):
    @classmethod
    def setUpClass(cls):
        cls.shaky = {name: ShakyService(answer, framed=name == "tcp") for name, answer in ANSWERS.items()}
        cls.slow = ShakyService(HTTP_ANSWER)
        cls.slow.delay = 0.4
        cls.full, cls.dead = FullBacklog(), closed_port()
        for one in (*cls.shaky.values(), cls.slow, cls.full, cls.dead):
            cls.addClassCleanup(one.close)
        good, good_port = open_elsewhere(HTTP_ANSWER)
        cls.addClassCleanup(good.join)
        cls.addClassCleanup(good.kill)
        cls.frozen, frozen_port = open_frozen()
        cls.addClassCleanup(cls.frozen.stdout.close)
        cls.addClassCleanup(cls.frozen.wait)
        cls.addClassCleanup(cls.frozen.kill)
        services = {name: (PROTOCOLS[name], one.port) for name, one in cls.shaky.items()}
        services |= {"frozen": (HTTP_SERVICE, frozen_port), "full": (HTTP_SERVICE, cls.full.port)}
        services |= {f"d{number}": (HTTP_SERVICE, good_port) for number in range(DESTINATIONS - 2)}
        services |= {"dead": (HTTP_SERVICE, cls.dead.getsockname()[1]), "slow": (HTTP_SERVICE, cls.slow.port)}
        text = "listeners: { front: { http: { listen: '127.0.0.1:0', max_connections: 50000 } } }\nservices:\n"
        for name, (form, port) in services.items():
            text += f"  {name}: {{ {form.format(port=port)}, timeout: 500ms }}\n"
        text += "routes:\n  ok: { from: { http: GET /ok, on: front }, steps: [ { map: '{ \"ok\": true }' } ] }\n"
        for name in services:
            operation = ", operation: Ask" if name == "soap" else ""
            request = ", request: '{ \"x\": 1 }'" if name in ("soap", "tcp") else ""
            text += f"  {name}: {{ from: {{ http: GET /{name}, on: front }}, steps: [ {{ call: {{ service: {name}{operation}{request} }} }} ] }}\n"
        cls.open_bus({"backends.yaml": text})

    def setUp(self):
        super().setUp()
        self.resting = 8  # connections to services that nobody closes: they are used again

    def tearDown(self):
        for one in self.shaky.values():
            one.most, one.pause, one.silent, one.reset, one.half = len(one.answer), 0.0, False, False, False
            one.let_go()
        self.open_files += self.resting
        super().tearDown()

    def test_a_service_that_freezes(self):
        """T10: SIGSTOP. Its callers hear so in time, others notice nothing, and it is used again when it wakes."""
        self.assertEqual(self.ask(get("frozen"))[0], 200)

        def trouble(begun, over):
            self.frozen.send_signal(signal.SIGSTOP)
            try:
                begun()
                with concurrent.futures.ThreadPoolExecutor(16) as pool:
                    answers = list(pool.map(lambda _: self.timed(get("frozen")), range(64)))
                over()
            finally:
                self.frozen.send_signal(signal.SIGCONT)
            began = time.monotonic()
            wait_until(lambda: self.ask(get("frozen"))[0] == 200, 5, "the service is used again")
            return answers, time.monotonic() - began

        told, (answers, again) = self.hold_p99(trouble)
        slowest = max(took for _, took in answers)
        self.tell(f"64 callers heard 504 within {slowest:.2f} s, used again after {1000 * again:.0f} ms, {told}")
        self.assertEqual({status for status, _ in answers}, {504})
        self.assertLess(slowest, TIMEOUT + 1)
        self.assertLess(again, 2)

    def test_an_answer_cut_everywhere(self):
        """T12: the answer of an HTTP, a SOAP and a TCP service ends, or is reset, behind each of its bytes."""
        cuts = unknown = 0
        for name, service in self.shaky.items():
            whole = len(service.answer)
            for service.reset, service.most in itertools.product((False, True), range(whole + 1)):
                status, body = self.ask(get(name))
                cuts += 1
                unknown += status == 504
                if service.most == whole:
                    # A reset may overtake what was sent before it.
                    self.assertIn(status, (200, 504) if service.reset else (200,), name)
                    if status == 200:
                        self.assertIn(b"ok", body)
                else:
                    self.assertEqual(status, 504, f"{name} cut behind {service.most} of {whole}: {body}")
                    self.assertIn(b'"outcome":"unknown"', body)
        self.tell(f"{cuts} cuts over http, soap and tcp, {unknown} told as unknown")

    def test_a_byte_a_second(self):
        """T12: an answer that trickles is cut by the service's timeout, whatever its protocol, and others notice nothing."""
        for service in self.shaky.values():
            service.pause = 1.0

        def trouble(begun, over):
            begun()
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                answers = list(pool.map(lambda number: self.timed(get(list(self.shaky)[number % 3])), range(64)))
            over()
            return answers

        told, answers = self.hold_p99(trouble)
        slowest = max(took for _, took in answers)
        self.tell(f"{len(answers)} answers of a byte a second, each 504 within {slowest:.2f} s, {told}")
        self.assertEqual({status for status, _ in answers}, {504})
        self.assertLess(slowest, TIMEOUT + 1)

    def test_accepts_and_never_answers(self):
        """T11: who took the request may have done it (504, unknown); who never took the connection has not (503)."""
        for service in self.shaky.values():
            service.silent = True
        with concurrent.futures.ThreadPoolExecutor(48) as pool:
            silent = list(pool.map(lambda number: self.timed(get(list(self.shaky)[number % 3])), range(96 * CROWD)))
            full = list(pool.map(lambda _: self.timed(get("full")), range(32)))
        slowest = max(took for _, took in silent + full)
        self.tell(f"{len(silent)} silent services 504, {len(full)} that never accept 503, within {slowest:.2f} s")
        self.assertEqual({status for status, _ in silent}, {504})
        self.assertEqual({status for status, _ in full}, {503})
        self.assertLess(slowest, 2 * TIMEOUT + 1)

    def test_half_a_connection(self):
        """T13: a service ends its side behind each answer and keeps the socket; callers end theirs behind each request."""
        count = 200 * CROWD
        for service in self.shaky.values():
            service.half = True
        for number in range(count):
            name = list(self.shaky)[number % 3]
            with self.connect() as connection:
                connection.sendall(get(name))
                if number % 2:
                    connection.shutdown(1)
                self.assertEqual(read_reply(connection)[0], 200, name)
            service = self.shaky[name]
            wait_until(lambda service=service, least=number // 3 + 1: len(service.kept) >= least, 5, "the service's FIN")
        began = time.monotonic()
        wait_until(lambda: self.bus.open_files() <= self.open_files + 6, 5, "half-closed connections are closed")
        self.tell(f"{count} half-closed connections, all closed after {1000 * (time.monotonic() - began):.0f} ms")

    def test_one_dead_and_one_slow_of_fifty(self):
        """T17: the callers of the other 48 notice nothing, neither in time nor in number."""
        self.resting = 2 * DESTINATIONS + 8
        stop = threading.Event()

        def hammer(name):
            while not stop.is_set():
                self.ask(get(name))
                time.sleep(0.005)

        def trouble(begun, over):
            stop.clear()
            callers = [threading.Thread(target=hammer, args=(name,)) for name in ["slow"] * 8 + ["dead"]]
            begun()
            for caller in callers:
                caller.start()
            time.sleep(2 * CROWD)
            stop.set()
            over()
            for caller in callers:
                caller.join()

        told, _ = self.hold_p99(trouble, [get(f"d{number}") for number in range(DESTINATIONS - 2)])
        self.tell(f"to the other {DESTINATIONS - 2}: {told}")


if __name__ == "__main__":
    unittest.main()
