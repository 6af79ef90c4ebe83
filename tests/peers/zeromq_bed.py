"""Sockets of python3-zmq for the scripts that stand around the zmq adapter."""

import pathlib
import socket
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import LiveBus, need  # noqa: E402

need(modules=["zmq"])
import zmq  # noqa: E402

PATIENCE_MS = 10_000
context = zmq.Context.instance()


def make(kind, **options):
    made = context.socket(kind)
    made.linger = 0
    made.rcvtimeo = made.sndtimeo = PATIENCE_MS
    for name, value in options.items():
        setattr(made, name, value)
    return made


def connected(kind, address, **options):
    made = make(kind, **options)
    made.connect(address)
    return made


def bound(kind, address, **options):
    made = make(kind, **options)
    made.bind(address)
    return made


def post(bus, path, body=b"{}"):
    """The status of a POST to the bus's listener `web`."""
    request = urllib.request.Request(bus.url("web", path), data=body, method="POST",
                                     headers={"Content-Type": "application/json", "Connection": "close"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


class Bed(unittest.TestCase):
    """A bus for all tests of a class, beside a folder for ipc sockets. `bundle(folder)` is the class's own."""

    environment: dict = {}

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="bz-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.bus = LiveBus(cls.bundle(cls.folder), environment=cls.environment, arguments=["--workers", "2"])
        cls.addClassCleanup(cls.bus.__exit__, None, None, None)

    @classmethod
    def bundle(cls, folder):
        raise NotImplementedError

    def at(self, listener):
        return "%s:%s" % self.bus.address(listener)

    def ipc(self, name):
        return f"ipc://{self.folder}/{name}.sock"


class ByHand:
    """One end of a connection of ZMTP 3.1 without security, frame by frame: it says what a library would not."""

    MORE, COMMAND = 1, 4
    SUBSCRIBES = b"\x09SUBSCRIBEtopic"  # the one sort of command that libzmq hands over as if it were a frame

    def __init__(self, connection, kind):
        self.connection = connection
        connection.settimeout(PATIENCE_MS / 1000)
        self.heard = connection.makefile("rb")
        connection.sendall((b"\xff" + b"\0" * 8 + b"\x7f\x03\x01NULL").ljust(64, b"\0"))
        self.heard.read(64)
        self.say(self.COMMAND, b"\x05READY\x0bSocket-Type" + len(kind).to_bytes(4, "big") + kind)
        self.hear()

    @classmethod
    def to(cls, address, kind):
        host, port = address.removeprefix("tcp://").rsplit(":", 1)
        return cls(socket.create_connection((host, int(port)), 10), kind)

    def say(self, flags, frame):
        self.connection.sendall(bytes([flags, len(frame)]) + frame)

    def hear(self):
        flags, size = self.heard.read(2)
        return flags, self.heard.read(size)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.heard.close()
        self.connection.close()


class Service:
    """A socket of ours that the bus calls, answered by a function of frames to frames, to a tuple of several such, or to None."""

    def __init__(self, kind, address, answer, **options):
        self.socket = bound(kind, address, rcvtimeo=50, **options)
        self.answer = answer
        self.calls = 0
        self.ending = False
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while not self.ending:
            try:
                frames = self.socket.recv_multipart()
            except zmq.Again:
                continue
            self.calls += 1
            answer = self.answer(frames)
            for message in answer if isinstance(answer, tuple) else (answer,):
                if message is not None:
                    self.socket.send_multipart(message)
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ending = True
        self.thread.join()
