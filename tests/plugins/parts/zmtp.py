"""A plugin without a ZeroMQ library (ZMTP 3.0 by hand): it gets ready, and answers its first request with a message that has no end."""
import json
import os
import socket
import time


def frame(body, flags=0):
    return bytes([flags | 2]) + len(body).to_bytes(8, "big") + body


def say(head):
    bus.sendall(frame(json.dumps(head).encode()))


bus = socket.socket(socket.AF_UNIX)
bus.connect(os.environ["BUSWAY_ENDPOINT"].removeprefix("ipc://"))
bus.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
bus.sendall(b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER")
say({"type": "hello", "protocol": 1, "cookie": os.environ["BUSWAY_COOKIE"]})
seen = b""
while b'"welcome"' not in seen:
    seen += bus.recv(4096)
say({"type": "ready", "credit": 4})
while b'"request"' not in seen:
    seen += bus.recv(4096)
while True:
    bus.sendall(frame(b"x" * 200_000, 1))
    time.sleep(0.001)
