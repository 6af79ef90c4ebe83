"""Plugins that are started elsewhere and connect over TCP: who gets in, and what becomes of messages when they come and go.

    remote_test.py BUSWAY SOURCE CC CXX
"""
import concurrent.futures
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from workshop import BUSWAY, CXX, SOURCE, Case

sys.path.insert(0, str(SOURCE / "tests"))
from live_bus import LiveBus, need, wait_until  # noqa: E402

os.environ["BUSWAY"] = BUSWAY
os.environ["BUSWAY_PLUGINS"] = ""
need(modules=["zmq"])
import zmq  # noqa: E402


def wait_for(holds, bus, what="the condition", seconds=20):
    try:
        return wait_until(holds, seconds, what)
    except AssertionError:
        print(bus.log(), file=sys.stderr)
        raise


SDK = SOURCE / "plugins/sdk/python/busway_plugin.py"

HELLO = b'{"type":"hello","protocol":1,"cookie":""}'
MANIFEST = """
protocol: 1
version: 1.0.0
remote:
  listen: 'LISTEN'
  SECURITY
start_within: 300ms
silence: 2s
acknowledge_within: 500ms
steps:
  double: { summary: Doubles the number., idempotent: true, keys: { by: { type: integer, default: "2", doc: How often. } } }
  once: { summary: Works once., idempotent: false }
"""
PROGRAM = """
import os, time
import busway_plugin as busway
plugin = busway.Plugin()

@plugin.step("double")
class Double:
    def __init__(self, settings):
        self.by = settings["by"]
    def __call__(self, message):
        if message.body.get("die"):
            os.kill(os.getpid(), 9)
        with open(os.environ["WORKED"], "a") as worked:
            worked.write("double\\n")
        time.sleep(float(message.body.get("wait", 0)))
        return busway.Reply(body={"n": message.body["n"] * self.by, "pid": os.getpid()})

@plugin.step("once")
def once(message):
    with open(os.environ["WORKED"], "a") as worked:
        worked.write("once\\n")
    time.sleep(float(message.body.get("wait", 0)))
    return None

plugin.run()
"""
ROUTES = """
listeners: { front: { http: { listen: 'FRONT' } } }
routes:
  double: { from: { http: POST /double, on: front, format: json }, deadline: 20s, steps: [ double: { by: 3 } ] }
  once: { from: { http: POST /once, on: front, format: json }, deadline: 20s, steps: [ once: {} ] }
  plain: { from: { http: POST /plain, on: front, format: json }, steps: [ set_variable: { a: b } ] }
"""


def keys():
    public, secret = zmq.curve_keypair()
    return public.decode(), secret.decode()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def ask(bus, path, body, timeout=30):
    connection = http.client.HTTPConnection(*bus.address("front"), timeout=timeout)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = json.loads(answer.read() or b"null")
    connection.close()
    return answer.status, text


class Remote(Case):
    def setUp(self):
        super().setUp()
        self.bus_public, self.bus_secret = keys()
        self.public, self.secret = keys()
        (self.folder / "bus.secret").write_text(self.bus_secret + "\n")
        self.worked = self.folder / "worked"
        self.worked.write_text("")
        self.elsewhere = self.folder / "elsewhere"
        self.elsewhere.mkdir()
        (self.elsewhere / "main.py").write_text(PROGRAM)
        shutil.copy(SDK, self.elsewhere)

    def curve(self, *more):
        clients = ", ".join(f"'{key}'" for key in (self.public, *more))
        return f"curve: {{ secret_key: '${{file:{self.folder}/bus.secret}}', clients: [{clients}] }}"

    def made(self, security=None, listen="tcp://127.0.0.1:0", manifest=MANIFEST, front="127.0.0.1:0", routes=ROUTES):
        bundle = self.folder / f"bundle{len(list(self.folder.iterdir()))}"
        (bundle / "plugins/calc").mkdir(parents=True)
        (bundle / "plugins/calc/plugin.yaml").write_text(manifest.replace("LISTEN", listen).replace("SECURITY", self.curve() if security is None else security))
        (bundle / "routes.yaml").write_text(routes.replace("FRONT", front))
        return bundle

    @staticmethod
    def endpoint(bus):
        return re.search(r"A remote plugin is waited for[.].*address=(tcp://\S+)", bus.log())[1]

    command = (sys.executable, "-B", "main.py")

    def start(self, endpoint, server=None, public=None, secret=None, curve=True, **environment):
        """The plugin, as somebody else starts it."""
        given = {"BUSWAY_ENDPOINT": endpoint, "WORKED": str(self.worked), "PATH": os.environ["PATH"]}
        if curve:
            given |= {"BUSWAY_SERVER_KEY": server or self.bus_public, "BUSWAY_PUBLIC_KEY": public or self.public, "BUSWAY_SECRET_KEY": secret or self.secret}
        with open(self.folder / "plugin.log", "ab") as log:
            process = subprocess.Popen(self.command, cwd=self.elsewhere, env=given | environment, stdout=log, stderr=log)
        self.addCleanup(lambda: (process.kill(), process.wait()))
        return process

    def ready(self, bus, times=1):
        wait_for(lambda: bus.log().count("A remote plugin is ready.") >= times, bus, f"that it is ready for time {times}")

    def restarted(self, kill):
        front, door = free_port(), free_port()
        bundle = self.made(listen=f"tcp://127.0.0.1:{door}", front=f"127.0.0.1:{front}")
        plugin = self.start(f"tcp://127.0.0.1:{door}")  # before there is a bus
        for _ in range(2):
            bus = LiveBus(bundle)
            try:
                self.ready(bus)
                self.assertEqual(ask(bus, "/double", {"n": 2})[1]["n"], 6)
                if not kill:
                    began = time.monotonic()
                    self.assertEqual(bus.stop(), 0)
                    self.assertLess(time.monotonic() - began, 5)
            finally:
                bus.kill()
        self.assertIsNone(plugin.poll())
        return plugin

    def peer(self, endpoint, curve=True):
        """Somebody who writes the protocol by hand, with the plugin's key."""
        peer = zmq.Context.instance().socket(zmq.DEALER)
        peer.linger = 0
        if curve:
            peer.curve_serverkey, peer.curve_publickey, peer.curve_secretkey = (key.encode() for key in (self.bus_public, self.public, self.secret))
        peer.connect(endpoint)
        return peer

    def answered(self, endpoint):
        """A peer whose hello is answered; one that came in as the bus closed its door says it again, as the SDKs do."""
        for _ in range(20):
            peer = self.peer(endpoint)
            peer.send(HELLO)
            if peer.poll(1000):
                return peer
            peer.close()
        raise AssertionError("nobody answers a hello")

    def works(self):
        return self.worked.read_text().split()

    def turned_away(self, bus):
        """The plugins that were started do not get in."""
        time.sleep(1)
        self.assertNotIn("A remote plugin is ready.", bus.log())
        self.assertEqual(ask(bus, "/double", {"n": 2})[0], 503)
        self.assertEqual(self.works(), [])


class GettingIn(Remote):
    def test_the_listed_key_gets_in(self):
        with LiveBus(self.made()) as bus:
            plugin = self.start(self.endpoint(bus))
            self.ready(bus)
            self.assertEqual(ask(bus, "/double", {"n": 2}), (200, {"n": 6, "pid": plugin.pid}))
            self.assertEqual(ask(bus, "/once", {"n": 2}), (200, {"n": 2}))
            big = ask(bus, "/double", {"n": 2, "text": "x" * 700_000})
            self.assertEqual(big[0], 200)
            self.assertIn("secured_by=curve", bus.log())
            self.assertNotIn(self.bus_secret, bus.log())

    def test_a_key_that_is_not_listed_a_wrong_server_key_and_no_key_stay_out(self):
        with LiveBus(self.made()) as bus:
            public, secret = keys()
            self.start(self.endpoint(bus), public=public, secret=secret)
            self.start(self.endpoint(bus), server=keys()[0])
            self.start(self.endpoint(bus), curve=False)
            wait_for(lambda: "A client whose key is not listed was refused." in bus.log(), bus)
            self.turned_away(bus)
            self.start(self.endpoint(bus))
            self.ready(bus)
            self.assertEqual(ask(bus, "/double", {"n": 2})[0], 200)

    def test_garbage_on_the_port_harms_nobody(self):
        with LiveBus(self.made()) as bus:
            endpoint = self.endpoint(bus)
            port = int(endpoint.rpartition(":")[2])
            self.start(endpoint)
            self.ready(bus)
            held = []
            for piece in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(4096), b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(60), b"\xff", b"") * 10:
                one = socket.create_connection(("127.0.0.1", port))
                try:
                    one.sendall(piece)
                except OSError:
                    pass
                held.append(one)
            for n in range(20):
                self.assertEqual(ask(bus, "/double", {"n": n})[1]["n"], 3 * n)
            for one in held:
                one.close()
            self.assertNotIn("is gone", bus.log())

    def test_a_cookie_is_enough_on_loopback(self):
        bundle = self.made("cookie: '${env:CALC_COOKIE}'")
        cookie = "0123456789abcdef-cookie"
        with LiveBus(bundle, {"CALC_COOKIE": cookie}) as bus:
            self.start(self.endpoint(bus), curve=False)
            self.start(self.endpoint(bus), curve=False, BUSWAY_COOKIE=cookie + "x")
            self.turned_away(bus)
            self.assertIn("a stranger was turned away: the cookie", bus.log())
            self.start(self.endpoint(bus), curve=False, BUSWAY_COOKIE=cookie)
            self.ready(bus)
            self.assertEqual(ask(bus, "/double", {"n": 2})[1]["n"], 6)
            self.assertNotIn(cookie, bus.log())

    def test_a_cookie_that_is_short_or_missing_opens_no_door(self):
        bundle = self.made("cookie: '${env:CALC_COOKIE}'")
        for environment, reason in (({"CALC_COOKIE": "short"}, "16 are the fewest"), ({}, "the environment has no variable 'CALC_COOKIE'")):
            with LiveBus(bundle, environment) as bus:
                wait_for(lambda: reason in bus.log(), bus)
                self.assertNotIn("is waited for", bus.log())
                self.assertEqual(ask(bus, "/double", {"n": 2})[0], 503)
                self.assertEqual(ask(bus, "/plain", {"n": 2})[0], 200)

    def test_a_cookie_may_be_asked_for_besides_the_key(self):
        cookie = "0123456789abcdef-cookie"
        with LiveBus(self.made(self.curve() + "\n  cookie: '${env:CALC_COOKIE}'"), {"CALC_COOKIE": cookie}) as bus:
            self.start(self.endpoint(bus))
            self.start(self.endpoint(bus), curve=False, BUSWAY_COOKIE=cookie)
            self.turned_away(bus)
            self.assertIn("a stranger was turned away: the cookie", bus.log())
            self.start(self.endpoint(bus), BUSWAY_COOKIE=cookie)
            self.ready(bus)
            self.assertEqual(ask(bus, "/double", {"n": 2})[1]["n"], 6)

    def test_ipv6_and_every_address(self):
        every = [("tcp://*:0", "tcp://127.0.0.1:")]
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
            every.append(("tcp://[::1]:0", "tcp://[::1]:"))
        except OSError:
            print("This machine has no IPv6: that is not tested.")
        for listen, reached in every:
            with LiveBus(self.made(listen=listen)) as bus:
                self.start(reached + self.endpoint(bus).rpartition(":")[2])
                self.ready(bus)
                self.assertEqual(ask(bus, "/double", {"n": 2})[1]["n"], 6)

    def test_strangers_who_get_in_are_put_out_and_end_no_conversation(self):
        cookie = {"CALC_COOKIE": "0123456789abcdef-cookie"}
        for security in (self.curve(), "cookie: '${env:CALC_COOKIE}'"):
            with LiveBus(self.made(security), cookie) as bus:
                given = {"curve": False, "BUSWAY_COOKIE": cookie["CALC_COOKIE"]} if "cookie" in security else {}
                plugin = self.start(self.endpoint(bus), **given)
                self.ready(bus)
                before = bus.open_files()
                done = threading.Event()

                def crowd():
                    while not done.is_set():
                        with self.peer(self.endpoint(bus), curve=not given) as stranger:
                            for _ in range(200):
                                try:
                                    stranger.send(b"not a hello", zmq.NOBLOCK)
                                except zmq.Again:
                                    break
                            stranger.poll(50)

                crowds = [threading.Thread(target=crowd) for _ in range(4)]
                for one in crowds:
                    one.start()
                try:
                    for n in range(200):
                        self.assertEqual(ask(bus, "/double", {"n": n}), (200, {"n": 3 * n, "pid": plugin.pid}))
                finally:
                    done.set()
                    for one in crowds:
                        one.join()
                self.assertNotIn("is gone", bus.log())
                self.assertLessEqual(1, bus.log().count("a stranger was turned away"))
                self.assertLess(bus.log().count("a stranger was turned away"), 100)
                wait_for(lambda: bus.open_files() <= before, bus, "that their connections are gone")

    def test_who_goes_on_is_cut_off(self):
        with LiveBus(self.made()) as bus:
            stranger = self.peer(self.endpoint(bus))
            watch = stranger.get_monitor_socket(zmq.EVENT_DISCONNECTED)
            stranger.send(b"not a hello")
            self.assertIn(b"must be a hello", stranger.recv())
            self.assertFalse(watch.poll(300))
            stranger.send(b"not a hello")
            self.assertTrue(watch.poll(3000))
            stranger.disable_monitor()
            stranger.close()

    def test_connections_are_bounded_and_those_who_hold_theirs_keep_nobody_out(self):
        cookie = {"CALC_COOKIE": "0123456789abcdef-cookie"}
        shaken = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48) + b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"
        for security, said in ((self.curve(), b""), ("cookie: '${env:CALC_COOKIE}'", shaken)):
            with LiveBus(self.made(security), cookie) as bus:
                given = {"curve": False, "BUSWAY_COOKIE": cookie["CALC_COOKIE"]} if said else {}
                first = self.start(self.endpoint(bus), **given)
                self.ready(bus)
                before = bus.open_files()
                held = []
                for _ in range(600):
                    held.append(socket.create_connection(("127.0.0.1", int(self.endpoint(bus).rpartition(":")[2]))))
                    held[-1].sendall(said)
                poll = select.poll()
                for one in held:
                    poll.register(one, select.POLLRDHUP)
                wait_for(lambda: len(poll.poll(0)) >= 344, bus, "that those beyond 256 are closed", seconds=3)
                wait_for(lambda: bus.open_files() < before + 256, bus, "that the library lets go of them", seconds=2)
                self.assertEqual(ask(bus, "/double", {"n": 2}), (200, {"n": 6, "pid": first.pid}))
                self.assertNotIn("is gone", bus.log())
                first.kill()
                wait_for(lambda: "A remote plugin is gone." in bus.log(), bus, "that it is missed")
                second = self.start(self.endpoint(bus), **given)
                self.ready(bus, 2)
                self.assertEqual(ask(bus, "/double", {"n": 2}), (200, {"n": 6, "pid": second.pid}))
                for one in held:
                    one.close()


class ComingAndGoing(Remote):
    def test_messages_fail_while_it_is_absent_and_work_when_it_is_there(self):
        with LiveBus(self.made()) as bus:  # which is up without it
            self.assertIn("A remote plugin is not there", bus.log())
            began = time.monotonic()
            self.assertEqual(ask(bus, "/double", {"n": 2})[0], 503)
            self.assertLess(time.monotonic() - began, 0.5)
            self.start(self.endpoint(bus))
            self.ready(bus)
            self.assertEqual(ask(bus, "/double", {"n": 2})[0], 200)

    def patient(self):
        """A bundle whose messages wait for the plugin for a while, and where that connects: before there is a bus, which waits, too."""
        endpoint = f"tcp://127.0.0.1:{free_port()}"
        return self.made(listen=endpoint, manifest=MANIFEST.replace("300ms", "4s")), endpoint

    def test_what_was_with_one_that_is_killed_is_accounted_for(self):
        bundle, endpoint = self.patient()
        plugin = self.start(endpoint)
        with LiveBus(bundle) as bus:
            self.ready(bus)
            got = {}

            def caller(path):
                got[path] = ask(bus, path, {"n": 5, "wait": 1.5})

            callers = [threading.Thread(target=caller, args=(path,)) for path in ("/double", "/once")]
            for one in callers:
                one.start()
            wait_for(lambda: len(self.works()) == 2, bus, "that both are at work")
            plugin.kill()
            plugin.wait()
            wait_for(lambda: "A remote plugin is gone." in bus.log(), bus, "that it is missed")
            second = self.start(self.endpoint(bus))
            for one in callers:
                one.join()
            self.assertEqual(got["/double"], (200, {"n": 15, "pid": second.pid}))  # idempotent: given to the next one
            self.assertEqual(got["/once"][0], 504)  # nobody can know
            self.assertEqual(self.works().count("once"), 1)
            self.assertEqual(self.works().count("double"), 2)

    def test_one_that_says_nothing_is_not_waited_for_by_its_messages(self):
        with LiveBus(self.made()) as bus:
            plugin = self.start(self.endpoint(bus))
            self.ready(bus)
            plugin.send_signal(signal.SIGSTOP)
            self.assertEqual(ask(bus, "/once", {"n": 1})[0], 504)
            self.assertIn("has said nothing for 2000ms", bus.log())
            self.assertEqual(ask(bus, "/plain", {"n": 1})[0], 200)
            plugin.send_signal(signal.SIGCONT)  # it finds its connection closed, or is told, and comes again
            self.ready(bus, 2)
            self.assertEqual(ask(bus, "/double", {"n": 2}), (200, {"n": 6, "pid": plugin.pid}))

    def test_a_message_that_kills_it_is_quarantined(self):
        bundle, endpoint = self.patient()
        done = threading.Event()

        def again():
            while not done.is_set():
                self.start(endpoint).wait()

        keeper = threading.Thread(target=again)
        keeper.start()
        with LiveBus(bundle) as bus:
            try:
                self.ready(bus)
                self.assertEqual(ask(bus, "/double", {"n": 1, "die": True})[0], 502)
                self.assertIn("A message is quarantined", bus.log())
                wait_for(lambda: ask(bus, "/double", {"n": 2})[0] == 200, bus, "that the others are served")
            finally:
                done.set()
                os.system(f"kill -9 {ask(bus, '/double', {'n': 2})[1]['pid']}")
                keeper.join()

    def test_a_message_that_makes_it_send_garbage_is_quarantined(self):
        bundle = self.made(manifest=MANIFEST.replace("300ms", "1500ms"))  # for which it is missed first
        done, given = threading.Event(), []

        def speak(peer):
            """Until the bus has said goodbye."""
            while not done.is_set():
                if not peer.poll(50):
                    continue
                head, *payload = peer.recv_multipart()
                said = json.loads(head)
                if said["type"] == "welcome":
                    peer.send(b'{"type":"ready","credit":4}')
                elif said["type"] == "request":
                    asked = json.loads(payload[0])
                    given.append(asked["n"])
                    reply = [b'{"type":"reply","id":%d,"body":"document"}' % said["id"], b'{"n":0}']
                    peer.send_multipart([b"no json"] if asked["n"] < 0 else reply)
                elif said["type"] == "bye":
                    return

        def again(endpoint):
            while not done.is_set():
                peer = self.answered(endpoint)
                speak(peer)
                peer.close()

        with LiveBus(bundle) as bus:
            keeper = threading.Thread(target=again, args=(self.endpoint(bus),))
            keeper.start()
            try:
                self.ready(bus)
                self.assertEqual(ask(bus, "/double", {"n": -1})[0], 502)
                self.assertEqual(given, [-1, -1, -1])
                self.assertRegex(bus.log(), "A message is quarantined.*breaks the protocol")
                self.assertEqual(ask(bus, "/once", {"n": -2})[0], 504)
                self.assertEqual(given.count(-2), 1)
                self.assertEqual(ask(bus, "/double", {"n": 1}), (200, {"n": 0}))
            finally:
                done.set()
                keeper.join()

    def test_a_second_one_waits_for_its_turn(self):
        other_public, other_secret = keys()
        with LiveBus(self.made(self.curve(other_public))) as bus:
            first = self.start(self.endpoint(bus))
            self.ready(bus)
            second = self.start(self.endpoint(bus), public=other_public, secret=other_secret)
            wait_for(lambda: "another process speaks for this plugin already" in bus.log(), bus, "that it is turned away")
            for _ in range(5):
                self.assertEqual(ask(bus, "/double", {"n": 2})[1]["pid"], first.pid)
            first.kill()
            self.ready(bus, 2)
            self.assertEqual(ask(bus, "/double", {"n": 2})[1]["pid"], second.pid)

    def test_it_outlives_a_bus_that_stops(self):
        self.restarted(kill=False)

    def test_it_outlives_a_bus_that_is_killed(self):
        self.restarted(kill=True)

    def test_garbage_from_one_that_may_come_in_ends_its_connection_alone(self):
        with LiveBus(self.made()) as bus:
            for said in (b"no json", b'{"type":"reply","id":77}', b'{"type":"hello","protocol":1,"cookie":""}'):
                peer = self.answered(self.endpoint(bus))
                seen = []
                while not seen or seen[-1]["type"] != "bye":
                    self.assertTrue(peer.poll(20_000), f"{seen}\n{bus.log()}")
                    seen.append(json.loads(peer.recv_multipart()[0]))
                    if seen[-1]["type"] == "welcome":
                        peer.send(b'{"type":"ready","credit":4}')
                        peer.send(said)
                self.assertIn("breaks the protocol", seen[-1]["reason"])
                peer.close()
            self.start(self.endpoint(bus))
            wait_for(lambda: ask(bus, "/double", {"n": 2})[0] == 200, bus, "that a good one is served")


class Listeners(Remote):
    MANIFEST = """
protocol: 1
remote:
  listen: 'LISTEN'
  SECURITY
start_within: 700ms
silence: 2s
adapters:
  hatch: { summary: Brings what is put into a folder., format: json, listener: {} }
"""
    PROGRAM = """
import os, time
import busway_plugin as busway
plugin = busway.Plugin()

@plugin.source("hatch")
class Hatch:
    def __init__(self, settings):
        pass
    def run(self, inlet):
        inlet.listening("the hatch")
        n = 0
        while not inlet.wait(0.05):
            n += 1
            outcome = inlet.emit(b'{"n":%d}' % n)
            with open(os.environ["WORKED"], "a") as worked:
                worked.write("%s\\n" % outcome.outcome)

plugin.run()
"""
    ROUTES = """
listeners: { desk: { hatch: {} } }
routes: { r: { from: { hatch: messages, on: desk }, steps: [ log: { message: Came., fields: { n: n } } ] } }
"""

    def test_a_source_may_come_later_and_again(self):
        (self.elsewhere / "main.py").write_text(self.PROGRAM)
        with LiveBus(self.made(manifest=self.MANIFEST, routes=self.ROUTES)) as bus:  # up without it
            first = self.start(self.endpoint(bus))
            wait_for(lambda: self.works().count("made") >= 3, bus)
            first.kill()
            first.wait()
            wait_for(lambda: "A remote plugin is gone." in bus.log(), bus, "that it is missed")
            before = len(self.works())
            self.start(self.endpoint(bus))
            wait_for(lambda: len(self.works()) >= before + 3, bus)
            self.assertEqual(set(self.works()), {"made"})


class RouteTests(Remote):
    TESTS = """
test: the number is multiplied
send: { http: POST /double, body: { n: 2 } }
expect: { status: 200, body_has: { n: 6 } }
---
test: what needs no plugin is answered
send: { http: POST /plain, body: { n: 2 } }
expect: { status: 200, body: { n: 2 } }
"""

    def setUp(self):
        super().setUp()
        self.bundle = self.made(listen=f"tcp://127.0.0.1:{free_port()}")
        (self.bundle / "double.test.yaml").write_text(self.TESTS)

    def test_they_work_where_the_plugin_is(self):
        manifest = self.bundle / "plugins/calc/plugin.yaml"
        manifest.write_text(manifest.read_text().replace("300ms", "5s"))  # it takes a second between two buses
        endpoint = re.search("tcp://[0-9.:]+", manifest.read_text())[0]
        plugin = self.start(endpoint)
        for _ in range(2):  # each is another bus for it
            self.assertIn("2 passed, 0 failed", self.exits(0, "test", self.bundle))
        self.assertEqual(self.works(), ["double"] * 2)
        self.assertIsNone(plugin.poll())

    def test_without_it_they_fail_soon_and_say_why(self):
        began = time.monotonic()
        said = self.exits(1, "test", self.bundle)
        self.assertLess(time.monotonic() - began, 5)
        self.assertIn("1 passed, 1 failed", said)
        self.assertIn("the remote plugin has not come within 300ms", said)

    def test_a_bus_that_runs_keeps_its_plugin(self):
        with LiveBus(self.bundle) as bus:
            self.start(self.endpoint(bus))
            self.ready(bus)
            said = self.exits(1, "test", self.bundle)
            self.assertIn("1 passed, 1 failed", said)
            self.assertIn("Address already in use", said)
            self.assertEqual(ask(bus, "/double", {"n": 2})[1]["n"], 6)
            self.assertNotIn("is gone", bus.log())


class Languages(Remote):
    def told_of_keys(self, who):
        """What is wrong with the keys is said at once, and where no bus answers why that may be."""
        endpoint = f"tcp://127.0.0.1:{free_port()}"
        log = self.folder / "plugin.log"
        good = {"BUSWAY_SERVER_KEY": self.bus_public, "BUSWAY_PUBLIC_KEY": self.public, "BUSWAY_SECRET_KEY": self.secret}
        for name in good:
            for wrong, text in ((None, f"{name} is not set: with CURVE there are"), (self.secret[:39], f"{name} is no key: it has 39 characters, and a key is 40 of Z85"),
                                ("~" * 40, f"{name} is no key"), ("", f"{name} is no key: it has 0 characters")):
                log.write_bytes(b"")
                plugin = self.start(endpoint, curve=False, **{key: value for key, value in (good | {name: wrong}).items() if value is not None})
                self.assertEqual(plugin.wait(20), 1, name)
                said = log.read_text()
                self.assertEqual(said.count("\n"), 1, said)
                self.assertIn(f"{who}: {text}", said)
                self.assertNotIn(self.secret[:39], said)
        log.write_bytes(b"")
        started = [self.start(endpoint), self.start(endpoint, curve=False)]
        text = f"{who}: no bus answers at {endpoint}: it is not running, or "
        for why in ("the server key or the plugin's key is not the one that the bus knows", "it wants CURVE keys, and there are none"):
            wait_until(lambda why=why: text + why in log.read_text(), 20, f"{text + why!r} in {log.read_text()!r}")
        self.assertNotIn("is gone", log.read_text())
        for plugin in started:
            plugin.terminate()

    def test_python(self):
        self.told_of_keys("busway_plugin")

    def test_cpp(self):
        (self.elsewhere / "main.cpp").write_text("""#include "busway_process.hpp"
using namespace busway::process;
int main() {
  Plugin plugin;
  plugin.step("double", [](const Json& settings) {
    return [by = settings["by"].integer()](const Message& message) {
      return Reply::document(Json::object({{"n", message.document()["n"].integer() * by}}));
    };
  });
  plugin.step("once", [](const Json&) { return [](const Message&) { return Reply(); }; });
  return plugin.run();
}
""")
        subprocess.run([CXX, "-std=c++17", "-O0", f"-I{SOURCE / 'plugins/sdk/cpp'}", "main.cpp", "-lzmq", "-pthread", "-o", "main"], cwd=self.elsewhere, check=True, timeout=300)
        self.command = ("./main",)
        plugin = self.restarted(kill=False)
        plugin.kill()
        plugin.wait()  # or it would still write into the same file
        self.told_of_keys("busway_process")

    def test_node(self):
        if shutil.which("node") is None or shutil.which("npm") is None:
            return print("SKIP: no node and npm, so nothing is known of remote plugins in JavaScript")
        (self.elsewhere / "main.js").write_text("""
const busway = require('./busway_plugin.js');
const plugin = new busway.Plugin();
plugin.step('double', async (message) => ({ body: { n: message.body.n * message.settings.by, pid: process.pid } }));
plugin.step('once', async () => undefined);
plugin.run();
""")
        shutil.copy(SOURCE / "plugins/sdk/node/busway_plugin.js", self.elsewhere)
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "zeromq@6"], cwd=self.elsewhere, capture_output=True, text=True, timeout=120, check=False)
        tried = subprocess.run(["node", "-e", "require('zeromq')"], cwd=self.elsewhere, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0 or tried.returncode != 0:
            return print(f"SKIP: npm cannot give zeromq here, so nothing is known of remote plugins in JavaScript: {(done.stderr + tried.stderr)[:200]!r}")
        self.command = ("node", "main.js")
        plugin = self.restarted(kill=False)
        plugin.terminate()
        self.assertIsNotNone(plugin.wait(10))
        self.told_of_keys("busway_plugin")
        return None


class Checking(Remote):
    def finding(self, expected, security=None, listen="tcp://127.0.0.1:7311", manifest=MANIFEST):
        out = self.exits(1, "check", self.made(security, listen, manifest))
        self.assertRegex(out, "(?m)^" + expected, out)

    def test_what_is_wrong_is_said(self):
        where = r"plugins/calc/plugin.yaml:\d+:\d+: error BW7106: .*"
        cookie = "cookie: '${file:/etc/busway/cookie}'"
        self.finding(where + "other machines reach 'tcp://0.0.0.0:7311', and there is no 'curve'", cookie, "tcp://0.0.0.0:7311")
        self.finding(where + "other machines reach", cookie, "tcp://*:7311")
        self.finding(where + "other machines reach", cookie, "tcp://[::]:7311")
        self.finding(where + "whoever reaches it could speak for the plugin", "")
        self.finding(where + "the cookie stands in the file", "cookie: 0123456789abcdef0123456789abcdef")
        self.finding(where + "the cookie stands in the file", "cookie: '${env:A}b'")
        for listen in ("ipc:///tmp/x", "tcp://localhost:7311", "tcp://127.0.0.1", "tcp://127.0.0.1:70000", "tcp://127.0.0.1:*", "127.0.0.1:7311", ""):
            self.finding(where + "is no address to listen on", listen=listen)
        self.finding(where + "'secret_key' is no CURVE key", "curve: { secret_key: short, clients: ['%s'] }" % self.public)
        self.finding(where + "'short' is no CURVE key", "curve: { secret_key: '${env:S}', clients: [short] }")
        self.finding(where + "'clients' is empty", "curve: { secret_key: '${env:S}', clients: [] }")
        self.finding(r"\S+ error BW1006: 'clients' is required", "curve: { secret_key: '${env:S}' }")
        self.finding(r"\S+ error BW1004: unknown key 'server_key'", "curve: { secret_key: '${env:S}', clients: [], server_key: x }")
        for key in ("command: [python3, main.py]", "environment: { A: b }", "inherits: [A]", "limits: { memory: 1GiB }"):
            self.finding(where + f"'{key.split(':')[0]}' is for a plugin that the bus starts", manifest=MANIFEST + key + "\n")
        self.finding(r"\S+ error BW1006: 'command' is required here, or 'remote'", manifest="protocol: 1\nsteps: { a: { summary: A step. } }\n")

    def test_a_hash_cannot_be_required(self):
        bundle = self.made()
        with open(bundle / "routes.yaml", "a") as routes:
            routes.write("plugins: { calc: { sha256: '%s' } }\n" % ("ab" * 32))
        self.assertRegex(self.exits(1, "check", bundle), "error BW7011: .*it runs elsewhere, where the bus cannot see its program: remove it")

    def test_it_is_shown_as_what_it_is(self):
        bundle = self.made(listen="tcp://0.0.0.0:7311")
        self.exits(0, "check", bundle)  # reads no secret, opens no port
        shown = "plugins/calc/plugin.yaml  calc 1.0.0  (remote: connects to tcp://0.0.0.0:7311, CURVE)\n"
        self.assertIn(shown, self.exits(0, "plugin", "list", "--bundle", bundle))
        self.assertIn("(remote: connects to tcp://0.0.0.0:7311, CURVE)", self.exits(0, "plugin", "check", bundle / "plugins/calc"))
        self.assertIn("Doubles the number. (remote)", self.exits(0, "list", "steps", "--bundle", bundle))
        self.assertIn("Its plugin is remote: it connects to tcp://0.0.0.0:7311 (CURVE).", self.exits(0, "help", "step", "double", "--bundle", bundle))
        self.assertIn("tcp://127.0.0.1:7311, cookie)", self.exits(0, "plugin", "list", "--bundle", self.made("cookie: '${env:C}'", "tcp://127.0.0.1:7311")))


class Beside(unittest.TestSuite):
    """Most of these tests wait most of the time: some go on at once."""

    def run(self, result, debug=False):
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(test.run, result) for suite in self for test in suite]:
                done.result()
        return result


if __name__ == "__main__":
    loader = unittest.TestLoader()
    loader.suiteClass = Beside
    unittest.main(argv=[sys.argv[0]], testLoader=loader)
