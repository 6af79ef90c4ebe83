"""An adapter that speaks the protocol by hand, and breaks it as the body of a call says."""
import json
import os
import signal

import zmq

bus = zmq.Context().socket(zmq.DEALER)
bus.reconnect_ivl = -1
bus.linger = 1000
bus.connect(os.environ["BUSWAY_ENDPOINT"])


def say(head, *payload):
    bus.send_multipart([json.dumps(head).encode(), *payload])


def arrival(number, body=b'"x"', **more):
    say({"type": "arrival", "use": listener, "arrival": number, **more}, body)


say({"type": "hello", "protocol": 1, "cookie": os.environ["BUSWAY_COOKIE"]})
listener, number, waiting = 0, 0, {}
while True:
    frames = bus.recv_multipart()
    head = json.loads(frames[0])
    kind = head["type"]
    if kind == "welcome":
        say({"type": "ready", "credit": 64})
    elif kind == "use" and head["part"] == "listener":
        listener = head["use"]
        say({"type": "listening", "use": listener})
    elif kind == "ping":
        say({"type": "pong"})
    elif kind == "bye":
        break
    elif kind == "outcome":
        request = waiting.pop(head["arrival"], None)
        if request is not None:
            told = {key: head[key] for key in ("outcome", "kind", "status") if key in head}
            say({"type": "reply", "id": request, "body": "document"}, json.dumps(told).encode())
    elif kind == "cancel":
        say({"type": "fail", "id": head["id"], "kind": "deadline", "text": "cancelled"})
    elif kind == "request":
        deed = json.loads(frames[1])["do"]
        number += 1
        if deed == "bring":
            waiting[number] = head["id"]
            arrival(number)
        elif deed == "oversize":
            waiting[number] = head["id"]
            arrival(number, b"x" * 60_000, more=True)
            for _ in range(100):
                say({"type": "chunk", "arrival": number, "more": True}, b"x" * 200_000)
            say({"type": "chunk", "arrival": number, "more": False}, b"x")
        elif deed == "bad header":
            waiting[number] = head["id"]
            arrival(number, headers={"No Name": "x"})
        elif deed == "not json":
            waiting[number] = head["id"]
            arrival(number, b"]")
        elif deed == "garbage":
            arrival(number, headers={"x": 1})
        elif deed == "beyond":
            for more in range(100):
                arrival(1000 + more)
        elif deed == "twice":  # the first is still under way
            arrival(number, b'"slow"')
            arrival(number, b'"slow"')
        elif deed == "chunk":
            say({"type": "chunk", "arrival": 4711, "more": False}, b"x")
        elif deed == "stranger":
            arrival(number, use=99)
        elif deed == "half":  # never whole
            arrival(number, more=True)
            say({"type": "reply", "id": head["id"], "body": "document"}, b'{"half":true}')
        elif deed == "killed":
            for more in range(8):
                arrival(1000 + more, b'"slow"')
            os.kill(os.getpid(), signal.SIGKILL)
        elif deed == "silent":
            waiting.clear()
            while bus.recv_multipart():
                say({"type": "pong"})
        elif deed == "slow":
            pass  # until it is cancelled
