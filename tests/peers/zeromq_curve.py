"""CurveZMQ on both sides of the zmq adapter: right keys, wrong keys, no keys."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import LiveBus, binary, wait_until  # noqa: E402
from zeromq_bed import Bed, Service, connected, zmq  # noqa: E402

if not zmq.has("curve"):
    print("SKIP: this libzmq has no CURVE")
    sys.exit(77)


class Keys:
    def __init__(self):
        self.public, self.secret = zmq.curve_keypair()

    def as_client_of(self, server):
        return {"curve_publickey": self.public, "curve_secretkey": self.secret, "curve_serverkey": server.public}

    def as_server(self):
        return {"curve_publickey": self.public, "curve_secretkey": self.secret, "curve_server": 1}


BUS, KNOWN, STRANGER, BACKEND = Keys(), Keys(), Keys(), Keys()

BUNDLE = """\
listeners:
  open: { zmq: { socket: rep, listen: 'tcp://127.0.0.1:0', curve: { secret_key: '${env:BUS_SECRET}' } }, format: json }
  listed: { zmq: { socket: rep, listen: 'tcp://127.0.0.1:0', curve: { secret_key: '${file:FOLDER/bus.secret}', clients: ['KNOWN'] } }, format: json }
services:
  backend: { zmq: { socket: req, endpoints: ['ipc://FOLDER/backend.sock'], curve: { secret_key: '${env:BUS_SECRET}', server_key: 'BACKEND' } }, format: json, timeout: 2s }
routes:
  open: { from: { zmq: messages, on: open }, steps: [ { call: { service: backend, request: '$' } } ] }
  listed: { from: { zmq: messages, on: listed }, reply: { body: '{ "secret": $length($message.peer) > 0 }' } }
"""


def bundle(folder, **changes):
    text = BUNDLE.replace("FOLDER", folder)
    for name, keys in (("KNOWN", KNOWN), ("BACKEND", BACKEND)):
        text = text.replace(f"'{name}'", "'%s'" % changes.get(name, keys.public.decode()))
    return {"curve.yaml": text}


class Curve(Bed):
    environment = {"BUS_SECRET": BUS.secret.decode()}

    @classmethod
    def bundle(cls, folder):
        (pathlib.Path(folder) / "bus.secret").write_text(BUS.secret.decode())
        return bundle(folder)

    def ask(self, listener, document, **options):
        with connected(zmq.REQ, self.at(listener), **options) as req:
            req.send_json(document)
            return req.recv_json()

    def refused(self, listener, **options):
        with connected(zmq.REQ, self.at(listener), rcvtimeo=500, immediate=0, **options) as req:
            req.send_json({"n": 1})
            self.assertRaises(zmq.Again, req.recv_json)

    def backend(self, **options):
        return Service(zmq.REP, f"ipc://{self.folder}/backend.sock", lambda frames: frames, **options)

    def test_both_sides_encrypted(self):
        with self.backend(**BACKEND.as_server()):
            self.assertEqual(self.ask("open", {"n": 1}, **STRANGER.as_client_of(BUS)), {"n": 1})

    def test_a_caller_who_thinks_the_bus_is_somebody_else(self):
        self.refused("open", **STRANGER.as_client_of(BACKEND))

    def test_a_caller_without_keys(self):
        self.refused("open")
        self.refused("listed")

    def test_only_listed_callers_get_in(self):
        self.assertEqual(self.ask("listed", {}, **KNOWN.as_client_of(BUS)), {"secret": True})
        self.refused("listed", **STRANGER.as_client_of(BUS))
        wait_until(lambda: 'A client whose key is not listed was refused. socket="listener listed"' in self.bus.log())
        self.assertEqual(self.ask("listed", {}, **KNOWN.as_client_of(BUS)), {"secret": True})

    def test_a_service_with_another_key(self):
        for options in (STRANGER.as_server(), {}):
            with self.backend(**options):
                answer = self.ask("open", {"n": 1}, **STRANGER.as_client_of(BUS))
                self.assertEqual((answer["type"], answer["status"]), ("urn:busway:not_sent", 503))
        with self.backend(**BACKEND.as_server()):
            self.assertEqual(self.ask("open", {"n": 2}, **STRANGER.as_client_of(BUS)), {"n": 2})

    def test_secrets_are_not_in_the_log(self):
        self.assertNotIn(BUS.secret.decode(), self.bus.log())


class Checks(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                (pathlib.Path(folder) / name).write_text(text)
            done = subprocess.run([binary(), "check", "--format", "json", folder], capture_output=True, text=True, timeout=30)
            return [one["id"] for one in json.loads(done.stdout)["findings"]] if done.returncode else []

    def test_keys_are_checked(self):
        self.assertEqual(self.check(bundle("/nowhere")), [])
        self.assertEqual(self.check(bundle("/nowhere", KNOWN="short")), ["BW5205"])
        self.assertEqual(self.check(bundle("/nowhere", BACKEND="x" * 39 + "'")), ["BW1001"])
        self.assertEqual(self.check(bundle("/nowhere", BACKEND="~" * 40)), ["BW5205"])
        text = bundle("/nowhere")["curve.yaml"]
        self.assertEqual(self.check({"a.yaml": text.replace(", clients: [", ", server_key: x, clients: [")}), ["BW5205"])
        self.assertEqual(self.check({"a.yaml": text.replace(", server_key: '%s'" % BACKEND.public.decode(), "")}), ["BW5205"])
        self.assertEqual(self.check({"a.yaml": text.replace("'${file:/nowhere/bus.secret}'", "'%s'" % ("x" * 41))}), ["BW5205"])

    def test_a_bus_whose_secret_is_none_does_not_start(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "bus.secret").write_text(BUS.secret.decode())
            with self.assertRaises(AssertionError) as raised:
                LiveBus(bundle(folder), environment={"BUS_SECRET": "not a key at all"})
            self.assertIn("no CURVE key", str(raised.exception))
            self.assertNotIn("not a key at all", str(raised.exception))


if __name__ == "__main__":
    unittest.main()
