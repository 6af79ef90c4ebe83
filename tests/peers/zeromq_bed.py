"""Sockets of python3-zmq for the scripts that stand around the zmq adapter."""

import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import need  # noqa: E402

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
