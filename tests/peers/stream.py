"""`from: { tcp: stream }`: bytes of a connection both ways, unchanged, with their ends and their breaks."""

import hashlib
import os
import pathlib
import random
import socket
import struct
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import LiveBus, wait_until  # noqa: E402

BUNDLE = """\
listeners:
  near: {{ tcp: {{ listen: '127.0.0.1:0', idle: 1s }} }}
  dead: {{ tcp: {{ listen: '127.0.0.1:0' }} }}
services:
  far: {{ tcp: {{ endpoints: ['127.0.0.1:1', '127.0.0.1:{port}'] }}, timeout: 2s }}
  down: {{ tcp: {{ endpoints: ['127.0.0.1:1'] }}, timeout: 1s }}
routes:
  relay: {{ from: {{ tcp: stream, on: near }}, steps: [ {{ call: far }} ] }}
  nowhere: {{ from: {{ tcp: stream, on: dead }}, steps: [ {{ call: down }} ] }}
"""

PATIENCE = 10


class Far:
    """Accepts connections and hands them to the test."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listener.settimeout(PATIENCE)
        self.port = self.listener.getsockname()[1]

    def take(self):
        connection, _ = self.listener.accept()
        connection.settimeout(PATIENCE)
        return connection


def read_all(connection):
    got = hashlib.sha256()
    size = 0
    while piece := connection.recv(65536):
        got.update(piece)
        size += len(piece)
    return size, got.hexdigest()


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Stream(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.far = Far()
        cls.bus = LiveBus({"routes.yaml": BUNDLE.format(port=cls.far.port)})

    @classmethod
    def tearDownClass(cls):
        cls.bus.stop()
        cls.far.listener.close()

    def both_ends(self):
        near = socket.create_connection(self.bus.address("near"), timeout=PATIENCE)
        return near, self.far.take()

    def files(self):
        return len(os.listdir(f"/proc/{self.bus.process.pid}/fd"))

    def test_each_byte_both_ways_and_the_ends_one_by_one(self):
        near, far = self.both_ends()
        data = random.Random(7).randbytes(8 * 1024 * 1024)
        digest = hashlib.sha256(data).hexdigest()
        sent = threading.Thread(target=lambda: (near.sendall(data), near.shutdown(socket.SHUT_WR)))
        sent.start()
        self.assertEqual(read_all(far), (len(data), digest))
        sent.join()
        # The other direction is open still.
        answered = threading.Thread(target=lambda: (far.sendall(data), far.close()))
        answered.start()
        self.assertEqual(read_all(near), (len(data), digest))
        answered.join()
        near.close()

    def test_the_service_may_speak_first(self):
        near, far = self.both_ends()
        far.sendall(b"login: ")
        self.assertEqual(near.recv(100), b"login: ")
        near.close()
        self.assertEqual(far.recv(100), b"")
        far.close()

    def test_a_break_is_passed_on_as_a_break(self):
        for side in (0, 1):
            ends = self.both_ends()
            ends[side].sendall(b"half a")
            self.assertEqual(ends[1 - side].recv(100), b"half a")
            reset(ends[side])
            with self.assertRaises(ConnectionResetError):
                ends[1 - side].recv(100)
            ends[1 - side].close()

    def test_a_reader_that_stops_holds_the_sender_back(self):
        near, far = self.both_ends()
        near.settimeout(0.3)
        sent = 0
        with self.assertRaises(TimeoutError):
            while sent < 256 * 1024 * 1024:
                sent += near.send(b"x" * 65536)
        near.settimeout(PATIENCE)
        near.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(far)[0], sent)
        near.close()
        far.close()

    def test_silence_ends_it(self):
        near, far = self.both_ends()
        began = time.monotonic()
        with self.assertRaises(ConnectionResetError):
            near.recv(1)
        self.assertTrue(0.9 < time.monotonic() - began < 5)
        near.close()
        far.close()

    def test_no_service_no_connection(self):
        with self.assertRaises(ConnectionResetError):
            with socket.create_connection(self.bus.address("dead"), timeout=PATIENCE) as near:
                near.recv(1)
        wait_until(lambda: "No connection to the service" in self.bus.log(), PATIENCE)
        self.assertIn("route=nowhere service=down", self.bus.log())

    def test_nothing_stays_behind(self):
        before = self.files()
        ends = [self.both_ends() for _ in range(200)]
        for number, (near, far) in enumerate(ends):
            (reset if number % 2 else socket.socket.close)(near if number % 3 else far)
            far.close() if number % 3 else near.close()
        wait_until(lambda: self.files() <= before, PATIENCE)


if __name__ == "__main__":
    unittest.main()
