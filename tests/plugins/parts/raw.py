"""A plugin that speaks the protocol by hand, and breaks it as the message says."""
import json
import os
import sys
import time

import zmq

MODE = os.environ.get("MODE", "")
context = zmq.Context()


def connect(cookie, protocol=1):
    made = context.socket(zmq.DEALER)
    made.reconnect_ivl = -1
    made.linger = 1000
    made.sndhwm = 50  # what waits here counts against its limit of memory
    made.connect(os.environ["BUSWAY_ENDPOINT"])
    say(made, {"type": "hello", "protocol": protocol, "cookie": cookie})
    return made


def say(to, head, *payload):
    to.send_multipart([json.dumps(head).encode(), *payload])


cookie = os.environ["BUSWAY_COOKIE"]
if MODE == "version":
    bus = connect(cookie, 7)
elif MODE == "cookie":
    bus = connect("0" * 32)
elif MODE == "dies":
    sys.exit("I would rather not")
elif MODE == "deaf":
    time.sleep(3600)
else:
    bus = connect(cookie)
while True:
    frames = bus.recv_multipart()
    head = json.loads(frames[0])
    kind = head["type"]
    if kind == "welcome" and MODE != "unready":
        say(bus, {"type": "ready", "credit": 4})
    elif kind == "ping":
        say(bus, {"type": "pong"})
    elif kind == "bye":
        break
    elif kind == "request":
        deed, good = json.loads(frames[1])["do"], ({"type": "reply", "id": head["id"], "body": "document"}, b'{"good":true}')
        if deed == "garbage":
            bus.send(os.urandom(500))
        elif deed == "frames":
            bus.send_multipart([b"{}"] * 5)
        elif deed == "oversize":
            bus.send(b"x" * (8 * 1024 * 1024))
        elif deed == "large head":
            say(bus, {"type": "log", "text": "x" * 100_000})
        elif deed == "silent":
            pass
        elif deed == "mute":
            time.sleep(3600)
        elif deed == "twice":
            say(bus, *good)
            say(bus, *good)
        elif deed == "unasked":
            say(bus, {"type": "reply", "id": 4711})
        elif deed == "endless":
            say(bus, {**good[0], "more": True}, b"[")
            for _ in range(1000):
                say(bus, {"type": "chunk", "id": head["id"], "more": True}, b" " * 200_000)
            say(bus, {"type": "chunk", "id": head["id"], "more": False}, b"]")
        elif deed == "flood":
            while True:
                say(bus, {"type": "pong"})
        elif deed == "stranger":
            strangers = [connect(cookie), connect("guess")]
            time.sleep(0.1)
            for other in strangers:
                assert b"bye" in other.recv()
                other.close()
            say(bus, *good)
        else:
            say(bus, *good)
