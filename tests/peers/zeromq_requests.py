"""Routes that hand ZeroMQ requests on as they came, from REP and ROUTER to a service, and its answers back. Every test also runs with
an event stream, where each message is looked at: who asks cannot tell the one way from the other."""

import json
import pathlib
import random
import re
import socket
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import LiveBus, wait_until  # noqa: E402
from zeromq_bed import Bed, ByHand, Service, bound, connected, make, zmq  # noqa: E402

WRONG = "error: '{ \"wrong\": $failure.kind, \"outcome\": $failure.outcome, \"why\": $failure.message }'"
# (listener, its keys, the service, its adapter's keys, its own keys)
ROUTES = (
    ("rep", "socket: rep", "plain", "", "timeout: 5s"),
    ("router", "socket: router, requests_per_peer: 4096, requests: 8192", "many", "queue: 2000, outstanding: 8192", "timeout: 5s"),
    ("enveloped", "socket: router, envelope: 2", "far", "", "timeout: 5s"),
    ("tight", "socket: router, queue: 1, transfer: 300ms", "large", "max_message: 4MiB", "timeout: 5s"),
    ("small", "socket: rep, max_message: 64KiB", "narrow", "max_message: 2KiB", "timeout: 300ms"),
    ("again", "socket: rep", "repeated", "", "timeout: 200ms, idempotent: true, retry: { attempts: 3, backoff: 1ms..2ms }"),
    ("never", "socket: rep", "once", "", "timeout: 200ms, retry: { attempts: 3, backoff: 1ms..2ms }"),
    ("nobody", "socket: rep", "absent", "", "timeout: 500ms"),
    ("single", "socket: router", "turns", "outstanding: 1, waiting: 0", "timeout: 400ms"),
)


def bundle(folder):
    """Two endpoints stand behind `spread`; the bundle's handler takes what is lost on `kept`."""
    lines = ["listeners:"]
    lines += [f"  {name}: {{ zmq: {{ {keys}, listen: 'tcp://127.0.0.1:0' }}, format: json }}" for name, keys, *_ in ROUTES]
    lines += ["  spread: { zmq: { socket: rep, listen: 'tcp://127.0.0.1:0' }, format: json }", "services:"]
    lines += [f"  {service}: {{ zmq: {{ socket: dealer, endpoints: ['ipc://{folder}/{service}.sock']{', ' + keys if keys else ''} }}, {own} }}"
              for _, _, service, keys, own in ROUTES]
    lines += [f"  two: {{ zmq: {{ socket: dealer, endpoints: ['ipc://{folder}/one.sock', 'ipc://{folder}/two.sock'] }}, timeout: 2s }}", "routes:"]
    lines += [f"  {name}: {{ from: {{ zmq: messages, on: {name}, {WRONG} }}, steps: [ {{ call: {service} }} ] }}" for name, _, service, *_ in ROUTES]
    lines += [f"  spread: {{ from: {{ zmq: messages, on: spread, {WRONG} }}, steps: [ {{ call: two }} ] }}"]
    return "\n".join(lines) + "\n"


PROBE = b'{"are you there":1}'


def same(frames):
    return frames


def handing_on(bus):
    return set(re.findall(r"Messages are handed on as they come. listener=(\S+)", bus.log()))


class Requests:
    def ask(self, listener, body=b"x"):
        with connected(zmq.REQ, self.at(listener)) as req:
            req.send(body)
            return req.recv()

    def failure(self, listener, body=b"x"):
        return json.loads(self.ask(listener, body))

    def service(self, name, answer=same, **options):
        """One that is known to the bus: the first requests may go before it has heard of it."""
        listener = next(of for of, _, service, *_ in ROUTES if service == name)
        made = Service(zmq.ROUTER, self.ipc(name), lambda frames: frames if frames[-1] == PROBE else answer(frames), **options)
        envelope = [b"a", b"b"] if listener == "enveloped" else [] if listener in ("router", "tight", "single") else [b""]

        def there():
            with connected(zmq.DEALER, self.at(listener)) as dealer:
                dealer.send_multipart([*envelope, PROBE])
                return dealer.poll(1000) and dealer.recv_multipart()[-1] == PROBE
        wait_until(there)
        made.calls = 0
        return made

    def test_bodies_of_all_sizes_come_back_as_they_went(self):
        chance = random.Random(5)
        with self.service("plain"), connected(zmq.REQ, self.at("rep")) as req:
            for size in [0, 1, 30, 33, 34, 254, 255, 256, 8191, 8192, 8193, 65536, 500_000, *(chance.randrange(2000) for _ in range(200))]:
                body = chance.randbytes(size)
                req.send(body)
                self.assertEqual(req.recv_multipart(), [body])

    def test_a_command_where_a_frame_belongs_is_a_frame_to_the_service(self):
        seen = []
        with self.service("plain", lambda frames: seen.append(frames[-1]) or frames), ByHand.to(self.at("rep"), b"REQ") as client:
            client.say(ByHand.MORE, b"")
            client.say(ByHand.COMMAND, ByHand.SUBSCRIBES)
            self.assertEqual([client.hear(), client.hear()], [(ByHand.MORE, b""), (0, ByHand.SUBSCRIBES)])
            self.assertEqual(seen, [ByHand.SUBSCRIBES])

    def test_answers_find_their_way_among_many(self):
        held = []

        def shuffled(frames):
            held.append(frames)
            if len(held) < 40:
                return None
            random.Random(len(held)).shuffle(held)
            out = tuple(held)
            held.clear()
            return out

        with self.service("many", shuffled):
            dealers = [connected(zmq.DEALER, self.at("router")) for _ in range(10)]
            for round_ in range(20):
                for i, dealer in enumerate(dealers):
                    for j in range(8):
                        dealer.send(b"%d of %d in %d" % (j, i, round_) + b"." * (j * 40))
                for i, dealer in enumerate(dealers):
                    got = sorted(dealer.recv_multipart()[0].rstrip(b".") for _ in range(8))
                    self.assertEqual(got, [b"%d of %d in %d" % (j, i, round_) for j in range(8)])
            for dealer in dealers:
                dealer.close()

    def test_thousands_ahead(self):
        with self.service("many", rcvhwm=100, sndhwm=0), connected(zmq.DEALER, self.at("router"), sndhwm=0, rcvhwm=0) as dealer:
            for i in range(4000):
                dealer.send(b"%d" % i)
            self.assertEqual(sorted(int(dealer.recv()) for _ in range(4000)), list(range(4000)))

    def test_the_way_back_is_kept(self):
        with self.service("far"), connected(zmq.DEALER, self.at("enveloped")) as dealer:
            dealer.send_multipart([b"one", b"", b"body"])
            self.assertEqual(dealer.recv_multipart(), [b"one", b"", b"body"])
            dealer.send_multipart([b"one", b"", b"body", b"more"])  # two parts are no message
            self.assertEqual(json.loads(dealer.recv_multipart()[2])["wrong"], "format")
        with self.service("plain"), connected(zmq.DEALER, self.at("rep")) as dealer:
            for i in range(20):
                dealer.send_multipart([b"x" * i, b"", b"%d" % i] if i else [b"", b"0"])
            got = [dealer.recv_multipart() for _ in range(20)]
            self.assertEqual([int(frames[-1]) for frames in got], list(range(20)))  # one after the other
            self.assertEqual([len(frames[0]) for frames in got], list(range(20)))

    def test_nobody_is_there(self):
        failed = self.failure("nobody")
        self.assertEqual((failed["wrong"], failed["outcome"]), ("not_sent", "not_sent"))

    def test_no_answer_in_time_is_unknown_and_sent_once(self):
        with self.service("once", lambda _: None) as service:
            began = time.monotonic()
            failed = self.failure("never")
            self.assertLess(time.monotonic() - began, 1)
            self.assertEqual((failed["wrong"], failed["outcome"]), ("unknown", "unknown"))
            self.assertRegex(failed["why"], r"^calling once at ipc://\S+/once.sock: calling ipc://\S+/once.sock: no answer in time$")
            self.assertEqual(service.calls, 1)

    def test_what_may_be_repeated_is(self):
        seen = []

        def third(frames):
            seen.append(frames[-1])
            return frames if len(seen) == 3 else None

        with self.service("repeated", third):
            self.assertEqual(self.ask("again", b"say it again" * 50), b"say it again" * 50)
            self.assertEqual(seen, [b"say it again" * 50] * 3)
        with self.service("repeated", lambda _: None) as service:
            self.assertEqual(self.failure("again")["wrong"], "unknown")
            self.assertEqual(service.calls, 3)

    def test_late_answers_are_nobodys(self):
        late = []

        def answer(frames):
            late.append(frames)
            return None if len(late) == 1 else (late[0], frames)

        with self.service("once", answer):
            self.assertEqual(self.failure("never", b"first")["wrong"], "unknown")
            self.assertEqual(self.ask("never", b"second"), b"second")
        self.assertIn("An answer came that nobody waits for.", self.bus.log())

    def test_a_service_that_goes_away_leaves_all_unknown_at_once(self):
        with self.service("many"):
            pass
        with bound(zmq.ROUTER, self.ipc("many")) as service, connected(zmq.DEALER, self.at("router")) as dealer:
            def comes():
                dealer.send(b"x")
                return service.poll(200)
            wait_until(comes)
            time.sleep(0.2)
            while service.poll(100):
                service.recv_multipart()
            while dealer.poll(100):
                dealer.recv()
            for i in range(20):
                dealer.send(b"%d" % i)
            for _ in range(20):
                service.recv_multipart()
            service.close()
            began = time.monotonic()
            kinds = [json.loads(dealer.recv()) for _ in range(20)]
            self.assertLess(time.monotonic() - began, 2)
            for failed in kinds:
                self.assertEqual((failed["wrong"], failed["outcome"]), ("unknown", "unknown"))
                self.assertIn("the service closed the connection without an answer", failed["why"])
        with self.service("many"):
            pass

    def test_answers_that_are_none(self):
        for answer, why in (([b"one", b"two"], "the message has 2 parts, and 1 are declared"), ([], "the message has 0 parts, and 1 are declared"),
                            ([b"x" * 1500, b"x" * 1500], "the answer is larger than max_message"), ([b"x"] * 80, "too many parts")):
            with self.service("narrow", lambda frames, answer=answer: [*frames[:3], *answer]):
                failed = self.failure("small")
                self.assertEqual((failed["wrong"], failed.get("outcome")), ("garbage", None), answer)
                self.assertIn(why, failed["why"])

    def test_what_is_too_large_for_the_service(self):
        with self.service("narrow"):
            self.assertEqual(self.failure("small", b"x" * 2049)["wrong"], "mapping")
            self.assertEqual(self.ask("small", b"x" * 2000), b"x" * 2000)

    def test_turns_are_bounded(self):
        with self.service("turns", lambda _: None), connected(zmq.DEALER, self.at("single")) as dealer:
            for i in range(3):
                dealer.send(b"%d" % i)
            kinds = sorted(json.loads(dealer.recv())["wrong"] for _ in range(3))
            self.assertEqual(kinds, ["not_sent", "not_sent", "unknown"])

    def test_two_endpoints_take_turns(self):
        with Service(zmq.ROUTER, self.ipc("one"), lambda frames: [*frames[:-1], b"1"]), \
                Service(zmq.ROUTER, self.ipc("two"), lambda frames: [*frames[:-1], b"2"]):
            wait_until(lambda: {self.ask("spread") for _ in range(4)} == {b"1", b"2"})
            answers = [self.ask("spread") for _ in range(20)]
            self.assertEqual((answers.count(b"1"), answers.count(b"2")), (10, 10))

    def test_a_sender_who_goes_before_its_answer(self):
        with self.service("plain", lambda frames: time.sleep(0.3) or frames) as service:
            before = self.bus.log().count("A sender has gone before its answer.")
            with connected(zmq.REQ, self.at("rep")) as req:
                req.send(b"x")
                wait_until(lambda: service.calls == 1)
            wait_until(lambda: self.bus.log().count("A sender has gone before its answer.") > before)
            self.assertEqual(self.ask("rep", b"still"), b"still")

    def test_a_sender_who_reads_no_answers_is_cut_off(self):
        answer = b"x" * 3_000_000
        with self.service("large", lambda frames: [*frames[:-1], answer], sndhwm=0), \
                connected(zmq.DEALER, self.at("tight"), rcvhwm=1, rcvbuf=4096, immediate=1) as deaf:
            end = time.monotonic() + 8
            while "A sender that reads no answers was cut off." not in self.bus.log() and time.monotonic() < end:
                try:
                    deaf.send(b"x", zmq.DONTWAIT)
                except zmq.Again:
                    time.sleep(0.05)
            self.assertIn("A sender that reads no answers was cut off.", self.bus.log())
            with connected(zmq.DEALER, self.at("tight")) as dealer:
                dealer.send(b"x")
                self.assertEqual(dealer.recv(), answer)

    def test_slow_readers_get_every_answer(self):
        count, size = 60, 200_000
        with self.service("large", lambda frames: [*frames[:-1], frames[-1] * (size // 4)], sndhwm=0), \
                connected(zmq.DEALER, self.at("tight"), rcvhwm=1, rcvbuf=4096) as slow:
            for i in range(count):
                slow.send(i.to_bytes(4, "big"))
            got = []
            for _ in range(count):
                body = slow.recv()
                self.assertEqual(body, body[:4] * (size // 4))
                got.append(int.from_bytes(body[:4], "big"))
                time.sleep(0.001)
            self.assertEqual(sorted(got), list(range(count)))


class Short(Requests, Bed):
    @classmethod
    def bundle(cls, folder):
        return {"zmq.yaml": bundle(folder)}


    def test_the_log_says_which_listeners_hand_on(self):
        self.assertEqual(handing_on(self.bus), {"spread", *(listener for listener, *_ in ROUTES)})


class Long(Requests, Bed):
    @classmethod
    def bundle(cls, folder):
        return {"zmq.yaml": f"events: 'ipc://{folder}/events.sock'\n" + bundle(folder)}

    def test_nothing_is_handed_on_that_is_told_of(self):
        self.assertEqual(handing_on(self.bus), set())


class Looking(unittest.TestCase):
    """Where anybody looks at a message it is not handed on."""

    ANSWERED = {  # listener's keys, service's keys in the adapter, its own, the route's steps
        "plain": ("socket: rep", "socket: dealer", "", "{ call: SERVICE }"),
        "parts": ("socket: rep, parts: [kind, body]", "socket: dealer", "", "{ call: SERVICE }"),
        "answer-parts": ("socket: rep, answer_parts: [kind, body]", "socket: dealer", "", "{ call: SERVICE }"),
        "service-parts": ("socket: rep", "socket: dealer, parts: [kind, body]", "", "{ call: SERVICE }"),
        "service-answer-parts": ("socket: rep", "socket: dealer, answer_parts: [kind, body]", "", "{ call: SERVICE }"),
        "headers": ("socket: rep", "socket: dealer", "headers: { kind: x }", "{ call: SERVICE }"),
        "format": ("socket: rep", "socket: dealer", "format: json", "{ call: SERVICE }"),
        "request": ("socket: rep", "socket: dealer", "format: json", "{ call: { service: SERVICE, request: '{}' } }"),
        "handler": ("socket: rep", "socket: dealer", "", "{ call: SERVICE, on_error: { reply: { body: '{}' } } }"),
        "more": ("socket: rep", "socket: dealer", "", "{ log: { message: seen } }, { call: SERVICE }"),
        "one-way": ("socket: pull", "socket: push", "", "{ call: SERVICE }"),
        "one-way-parts": ("socket: pull, parts: [kind, body]", "socket: push", "", "{ call: SERVICE }"),
        "answered-push": ("socket: rep", "socket: push", "", "{ call: SERVICE }"),
        "pulled-request": ("socket: pull", "socket: dealer", "", "{ call: SERVICE }"),
    }

    def test_it(self):
        listeners, services, routes = ["listeners:"], ["services:"], ["routes:"]
        for name, (listener, adapter, own, steps) in self.ANSWERED.items():
            listeners.append(f"  {name}: {{ zmq: {{ {listener}, listen: 'tcp://127.0.0.1:0' }}, format: json }}")
            services.append(f"  to-{name}: {{ zmq: {{ {adapter}, endpoints: ['tcp://127.0.0.1:9'] }}{', ' + own if own else ''} }}")
            routes.append(f"  {name}: {{ from: {{ zmq: messages, on: {name} }}, steps: [ {steps.replace('SERVICE', 'to-' + name)} ] }}")
        listeners.append("  two: { zmq: { socket: rep, listen: 'tcp://127.0.0.1:0' }, format: json }")
        routes += [f"  two-{i}: {{ from: {{ zmq: messages, on: two, when: 'n = {i}' }}, steps: [ {{ call: to-plain }} ] }}" for i in (1, 2)]
        with LiveBus({"zmq.yaml": "\n".join([*listeners, *services, *routes]) + "\n"}) as bus:
            wait_until(lambda: {"plain", "one-way"} <= handing_on(bus))
            bus.process.terminate()
            bus.process.wait(10)
            self.assertEqual(handing_on(bus), {"plain", "one-way"})


class Handled(Bed):
    """The bundle's handler sees what was sent, as if nothing had been handed on."""

    @classmethod
    def bundle(cls, folder):
        return {"zmq.yaml": """\
listeners: { kept: { zmq: { socket: rep, listen: 'tcp://127.0.0.1:0' }, format: json } }
services: { lost: { zmq: { socket: dealer, endpoints: ['ipc://FOLDER/lost.sock'] }, timeout: 200ms } }
routes: { kept: { from: { zmq: messages, on: kept }, steps: [ { call: lost } ] } }
on_error: { reply: { body: '{ "lost": n, "because": $failure.kind, "in": $failure.service, "step": $failure.step }' } }
""".replace("FOLDER", folder)}

    def test_it(self):
        answer = lambda frames: None if b"77" in frames[-1] else frames
        with Service(zmq.ROUTER, self.ipc("lost"), answer) as service, connected(zmq.REQ, self.at("kept")) as req:
            def there():
                req.send(b'{"n": 1}')
                return req.recv() == b'{"n": 1}'
            wait_until(there)
            calls = service.calls
            req.send(b'{"n": 77}')
            self.assertEqual(req.recv_json(), {"lost": 77, "because": "unknown", "in": "lost", "step": "call lost"})
            self.assertEqual(service.calls, calls + 1)


class Commands(unittest.TestCase):
    def test_one_where_an_answer_belongs_is_a_frame_to_the_client(self):
        with socket.create_server(("127.0.0.1", 0)) as door:
            text = f"""\
listeners: {{ front: {{ zmq: {{ socket: rep, listen: 'tcp://127.0.0.1:0' }} }} }}
services: {{ back: {{ zmq: {{ socket: dealer, endpoints: ['tcp://127.0.0.1:{door.getsockname()[1]}'] }}, timeout: 5s }} }}
routes: {{ front: {{ from: {{ zmq: messages, on: front }}, steps: [ {{ call: back }} ] }} }}
"""
            with LiveBus({"zmq.yaml": text}) as bus, ByHand.to("%s:%s" % bus.address("front"), b"REQ") as client:
                client.say(ByHand.MORE, b"")
                client.say(0, b"connects")
                with ByHand(door.accept()[0], b"ROUTER") as service:
                    for _ in range(3):
                        number, *_ = [service.hear()[1] for _ in range(3)]
                        service.say(ByHand.MORE, number)
                        service.say(ByHand.MORE, b"")
                        service.say(ByHand.COMMAND, ByHand.SUBSCRIBES)
                        self.assertEqual([client.hear(), client.hear()], [(ByHand.MORE, b""), (0, ByHand.SUBSCRIBES)])
                        client.say(ByHand.MORE, b"")
                        client.say(0, b"x")


class Stopping(unittest.TestCase):
    def test_what_is_under_way_is_answered_first(self):
        with make(zmq.ROUTER) as service:
            port = service.bind_to_random_port("tcp://127.0.0.1")
            text = f"""\
listeners: {{ front: {{ zmq: {{ socket: router, listen: 'tcp://127.0.0.1:0' }} }} }}
services: {{ late: {{ zmq: {{ socket: dealer, endpoints: ['tcp://127.0.0.1:{port}'] }}, timeout: 5s }} }}
routes: {{ front: {{ from: {{ zmq: messages, on: front }}, steps: [ {{ call: late }} ] }} }}
"""
            with LiveBus({"zmq.yaml": text}) as bus, connected(zmq.DEALER, "%s:%s" % bus.address("front")) as dealer:
                dealer.send(b"first")
                service.send_multipart(service.recv_multipart())
                self.assertEqual(dealer.recv(), b"first")
                for i in range(50):
                    dealer.send(b"%d" % i)
                asked = [service.recv_multipart() for _ in range(50)]
                bus.process.terminate()
                time.sleep(0.3)
                self.assertIsNone(bus.process.poll())
                for frames in asked:
                    service.send_multipart(frames)
                self.assertEqual(sorted(int(dealer.recv()) for _ in range(50)), list(range(50)))
                self.assertEqual(bus.process.wait(10), 0)


unittest.main(argv=[sys.argv[0]])
