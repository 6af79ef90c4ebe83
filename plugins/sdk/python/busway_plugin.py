"""Steps for Busway in Python: what the bus starts as a process of its own and sends messages to.

    import busway_plugin as busway

    plugin = busway.Plugin()

    @plugin.step("greet")
    def greet(message: busway.Message) -> busway.Reply:
        if not isinstance(message.body, dict):
            raise busway.Failed("invalid", "greeting: the body is no object")
        return busway.Reply(body={**message.body, "greeting": "Hello, " + message.settings["name"]})

    if __name__ == "__main__":
        plugin.run()

What a step is called in route files, its keys and what of a message it is sent stand in the plugin.yaml beside the program. This file speaks
version 1 of the plugin protocol (docs/plugin-protocol.md). It needs Python 3.9 and pyzmq (Debian: python3-zmq).

Steps run in several threads, `threads` messages at a time. A step that is quick, a fraction of a millisecond, runs on the thread that reads
the socket, since handing a message over would cost more than the step; one that turns out to take longer runs in threads of its own, and where
a quick one suddenly takes long, another thread reads on. An exception that is not `Failed` fails the message (kind `internal`), and its
traceback goes to the bus's log; one that says that memory is short ends the process, and the bus starts it again.
"""
from __future__ import annotations

import collections
import dataclasses
import decimal
import json
import os
import queue
import re
import secrets
import sys
import threading
import time
import traceback
from typing import Any, Callable, Mapping, Optional, Union

__all__ = ["Plugin", "Message", "Reply", "Failed", "Refused", "UNCHANGED", "filtered", "log", "dumps", "loads"]

PROTOCOL = 1
MOST_PAYLOAD = 256 * 1024
MOST_HEAD = 63 * 1024  # and what is added to it

KINDS = ("invalid", "mapping", "format", "garbage", "not_sent", "unknown", "answered", "overload", "deadline", "internal")


class _Unchanged:
    def __repr__(self) -> str:
        return "UNCHANGED"


UNCHANGED = _Unchanged()
"""The body of a reply that leaves the message's body as it is."""


class Failed(Exception):
    """Fails the message. `kind` is one of KINDS (docs/errors.md says what each means); `text` says what was being done, for the log."""

    def __init__(self, kind: str, text: str, code: str = "") -> None:
        super().__init__(text)
        if kind not in KINDS:
            raise ValueError(f"'{kind}' is no kind of failure; there are {', '.join(KINDS)}")
        self.kind, self.text, self.code = kind, text, code


class Refused(Exception):
    """The settings of a use cannot be worked with: raised by a step's class when it is made. `key` is the key at fault."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key, self.text = key, text


class _Wanted:
    __slots__ = ("still",)

    def __init__(self) -> None:
        self.still = True


@dataclasses.dataclass
class Message:
    """What a step is given of a message. Make one yourself to test a step: `greet(Message(body={}, settings={"name": "Ada"}))`."""

    body: Any = None
    """The document, numbers with a point as decimal.Decimal; bytes where the step declares `body: bytes`; None when there is none."""
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The step's keys. Durations are milliseconds, sizes bytes."""
    headers: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Those header fields that the manifest asks for, their names in lower case."""
    variables: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Those variables that the manifest asks for."""
    about: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """message (its id), route, method, target, operation, content_type, attempt: as far as they are known."""
    deadline: float = float("inf")
    """When nobody waits any more, by time.monotonic()."""
    _wanted: "_Wanted" = dataclasses.field(default_factory=lambda: _Wanted(), repr=False, compare=False)  # pylint: disable=unnecessary-lambda

    @property
    def time_left(self) -> float:
        """Seconds until nobody waits for the answer any more."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits already. A step that works long looks now and then, and returns when it is so."""
        return not self._wanted.still


@dataclasses.dataclass
class Reply:
    """How a step leaves a message. Variables and header fields are set, or removed where they are None."""

    body: Any = UNCHANGED
    variables: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    headers: Mapping[str, Optional[str]] = dataclasses.field(default_factory=dict)
    filtered: bool = False


def filtered(variables: Optional[Mapping[str, Any]] = None) -> Reply:
    """The message ends here, and that is right: as the step `filter` does it."""
    return Reply(variables=variables or {}, filtered=True)


Handler = Callable[[Message], Union[Reply, None]]

# ---- JSON that keeps its decimals ----

_MARK = secrets.token_hex(8)  # no body can guess it
_MARKED = re.compile(f'"{_MARK}:([^"]*)"')


_decode = json.JSONDecoder(parse_float=decimal.Decimal).decode  # made once: json.loads makes one a call


def loads(text: Union[bytes, str]) -> Any:
    """JSON with 1250.10 as Decimal("1250.10")."""
    return _decode(text if isinstance(text, str) else text.decode())


def _mark(value: Any) -> str:
    if isinstance(value, decimal.Decimal) and value.is_finite():
        return f"{_MARK}:{value}"
    raise TypeError(f"a {type(value).__name__} has no place in a document")


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_mark).encode


def dumps(value: Any) -> bytes:
    """The other way; a Decimal is written as it stands."""
    text = _encode(value)
    return (_MARKED.sub(lambda found: found[1], text) if _MARK in text else text).encode()


# ---- the plugin ----

_outgoing: Optional[Callable[[dict], None]] = None
_ABOUT = frozenset(("message", "route", "method", "target", "operation", "content_type", "attempt"))

# A step whose calls take less than this, in seconds, runs on the thread that reads the socket, until they take longer than _SLOW.
_QUICK, _SLOW = 0.0003, 0.001
_RELIEVED_AFTER = 0.05
_MANY = 64


def log(text: str, level: str = "info") -> None:
    """A line in the bus's log: debug, info, warn or error. The bus writes ten a second. Any thread."""
    if _outgoing is None:
        print(f"{level}: {text}", file=sys.stderr)
    else:
        _outgoing({"type": "log", "level": level, "text": text[:2000]})


class _Use:
    """One use of a step in a route file."""

    __slots__ = ("handler", "settings", "seconds", "slow")

    def __init__(self, handler: Handler, settings: Mapping[str, Any]) -> None:
        self.handler, self.settings = handler, settings
        self.seconds, self.slow = 0.0, False  # what a call takes, of late

    def took(self, seconds: float) -> None:
        self.seconds += (seconds - self.seconds) * 0.1
        self.slow = self.seconds > (_QUICK if self.slow else _SLOW)


class Plugin:
    """The steps of one process, and its conversation with the bus."""

    def __init__(self) -> None:
        self._steps: dict[str, Any] = {}
        self._uses: dict[int, _Use] = {}
        self._arriving: dict[int, tuple[dict, list[bytes]]] = {}
        self._wanted: dict[int, _Wanted] = {}
        self._jobs: queue.SimpleQueue = queue.SimpleQueue()
        self._to_send: collections.deque[tuple[dict, Optional[bytes], bool]] = collections.deque()
        self._given_away = 0  # messages that are worked on by a thread that does not read the socket
        self._socket: Any = None
        self._threads = 0
        self._quick = 0  # messages in a row that were worked on where they were read
        self._wake_read, self._wake_write = -1, -1
        # Who reads the socket, and since when he has been at work on a message himself.
        self._lead_lock = threading.Lock()
        self._leader: object = None
        self._leader_since: Optional[float] = None

    def step(self, name: str) -> Callable[[Any], Any]:
        """Declares what does the step: a function of a Message, or a class that is made with the settings of each use and then called."""

        def declare(what: Any) -> Any:
            self._steps[name] = what
            return what

        return declare

    def run(self, threads: int = 4) -> None:
        """Serves the bus until it says that it is over. `threads` messages are worked on at a time."""
        if "BUSWAY_ENDPOINT" not in os.environ:
            sys.exit("This program is a plugin: busway starts it, as the plugin.yaml beside it says. Its steps can be called from a test as they are.")
        import zmq  # here, so that tests of steps need nothing but Python

        global _outgoing
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        _outgoing = self._say
        self._threads = threads
        for _ in range(threads):
            threading.Thread(target=self._work, daemon=True).start()
        socket = self._socket = zmq.Context.instance().socket(zmq.DEALER)
        socket.linger = 500
        socket.reconnect_ivl = -1  # another launch is another process
        socket.rcvtimeo = 1000
        socket.connect(os.environ["BUSWAY_ENDPOINT"])
        socket.send(dumps({"type": "hello", "protocol": PROTOCOL, "cookie": os.environ["BUSWAY_COOKIE"], "sdk": "python"}))
        threading.Thread(target=self._watch, daemon=True).start()
        self._lead()
        threading.Event().wait()  # another thread leads, and ends the process

    # ---- the thread that reads the socket ----

    def _lead(self) -> None:
        """Until it is relieved by _watch(), or the process is over."""
        import zmq

        me = self._leader = object()
        socket = self._socket
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        poller.register(self._wake_read, zmq.POLLIN)
        silence, heard = 10.0, time.monotonic()
        while True:
            # While nobody else is at work there is nothing to wait for but the bus.
            waits = self._given_away == 0
            if not waits:
                poller.poll(1000)
                try:
                    os.read(self._wake_read, 4096)
                except BlockingIOError:
                    pass
            try:
                while True:
                    frames = socket.recv_multipart(0 if waits else zmq.NOBLOCK)
                    heard = time.monotonic()
                    head = _decode(frames[0].decode())
                    kind = head["type"]
                    if kind == "request" or kind == "chunk":
                        if not self._take(me, head, frames[1] if len(frames) > 1 else None, heard):
                            return  # relieved
                    elif kind == "welcome":
                        silence = head["silence_ms"] / 1000
                        self._say({"type": "ready", "credit": self._threads})
                    elif kind == "bye":
                        os._exit(0)  # threads may still be at work
                    else:
                        self._hear(kind, head)
                    if waits:
                        break
            except zmq.Again:
                pass
            self._send_waiting()
            if time.monotonic() - heard > silence:
                print("the bus is gone", file=sys.stderr, flush=True)
                os._exit(1)

    def _send_waiting(self) -> None:
        while self._to_send:
            head, payload, answers = self._to_send.popleft()
            self._given_away -= answers
            self._send(head, payload)

    def _watch(self) -> None:
        """Reads on where the reading thread is kept by a message."""
        while True:
            time.sleep(_RELIEVED_AFTER)
            with self._lead_lock:
                since = self._leader_since
                if since is None or time.monotonic() - since < _RELIEVED_AFTER:
                    continue
                self._leader = self._leader_since = None
                self._given_away += 1  # what he has at work
            threading.Thread(target=self._watch, daemon=True).start()
            return self._lead()

    def _take(self, me: object, head: dict, payload: Optional[bytes], now: float) -> bool:
        """A request or a piece of one. False when another thread has taken over meanwhile."""
        message = head["id"]
        if head["type"] == "request":
            self._wanted[message] = _Wanted()
            head["deadline"] = now + head["deadline_ms"] / 1000
            if head["more"]:
                self._arriving[message] = (head, [payload or b""])
                return True
            body = payload or b""
        elif message not in self._arriving:
            return True
        else:
            self._arriving[message][1].append(payload or b"")
            if head["more"]:
                return True
            head, pieces = self._arriving.pop(message)
            body = b"".join(pieces)
        use = self._uses.get(head["use"])
        if use is None or use.slow:
            if self._quick >= _MANY:
                self._say({"type": "credit", "credit": self._threads})
            self._quick = 0
            self._given_away += 1
            self._jobs.put((head, body))
            return True
        self._leader_since = now
        answer, piece = self._run(head, body)
        with self._lead_lock:
            relieved = self._leader is not me
            if not relieved:
                self._leader_since = None
        self._wanted.pop(message, None)
        answer["id"] = message
        if relieved:
            self._say(answer, piece, True)
            if self._quick >= _MANY:
                self._say({"type": "credit", "credit": self._threads})
            self._quick = 0
            return False
        if self._to_send:
            self._send_waiting()  # what it has logged comes first
        self._send(answer, piece)
        self._quick += 1
        if self._quick == _MANY:
            # What waits here spares a wake-up, and waits no longer than it would on the other side.
            self._say({"type": "credit", "credit": 4 * self._threads})
        return True

    def _hear(self, kind: str, head: dict) -> None:
        if kind == "cancel":
            if head["id"] in self._arriving:
                del self._arriving[head["id"]]
                self._wanted.pop(head["id"], None)
                self._say({"type": "fail", "id": head["id"], "kind": "deadline", "text": "cancelled before it was whole"})
            elif head["id"] in self._wanted:
                self._wanted[head["id"]].still = False
        elif kind == "use":
            self._make(head)
        elif kind == "ping":
            self._say({"type": "pong"})

    def _make(self, head: dict) -> None:
        use, name = head["use"], head["step"]
        try:
            if name not in self._steps:
                raise Refused("", f"the program has no step '{name}'")
            what = self._steps[name]
            self._uses[use] = _Use(what(head["settings"]) if isinstance(what, type) else what, head["settings"])
        except Refused as refusal:
            self._say({"type": "refuse", "use": use, "key": refusal.key, "text": refusal.text})
        except Exception as error:  # pylint: disable=broad-except
            self._say({"type": "refuse", "use": use, "text": f"{type(error).__name__}: {error}"})

    def _send(self, head: dict, payload: Optional[bytes]) -> None:
        socket = self._socket
        if payload is None:
            socket.send(dumps(head))
        elif len(payload) <= MOST_PAYLOAD:
            socket.send_multipart((dumps(head), payload))
        else:
            socket.send_multipart((dumps({**head, "more": True}), payload[:MOST_PAYLOAD]))
            for at in range(MOST_PAYLOAD, len(payload), MOST_PAYLOAD):
                more = at + MOST_PAYLOAD < len(payload)
                socket.send_multipart((dumps({"type": "chunk", "id": head["id"], "more": more}), payload[at:at + MOST_PAYLOAD]))

    # ---- any thread ----

    def _work(self) -> None:
        while True:
            head, body = self._jobs.get()
            answer, payload = self._run(head, body)
            self._wanted.pop(head["id"], None)
            answer["id"] = head["id"]
            self._say(answer, payload, True)

    def _run(self, head: dict, body: bytes) -> tuple[dict, Optional[bytes]]:
        try:
            use = self._uses.get(head["use"])
            if use is None:
                raise Failed("internal", "the settings of this step were refused")
            document = _decode(body.decode()) if head.get("body") == "document" else body or None
            message = Message(document, use.settings, head.get("headers") or {}, head.get("variables") or {},
                              {key: value for key, value in head.items() if key in _ABOUT}, head["deadline"], self._wanted[head["id"]])
            began = time.monotonic()
            try:
                reply = use.handler(message)
            finally:
                use.took(time.monotonic() - began)
            answer: dict = {"type": "reply"}
            if reply is None:
                return answer, None
            if reply.filtered:
                answer["flow"] = "filtered"
            if reply.variables or reply.headers:
                if reply.variables:
                    answer["variables"] = reply.variables
                if reply.headers:
                    answer["headers"] = reply.headers
                if len(dumps(answer)) > MOST_HEAD:
                    raise Failed("internal", "answering: the variables and header fields are larger than 63KiB")
            if reply.body is UNCHANGED:
                return answer, None
            answer["body"] = "document"
            return answer, dumps(reply.body)
        except Failed as failure:
            return {"type": "fail", "kind": failure.kind, "text": failure.text, "code": failure.code}, None
        except MemoryError:
            os._exit(70)  # whatever holds the memory would hold it for the next message, too
        except Exception as error:  # pylint: disable=broad-except
            log(traceback.format_exc().strip().replace("\n", " | "), "error")
            return {"type": "fail", "kind": "internal", "text": f"{type(error).__name__}: {error}"[:1000]}, None

    def _say(self, head: dict, payload: Optional[bytes] = None, answers: bool = False) -> None:
        self._to_send.append((head, payload, answers))
        try:
            os.write(self._wake_write, b"x")
        except BlockingIOError:
            pass  # it is awake
