"""Services that freeze, fall silent, hang up or reset at every byte, trickle, or never let go, behind a running bus.

Each caller must hear the right kind of failure in time, well-behaved callers of other services must notice nothing, and afterwards
the bus has as many descriptors and threads as before, nothing in CLOSE_WAIT and about as much memory.
"""

import concurrent.futures
import itertools
import pathlib
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hostile_bed import HostileBed, either, wait_until  # noqa: E402
from hostile_services import (FRAME_ANSWER, HTTP_ANSWER, SOAP_ANSWER, FullBacklog, ShakyService, open_elsewhere,  # noqa: E402
                              open_frozen, services_bundle)
from hostile_wire import GET, get, read_reply  # noqa: E402

TIMEOUT = 0.5
ANSWERS = {"http": HTTP_ANSWER, "soap": SOAP_ANSWER, "tcp": FRAME_ANSWER}


class Backends(HostileBed):
    good = (GET, get("good"))

    @classmethod
    def setUpClass(cls):
        cls.shaky = {name: ShakyService(answer, framed=name == "tcp") for name, answer in ANSWERS.items()}
        cls.full = FullBacklog()
        for one in (*cls.shaky.values(), cls.full):
            cls.addClassCleanup(one.close)
        good, good_port = open_elsewhere(HTTP_ANSWER)
        cls.addClassCleanup(good.join)
        cls.addClassCleanup(good.kill)
        cls.frozen, frozen_port = open_frozen()
        cls.addClassCleanup(cls.frozen.stdout.close)
        cls.addClassCleanup(cls.frozen.wait)
        cls.addClassCleanup(cls.frozen.kill)
        services = {name: (name, one.port) for name, one in cls.shaky.items()}
        services |= {"frozen": ("http", frozen_port), "full": ("http", cls.full.port), "good": ("http", good_port)}
        cls.open_bus({"backends.yaml": services_bundle(services)})

    def tearDown(self):
        for one in self.shaky.values():
            one.most, one.pause, one.silent, one.reset, one.half = len(one.answer), 0.0, False, False, False
            one.let_go()
        self.open_files += 8  # connections to services that nobody closes: they are used again
        super().tearDown()

    def in_turn(self, count, at_once):
        """Status and time of so many calls, of the three protocols in turn."""
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda number: self.timed(get(list(self.shaky)[number % 3])), range(count)))

    def test_a_service_that_freezes(self):
        """T10: SIGSTOP. Its callers hear so in time, others notice nothing, and it is used again when it wakes."""
        self.assertEqual(self.ask(get("frozen"))[0], 200)
        stopped = either(1.5, 60)

        def trouble():
            self.frozen.send_signal(signal.SIGSTOP)
            began, answers = time.monotonic(), []
            try:
                with concurrent.futures.ThreadPoolExecutor(16) as pool:
                    while time.monotonic() < began + stopped:
                        answers += pool.map(lambda _: self.timed(get("frozen")), range(64))
            finally:
                self.frozen.send_signal(signal.SIGCONT)
            began = time.monotonic()
            wait_until(lambda: self.ask(get("frozen"))[0] == 200, 5, "the service is used again")
            return answers, time.monotonic() - began

        told, (answers, again) = self.hold_p99(trouble)
        slowest = max(took for _, took in answers)
        statuses = [status for status, _ in answers]
        self.tell(f"stopped for {stopped} s: {statuses.count(504)} callers heard 504 and {statuses.count(503)} 503 within {slowest:.2f} s, used again "
                  f"after {1000 * again:.0f} ms, {told}")
        # Its system accepts for it until its queue is full; nobody behind that has been heard.
        self.assertEqual(set(statuses[:64]), {504})
        self.assertLessEqual(set(statuses), {503, 504})
        self.assertLess(slowest, TIMEOUT + 1)
        self.assertLess(again, 2)

    def cut_everywhere(self):
        """Every service's answer ends, or is reset, behind each of its bytes; how many of the calls were told as unknown, and how many
        there were."""
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
        return unknown, cuts

    def test_an_answer_cut_everywhere(self):
        """T12: the answer of an HTTP, a SOAP and a TCP service ends, or is reset, behind each of its bytes."""
        least = either(1, 10_000)

        def trouble():
            unknown = cuts = 0
            while cuts < least:
                unknown, cuts = (sum(pair) for pair in zip((unknown, cuts), self.cut_everywhere()))
            return unknown, cuts

        told, (unknown, cuts) = self.hold_p99(trouble)
        self.tell(f"{cuts} cuts over http, soap and tcp, {unknown} told as unknown, {told}")

    def test_a_byte_a_second(self):
        """T12: an answer that trickles is cut by the service's timeout, whatever its protocol, and others notice nothing."""
        for service in self.shaky.values():
            service.pause = 1.0
        told, answers = self.hold_p99(lambda: self.in_turn(either(64, 1000), either(16, 64)))
        slowest = max(took for _, took in answers)
        self.tell(f"{len(answers)} answers of a byte a second, each 504 within {slowest:.2f} s, {told}")
        self.assertEqual({status for status, _ in answers}, {504})
        self.assertLess(slowest, TIMEOUT + 1)

    def test_accepts_and_never_answers(self):
        """T11: who took the request may have done it (504, unknown); who never took the connection has not (503)."""
        for service in self.shaky.values():
            service.silent = True

        def trouble():
            silent = self.in_turn(either(96, 10_000), either(48, 180))
            with concurrent.futures.ThreadPoolExecutor(32) as pool:
                return silent, list(pool.map(lambda _: self.timed(get("full")), range(either(32, 320))))

        told, (silent, full) = self.hold_p99(trouble)
        slowest = max(took for _, took in silent + full)
        self.tell(f"{len(silent)} silent services 504, {len(full)} that never accept 503, within {slowest:.2f} s, {told}")
        self.assertEqual({status for status, _ in silent}, {504})
        self.assertEqual({status for status, _ in full}, {503})
        self.assertLess(slowest, 2 * TIMEOUT + 1)

    def halves(self, name, count):
        """The statuses of so many calls whose service ends its side behind the answer; each begins when it has.

        An end that is still on its way in the kernel when the next request arrives (its softirq may run later than the other's) cannot be
        known: such a call is `unknown`, and rare."""
        service, statuses = self.shaky[name], []
        for number in range(count):
            with self.connect() as connection:
                connection.sendall(get(name))
                if number % 2:
                    connection.shutdown(1)
                statuses.append(read_reply(connection)[0])
            answered = statuses.count(200)
            until = time.monotonic() + 5
            while len(service.kept) < answered and time.monotonic() < until:
                time.sleep(0.001)
            if len(service.kept) < answered:
                self.fail(f"{name}: call {number} was answered {statuses[-1]}, and its service has not ended its side")
        return statuses

    def test_half_a_connection(self):
        """T13: a service ends its side behind each answer and keeps the socket; callers end theirs behind each request."""
        count = either(67, 3334)
        for service in self.shaky.values():
            service.half = True
        slowest = 0.0

        def trouble():
            nonlocal slowest
            with concurrent.futures.ThreadPoolExecutor(len(self.shaky)) as pool:
                statuses = sum(pool.map(lambda name: self.halves(name, count), self.shaky), [])
            began = time.monotonic()
            wait_until(lambda: self.bus.open_files() <= self.open_files + 6, 5, "half-closed connections are closed")
            slowest = max(slowest, time.monotonic() - began)
            for service in self.shaky.values():
                service.let_go()
            return statuses

        told, statuses = self.hold_p99(trouble)
        unknown = statuses.count(504)
        self.tell(f"{len(statuses)} half-closed connections, {unknown} of them taken for one more call, all closed after {1000 * slowest:.0f} ms, "
                  f"{told}")
        self.assertLessEqual(set(statuses), {200, 504})
        self.assertLessEqual(unknown, 1 + len(statuses) // 1000)


if __name__ == "__main__":
    unittest.main()
