"""Fifty services of which some are dead, slow, down for a while or flapping, and messages of which one in a thousand fails.

The well-behaved callers ask the services that are well, each in turn: neither their times nor their number may show anything.
"""

import http.client
import pathlib
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hostile_bed import HostileBed, either, wait_until  # noqa: E402
from hostile_services import HTTP_ANSWER, ShakyService, closed_port, open_elsewhere, services_bundle  # noqa: E402
from hostile_wire import get  # noqa: E402

DESTINATIONS = 50
PARTS = "  parts: { from: { http: 'GET /parts/{n}', on: front }, steps: [ { map: '{ \"n\": $number($path.n) }' } ] }\n"


class Outages(HostileBed):
    good = tuple(get(f"d{number}") for number in range(DESTINATIONS - 2))

    @classmethod
    def setUpClass(cls):
        cls.slow, cls.flapping, cls.dead = ShakyService(HTTP_ANSWER), ShakyService(HTTP_ANSWER), closed_port()
        cls.slow.delay = 0.4
        for one in (cls.slow, cls.flapping, cls.dead):
            cls.addClassCleanup(one.close)
        good, good_port = open_elsewhere(HTTP_ANSWER)
        cls.addClassCleanup(good.join)
        cls.addClassCleanup(good.kill)
        services = {f"d{number}": ("http", good_port) for number in range(DESTINATIONS - 2)}
        services |= {"dead": ("http", cls.dead.getsockname()[1]), "slow": ("http", cls.slow.port), "flapping": ("http", cls.flapping.port)}
        cls.open_bus({"outages.yaml": services_bundle(services) + PARTS})

    def tearDown(self):
        self.open_files += 2 * DESTINATIONS + 8  # connections to services that nobody closes: they are used again
        super().tearDown()

    def hammer(self, name, stop, heard):
        while not stop.is_set():
            heard.append(self.timed(get(name)))
            time.sleep(0.005)

    def hammered(self, names, work):
        """What callers of these services heard, one each, while `work` went on."""
        stop, heard = threading.Event(), {name: [] for name in names}
        callers = [threading.Thread(target=self.hammer, args=(name, stop, heard[name])) for name in names]
        for caller in callers:
            caller.start()
        try:
            work()
        finally:
            stop.set()
            for caller in callers:
                caller.join()
        return heard

    def test_one_dead_and_one_slow_of_fifty(self):
        """T17: the callers of the other 48 notice nothing, neither in time nor in number."""
        seconds = either(2, 60)
        told, heard = self.hold_p99(lambda: self.hammered(["slow", "dead"], lambda: time.sleep(seconds)))
        self.tell(f"{seconds} s, {len(heard['slow'])} slow answers, {len(heard['dead'])} refused; to the other {DESTINATIONS - 2}: {told}")
        self.assertEqual({status for status, _ in heard["slow"]}, {200})
        self.assertEqual({status for status, _ in heard["dead"]}, {503})

    def test_an_outage_and_flaps(self):
        """T15, T16: a service that is down for a while, and one that comes and goes. Nothing is answered late, and it is used again at
        once."""
        down, period, flaps = either(0.8, 30), either(0.2, 1), either(3, 30)
        again = []

        def come_and_go():
            for seconds in [down] + [period] * flaps:
                self.flapping.go_down()
                time.sleep(seconds)
                self.flapping.come_up()
                began = time.monotonic()
                wait_until(lambda: self.ask(get("flapping"))[0] == 200, 5, "the service is used again")
                again.append(time.monotonic() - began)
                time.sleep(period)

        told, heard = self.hold_p99(lambda: self.hammered(["flapping"], come_and_go))
        statuses = [status for status, _ in heard["flapping"]]
        slowest = max(took for _, took in heard["flapping"])
        self.tell(f"{statuses.count(200)} served, {statuses.count(503)} refused, {statuses.count(504)} unknown, the slowest {1000 * slowest:.0f} ms, "
                  f"used again after {1000 * max(again):.0f} ms, {told}")
        # 504: the service took a request and went down before it answered.
        self.assertLessEqual(set(statuses), {200, 503, 504})
        self.assertLess(statuses.count(504), 0.05 * len(statuses) + len(again))
        self.assertGreater(statuses.count(503), 0)
        self.assertLess(slowest, 1)
        self.assertLess(max(again), 1)

    def test_one_message_in_a_thousand(self):
        """T18: one of a thousand messages fails in its mapping: that one alone is told so."""
        count = either(5000, 100_000)

        def trouble():
            wrong = failed = 0
            connection = http.client.HTTPConnection(*self.bus.address("front"), timeout=10)
            for number in range(count):
                poison = number % 1000 == 7
                connection.request("GET", "/parts/x" if poison else f"/parts/{number}")
                answer = connection.getresponse()
                body = answer.read()
                failed += answer.status == 500 and b"urn:busway:mapping" in body
                wrong += (answer.status != 200) != poison
                if answer.will_close:
                    connection.close()
            connection.close()
            return wrong, failed

        told, (wrong, failed) = self.hold_p99(trouble)
        self.tell(f"{count} messages, {failed} failed in their mapping, {wrong} others, {told}")
        self.assertEqual((wrong, failed), (0, count // 1000))


if __name__ == "__main__":
    unittest.main()
