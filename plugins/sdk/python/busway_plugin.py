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

Steps run in threads of their own, `threads` at a time. An exception that is not `Failed` fails the message (kind `internal`), and its traceback
goes to the bus's log; one that says that memory is short ends the process, and the bus starts it again.
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
    _cancelled: threading.Event = dataclasses.field(default_factory=threading.Event, repr=False, compare=False)

    @property
    def time_left(self) -> float:
        """Seconds until nobody waits for the answer any more."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits already. A step that works long looks now and then, and returns when it is so."""
        return self._cancelled.is_set()


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


def loads(text: Union[bytes, str]) -> Any:
    """JSON with 1250.10 as Decimal("1250.10")."""
    return json.loads(text, parse_float=decimal.Decimal)


def _mark(value: Any) -> str:
    if isinstance(value, decimal.Decimal) and value.is_finite():
        return f"{_MARK}:{value}"
    raise TypeError(f"a {type(value).__name__} has no place in a document")


def dumps(value: Any) -> bytes:
    """The other way; a Decimal is written as it stands."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_mark)
    return _MARKED.sub(lambda found: found[1], text).encode()


# ---- the plugin ----

_outgoing: Optional[Callable[[dict, Optional[bytes]], None]] = None


def log(text: str, level: str = "info") -> None:
    """A line in the bus's log: debug, info, warn or error. The bus writes ten a second. Any thread."""
    if _outgoing is None:
        print(f"{level}: {text}", file=sys.stderr)
    else:
        _outgoing({"type": "log", "level": level, "text": text[:2000]}, None)


class Plugin:
    """The steps of one process, and its conversation with the bus."""

    def __init__(self) -> None:
        self._steps: dict[str, Any] = {}
        self._handlers: dict[int, Handler] = {}
        self._settings: dict[int, Mapping[str, Any]] = {}
        self._refused: dict[int, str] = {}
        self._arriving: dict[int, tuple[dict, list[bytes]]] = {}
        self._cancelled: dict[int, threading.Event] = {}
        self._jobs: queue.SimpleQueue = queue.SimpleQueue()
        self._to_send: collections.deque[tuple[dict, Optional[bytes]]] = collections.deque()
        self._wake_read, self._wake_write = -1, -1

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
        for _ in range(threads):
            threading.Thread(target=self._work, daemon=True).start()
        socket = zmq.Context.instance().socket(zmq.DEALER)
        socket.linger = 500
        socket.reconnect_ivl = -1  # another launch is another process
        socket.connect(os.environ["BUSWAY_ENDPOINT"])
        socket.send(dumps({"type": "hello", "protocol": PROTOCOL, "cookie": os.environ["BUSWAY_COOKIE"], "sdk": "python"}))
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        poller.register(self._wake_read, zmq.POLLIN)
        silence, heard = 10.0, time.monotonic()
        while True:
            poller.poll(1000)
            try:
                os.read(self._wake_read, 4096)
            except BlockingIOError:
                pass
            while True:
                try:
                    frames = socket.recv_multipart(zmq.NOBLOCK)
                except zmq.Again:
                    break
                heard = time.monotonic()
                head = loads(frames[0])
                if head["type"] == "welcome":
                    silence = head["silence_ms"] / 1000
                    self._say({"type": "ready", "credit": threads})
                elif head["type"] == "bye":
                    os._exit(0)  # threads may still be at work
                else:
                    self._take(head, frames[1] if len(frames) > 1 else None)
            while self._to_send:
                head, payload = self._to_send.popleft()
                self._send(socket, head, payload)
            if time.monotonic() - heard > silence:
                sys.exit("the bus is gone")

    # What the bus says; one thread.
    def _take(self, head: dict, payload: Optional[bytes]) -> None:
        kind = head["type"]
        if kind == "request":
            self._arriving[head["id"]] = (head, [payload] if payload is not None else [])
            self._cancelled[head["id"]] = threading.Event()
            head["deadline"] = time.monotonic() + head["deadline_ms"] / 1000
            if not head["more"]:
                self._jobs.put(self._arriving.pop(head["id"]))
        elif kind == "chunk" and head["id"] in self._arriving:
            self._arriving[head["id"]][1].append(payload or b"")
            if not head["more"]:
                self._jobs.put(self._arriving.pop(head["id"]))
        elif kind == "cancel":
            if head["id"] in self._arriving:
                del self._arriving[head["id"]]
                self._answer(head["id"], {"type": "fail", "kind": "deadline", "text": "cancelled before it was whole"})
            elif head["id"] in self._cancelled:
                self._cancelled[head["id"]].set()
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
            self._handlers[use] = what(head["settings"]) if isinstance(what, type) else what
            self._settings[use] = head["settings"]
        except Refused as refusal:
            self._say({"type": "refuse", "use": use, "key": refusal.key, "text": refusal.text})
        except Exception as error:  # pylint: disable=broad-except
            self._say({"type": "refuse", "use": use, "text": f"{type(error).__name__}: {error}"})

    # A thread that works.
    def _work(self) -> None:
        while True:
            head, pieces = self._jobs.get()
            try:
                answer, payload = self._run(head, b"".join(pieces))
            except MemoryError:
                os._exit(70)  # whatever holds the memory would hold it for the next message, too
            self._answer(head["id"], answer, payload)

    def _run(self, head: dict, body: bytes) -> tuple[dict, Optional[bytes]]:
        try:
            if head["use"] not in self._handlers:
                raise Failed("internal", "the settings of this step were refused")
            document = loads(body) if head.get("body") == "document" else body or None
            message = Message(body=document, settings=self._settings[head["use"]],
                              headers=head.get("headers", {}), variables=head.get("variables", {}),
                              about={key: head[key] for key in ("message", "route", "method", "target", "operation", "content_type", "attempt") if key in head},
                              deadline=head["deadline"], _cancelled=self._cancelled[head["id"]])
            reply = self._handlers[head["use"]](message) or Reply()
            answer: dict = {"type": "reply", "flow": "filtered" if reply.filtered else "next"}
            if reply.variables:
                answer["variables"] = reply.variables
            if reply.headers:
                answer["headers"] = reply.headers
            if reply.body is not UNCHANGED:
                answer["body"] = "document"
            if len(dumps(answer)) > MOST_HEAD:
                raise Failed("internal", "answering: the variables and header fields are larger than 63KiB")
            return answer, None if reply.body is UNCHANGED else dumps(reply.body)
        except Failed as failure:
            return {"type": "fail", "kind": failure.kind, "text": failure.text, "code": failure.code}, None
        except MemoryError:
            raise
        except Exception as error:  # pylint: disable=broad-except
            log(traceback.format_exc().strip().replace("\n", " | "), "error")
            return {"type": "fail", "kind": "internal", "text": f"{type(error).__name__}: {error}"[:1000]}, None

    # Any thread.
    def _answer(self, message: int, answer: dict, payload: Optional[bytes] = None) -> None:
        self._cancelled.pop(message, None)
        self._say({**answer, "id": message}, payload)

    def _say(self, head: dict, payload: Optional[bytes] = None) -> None:
        self._to_send.append((head, payload))
        try:
            os.write(self._wake_write, b"x")
        except BlockingIOError:
            pass  # it is awake

    @staticmethod
    def _send(socket: Any, head: dict, payload: Optional[bytes]) -> None:
        if payload is None:
            socket.send(dumps(head))
            return
        pieces = [payload[at:at + MOST_PAYLOAD] for at in range(0, len(payload), MOST_PAYLOAD)] or [b""]
        socket.send_multipart([dumps({**head, "more": len(pieces) > 1}), pieces[0]])
        for index, piece in enumerate(pieces[1:], 2):
            socket.send_multipart([dumps({"type": "chunk", "id": head["id"], "more": index < len(pieces)}), piece])
