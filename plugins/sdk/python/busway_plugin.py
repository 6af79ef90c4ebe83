"""Steps and adapters for Busway in Python: what the bus starts as a process of its own and exchanges messages with.

    import busway_plugin as busway

    plugin = busway.Plugin()

    @plugin.step("greet")
    def greet(message: busway.Message) -> busway.Reply:
        if not isinstance(message.body, dict):
            raise busway.Failed("invalid", "greeting: the body is no object")
        return busway.Reply(body={**message.body, "greeting": "Hello, " + message.settings["name"]})

    if __name__ == "__main__":
        plugin.run()

An adapter has a target, which is called as a service is, a source, which brings messages in, or both:

    @plugin.target("desk")
    def call(request: busway.Message) -> busway.Answer:
        return busway.Answer(body=ask_the_desk(request.about["endpoint"], request.body))

    @plugin.source("desk")
    class Desk:
        def __init__(self, settings):
            self.path = settings["path"]

        def run(self, inlet: busway.Inlet):  # in a thread of its own
            inlet.listening(self.path)
            while not inlet.wait(1.0):
                outcome = inlet.emit(b"a message")  # returns when its route has ended

What a component is called in route files, its keys and what of a message it is sent stand in the plugin.yaml beside the program. This file speaks
version 1 of the plugin protocol (docs/plugin-protocol.md). It needs Python 3.9 and pyzmq (Debian: python3-zmq).

Steps and calls that are quick, a fraction of a millisecond, run on the thread that reads the socket, since handing a message over would cost more than the work. What turns
out to take longer runs in threads, `threads` messages at a time, and where a quick one suddenly takes long another thread reads on. So no step may count on its thread. Each
source has a thread of its own. An exception that is not `Failed` fails the message (kind `internal`), and its traceback goes to the bus's log; one that says that memory is
short ends the process, and the bus starts it again. A step or a target that returns what it must not fails the message the same way.
"""
from __future__ import annotations

import collections
import collections.abc
import concurrent.futures
import dataclasses
import decimal
import io
import itertools
import json
import os
import queue
import re
import secrets
import select
import sys
import threading
import time
import traceback
from typing import Any, Callable, Mapping, Optional, Union

__all__ = ["Plugin", "Message", "Reply", "Answer", "Inlet", "TrialInlet", "Outcome", "Route", "Failed", "Refused", "Stopped", "UNCHANGED", "filtered", "log",
           "dumps", "loads"]

PROTOCOL = 1
MOST_PAYLOAD = 256 * 1024
MOST_HEAD = 63 * 1024  # and what is added to it
MOST_TEXT = 2000  # bytes of a line of the bus's log

KINDS = ("invalid", "mapping", "format", "garbage", "not_sent", "unknown", "answered", "overload", "deadline", "internal")


# What is printed is a line of the bus's log when it ends, and not when a pipe's buffer is full.
if "BUSWAY_ENDPOINT" in os.environ and isinstance(sys.stdout, io.TextIOWrapper):
    sys.stdout.reconfigure(line_buffering=True)


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
    """The settings of a use cannot be worked with: raised by a class when it is made, or by a source that cannot listen. `key` is the key at fault."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key, self.text = key, text


class Stopped(Exception):
    """The bus takes no more messages: what was not taken stays where it is. A source's `run` need not catch it."""


@dataclasses.dataclass
class Message:
    """What a step or a target is given of a message. Make one yourself to test a step: `greet(Message(body={}, settings={"name": "Ada"}))`."""

    body: Any = None
    """The document, numbers with a point as decimal.Decimal; bytes where the step declares `body: bytes`, and for targets; None when there is none."""
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The step's keys. Durations are milliseconds, sizes bytes."""
    headers: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Header fields, their names in lower case: those that the manifest asks for; for a target that has `headers: true` all that travel."""
    variables: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Those variables that the manifest asks for."""
    about: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """message (its id), route, method, target, operation, content_type, attempt, and endpoint of a service: as far as they are known."""
    deadline: float = float("inf")
    """When nobody waits any more, by time.monotonic()."""
    cancelled: bool = dataclasses.field(default=False, compare=False)
    """Whether nobody waits already. A step that works long looks now and then, and returns when it is so."""

    @property
    def time_left(self) -> float:
        """Seconds until nobody waits for the answer any more."""
        return max(0.0, self.deadline - time.monotonic())


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


@dataclasses.dataclass
class Answer:
    """What a service has answered. A body that is neither bytes nor a text goes as JSON. A `status` of 400 and more says no, as HTTP's does."""

    body: Any = b""
    content_type: str = ""
    status: int = 0
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Outcome:
    """How a message that a source has brought has ended: its acknowledgement. What is not `good` is the source's to keep, refuse or bring again."""

    outcome: str = "made"
    """made (the body is the reply), filtered (there is none, and that is right) or failed."""
    body: bytes = b""
    """The reply; of a failure what the route's `error:` makes of it."""
    kind: str = ""
    """Of a failure: docs/errors.md. `not_sent` came too late: the bus is stopping."""
    status: int = 0
    reason: str = ""
    content_type: str = ""
    headers: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def good(self) -> bool:
        return self.outcome != "failed"


@dataclasses.dataclass
class Route:
    """A `from:` of a listener whose adapter picks routes."""

    name: str
    settings: Mapping[str, Any]
    use: int = 0


class Inlet:
    """Where a source's messages go. Any thread."""

    def __init__(self, use: int = 0, name: str = "", max_body: int = 0, routes: tuple[Route, ...] = ()) -> None:
        self.use, self.name, self.max_body, self.routes = use, name, max_body, routes
        self.stopped = threading.Event()
        self._changed = threading.Condition()
        self._credit, self._in_flight = 0, 0

    def listening(self, address: str = "") -> None:
        """It listens: messages may be brought as soon as the bus has room. `address` is for people."""
        _say({"type": "listening", "use": self.use, "address": address})

    def wait(self, seconds: float) -> bool:
        """Sleeps; whether it is time to stop."""
        return self.stopped.wait(seconds)

    def begin(self, body: Union[bytes, str] = b"", *, content_type: str = "", headers: Optional[Mapping[str, str]] = None, peer: str = "", method: str = "",
              target: str = "", operation: str = "", route: Optional[Route] = None, deadline_ms: int = 0, reply: bool = True) -> concurrent.futures.Future[Outcome]:
        """Brings a message, as soon as there is room for it. The future has its Outcome. Raises Stopped when the bus takes no more."""
        if not isinstance(body, (str, bytes, bytearray, memoryview)):
            raise TypeError(f"a source brings bytes or a text, and this is {_a(body)}; busway.dumps() makes JSON of it")
        with self._changed:
            while self._in_flight >= self._credit and not self.stopped.is_set():
                self._changed.wait()
            if self.stopped.is_set():
                raise Stopped
            self._in_flight += 1
        head: dict = {"type": "arrival", "use": self.use}
        texts = {"content_type": content_type, "peer": peer, "method": method, "target": target, "operation": operation}
        head.update({key: text for key, text in texts.items() if text})
        if headers:
            head["headers"] = dict(headers)
        if route is not None:
            head["route"] = route.use
        if deadline_ms:
            head["deadline_ms"] = deadline_ms
        if not reply:
            head["reply"] = False
        return self._bring(head, body.encode() if isinstance(body, str) else bytes(body))

    def emit(self, body: Union[bytes, str] = b"", **about: Any) -> Outcome:
        """The same, and waits for how it ends."""
        return self.begin(body, **about).result()

    def _bring(self, head: dict, body: bytes) -> concurrent.futures.Future[Outcome]:
        assert _plugin is not None, "a source that is not served can be tried with a TrialInlet"
        return _plugin._bring(self, head, body)

    def _ended(self) -> None:
        with self._changed:
            self._in_flight -= 1
            self._changed.notify()

    def _grant(self, credit: int) -> None:
        with self._changed:
            self._credit = credit
            self._changed.notify_all()

    def _stop(self) -> None:
        with self._changed:
            self.stopped.set()
            self._changed.notify_all()

    def _wait_for_outcomes(self) -> None:
        """Of what is under way, when nothing new comes."""
        with self._changed:
            self._changed.wait_for(lambda: self._in_flight == 0)


class TrialInlet(Inlet):
    """For tests: keeps what a source brings in `brought`, heads and bodies, and ends each message with what `answer` gives for its body."""

    def __init__(self, answer: Callable[[bytes], Outcome] = lambda body: Outcome(), routes: tuple[Route, ...] = ()) -> None:
        super().__init__(max_body=1024 * 1024, routes=routes)
        self._credit, self._answer = 1024, answer
        self.brought: list[tuple[dict, bytes]] = []
        self.address: Optional[str] = None

    def listening(self, address: str = "") -> None:
        self.address = address

    def _bring(self, head: dict, body: bytes) -> concurrent.futures.Future[Outcome]:
        self.brought.append((head, body))
        ended: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
        ended.set_result(self._answer(body))
        self._ended()
        return ended


Handler = Callable[[Message], Any]

# ---- JSON that keeps its decimals ----

_MARK = secrets.token_hex(8)  # no body can guess it
_MARKED = re.compile(f'"{_MARK}:([^"]*)"')


def _mark(value: Any) -> str:
    if isinstance(value, decimal.Decimal) and value.is_finite():
        return f"{_MARK}:{value}"
    raise TypeError(f"a {type(value).__name__} has no place in a document")


# Made once: json.loads() and json.dumps() would make one a call.
_decode = json.JSONDecoder(parse_float=decimal.Decimal).decode
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_mark).encode


def loads(text: Union[bytes, str]) -> Any:
    """JSON with 1250.10 as Decimal("1250.10")."""
    return _decode(text if isinstance(text, str) else text.decode())


def dumps(value: Any) -> bytes:
    """The other way; a Decimal is written as it stands."""
    text = _encode(value)
    return (_MARKED.sub(lambda found: found[1], text) if _MARK in text else text).encode()


# ---- what is said to the bus ----

_plugin: Optional["Plugin"] = None  # that runs


def log(text: str, level: str = "info") -> None:
    """A line in the bus's log: debug, info, warn or error. The bus writes ten a second, of 2,000 bytes at most: of a longer traceback its end. Any thread."""
    if _plugin is None:
        print(f"{level}: {text}", file=sys.stderr)
    else:
        _plugin._say({"type": "log", "level": level, "text": _end_of(text) if "Traceback (most recent call last):\n" in text else _plain(text)})


def _say(head: dict) -> None:
    if _plugin is not None:
        _plugin._say(head)


def _plain(text: str, most: int = MOST_TEXT) -> str:
    return text.encode(errors="replace")[:most].decode(errors="ignore")


def _end_of(trace: str) -> str:
    """A traceback in one line. Of a long one the last calls, which are the plugin's own, and what was raised."""
    lines = trace.strip().splitlines()
    last_call = max((at for at, line in enumerate(lines) if line.startswith('  File "')), default=-1)
    raised = next((at for at in range(last_call + 1, len(lines)) if not lines[at].startswith("  ")), len(lines))
    kept = [_plain(" | ".join(lines[raised:]), MOST_TEXT // 2)]
    calls, room = lines[:raised], MOST_TEXT - len(kept[0].encode()) - 60
    if len(_plain(" | ".join(calls), 2 * MOST_TEXT).encode()) <= room:
        return _plain(" | ".join(calls + kept))
    while calls and (room := room - len(calls[-1].encode(errors="replace")) - 3) >= 0:
        kept.insert(0, calls.pop())
    return _plain(" | ".join([f"Traceback: {len(calls)} lines are left out", *kept]))


def _a(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _frames(head: dict, payload: Optional[bytes] = None) -> list[tuple[bytes, Optional[bytes]]]:
    """The messages that bear this."""
    if payload is None or len(payload) <= MOST_PAYLOAD:
        first = dumps(head)
        if len(first) > MOST_HEAD:
            raise Failed("internal", "answering: the variables and header fields are larger than 63KiB")
        return [(first, payload)]
    made = _frames({**head, "more": True}, payload[:MOST_PAYLOAD])
    number = "arrival" if "arrival" in head else "id"
    for at in range(MOST_PAYLOAD, len(payload), MOST_PAYLOAD):
        end = at + MOST_PAYLOAD
        made.append((dumps({"type": "chunk", number: head[number], "more": end < len(payload)}), payload[at:end]))
    return made


def _document(of: str, body: Any) -> bytes:
    try:
        return dumps(body)
    except (TypeError, ValueError) as error:
        raise Failed("internal", f"{of} has returned a body that is no JSON: {error}") from None


def _fields(of: str, what: str, given: Any) -> dict:
    if not isinstance(given, collections.abc.Mapping):
        raise Failed("internal", f"{of} has returned {what} that are {_a(given)}; they are a dict")
    return dict(given)


def _reply_of_step(step: str, reply: Any) -> tuple[dict, Optional[bytes]]:
    head: dict = {"type": "reply"}
    if reply is None:
        return head, None
    if not isinstance(reply, Reply):
        raise Failed("internal", f"{step} has returned {_a(reply)}; a step returns busway.Reply(body=...), busway.filtered() or None")
    if reply.filtered:
        head["flow"] = "filtered"
    if reply.variables:
        head["variables"] = _fields(step, "variables", reply.variables)
    if reply.headers:
        head["headers"] = _fields(step, "header fields", reply.headers)
    if reply.body is UNCHANGED:
        return head, None
    head["body"] = "document"
    return head, _document(step, reply.body)


def _reply_of_service(target: str, given: Any) -> tuple[dict, bytes]:
    if isinstance(given, (Reply, _Unchanged)) or callable(given) or hasattr(given, "__await__"):
        raise Failed("internal", f"{target} has returned {_a(given)}; a target returns busway.Answer(...), bytes, a text, what goes as JSON, or None")
    answer = given if isinstance(given, Answer) else Answer(body=b"" if given is None else given)
    body, content_type = answer.body, answer.content_type
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, (bytes, bytearray, memoryview)):
        body, content_type = _document(target, body), content_type or "application/json"
    head: dict = {"type": "reply", "body": "bytes"}
    if content_type:
        head["content_type"] = content_type
    if answer.status:
        if not isinstance(answer.status, int):
            raise Failed("internal", f"{target} has returned a status that is {_a(answer.status)}; it is an int")
        head["status"] = answer.status
    if answer.headers:
        head["headers"] = _fields(target, "header fields", answer.headers)
    return head, bytes(body)


# ---- the plugin ----

# What takes less than this, in seconds, of late, is worked on by the thread that reads the socket, until it takes more than _SLOW.
_QUICK, _SLOW = 0.0003, 0.001
_RELIEVED_AFTER = 0.05  # that thread, by another one, when it is kept so long
_LISTENS_WITHIN = 5.0  # a source, or it is reminded
_MANY = 64  # so many quick ones in a row, and more than `threads` are let in at a time
_ABOUT = frozenset(("message", "route", "method", "target", "operation", "content_type", "attempt", "endpoint"))


class _Use:
    """A step or a service of a route file: what it is called in texts, what does it, and how long that takes."""

    __slots__ = ("name", "handler", "settings", "reply", "seconds", "slow")

    def __init__(self, name: str, handler: Handler, settings: Mapping[str, Any], reply: Callable[[str, Any], tuple[dict, Optional[bytes]]]) -> None:
        self.name, self.handler, self.settings, self.reply = name, handler, settings, reply
        self.seconds, self.slow = 0.0, False

    def took(self, seconds: float) -> None:
        self.seconds += (seconds - self.seconds) * 0.1
        self.slow = self.seconds > (_QUICK if self.slow else _SLOW)


def _work_on(use: Optional[_Use], message: Message, is_document: bool, body: bytes) -> tuple[dict, Optional[bytes]]:
    if use is None:
        raise Failed("internal", "these settings were refused")
    began = time.monotonic()
    try:
        message.body = _decode(body.decode()) if is_document else body or None
        return use.reply(use.name, use.handler(message))
    finally:
        use.took(time.monotonic() - began)


def _answer(use: Optional[_Use], head: dict, message: Message, body: bytes) -> list[tuple[bytes, Optional[bytes]]]:
    """Works on a message: what the bus is told of it. Any thread."""
    try:
        try:
            answer, payload = _work_on(use, message, head.get("body") == "document", body)
            answer["id"] = head["id"]
            return _frames(answer, payload)
        except Failed as failure:
            kind, text, code = failure.kind, failure.text, failure.code
    except MemoryError:
        os._exit(70)  # whatever holds the memory would hold it for the next message, too
    except Exception as error:  # pylint: disable=broad-except
        log(traceback.format_exc(), "error")
        kind, text, code = "internal", f"{type(error).__name__}: {error}", ""
    return _frames({"type": "fail", "id": head["id"], "kind": kind, "text": _plain(text), "code": _plain(code)})


def _is_remote() -> bool:
    """Whether the bus is elsewhere: it has not started this process, and does not end it."""
    return not os.environ["BUSWAY_ENDPOINT"].startswith("ipc:")


def _connect(socket: Any) -> None:
    socket.linger = 500
    socket.ipv6 = True  # besides IPv4
    socket.reconnect_ivl = 200 if _is_remote() else -1  # of a local one another launch is another process
    keys = {"BUSWAY_SERVER_KEY": "curve_serverkey", "BUSWAY_PUBLIC_KEY": "curve_publickey", "BUSWAY_SECRET_KEY": "curve_secretkey"}
    if any(name in os.environ for name in keys):
        for name, option in keys.items():
            if name not in os.environ:
                sys.exit(f"busway_plugin: {name} is not set: with CURVE there are {', '.join(keys)}")
            if not re.fullmatch(r"[0-9a-zA-Z.:+=^!/*?&<>()\[\]{}@%$#-]{40}", os.environ[name]):
                sys.exit(f"busway_plugin: {name} is no key: it has {len(os.environ[name])} characters, and a key is 40 of Z85")
            setattr(socket, option, os.environ[name].encode())
    socket.connect(os.environ["BUSWAY_ENDPOINT"])


def _nobody_answers() -> str:
    has_keys = "BUSWAY_SERVER_KEY" in os.environ
    why = "the server key or the plugin's key is not the one that the bus knows" if has_keys else "it wants CURVE keys, and there are none"
    return f"no bus answers at {os.environ['BUSWAY_ENDPOINT']}: it is not running, or {why}"


def _over(status: int, reason: str) -> None:
    """The bus is gone. A local plugin ends; a remote one begins anew, as the same process, and waits for the bus."""
    try:
        print(end="", flush=True)
    except OSError:  # who read it is gone, too
        pass
    if not _is_remote():
        if status:
            print(reason, file=sys.stderr, flush=True)
        os._exit(status)  # threads may still be at work
    print(f"busway_plugin: {reason}; connecting again", file=sys.stderr, flush=True)
    time.sleep(1)
    with open("/proc/self/cmdline", "rb") as words:
        os.execv(sys.executable, [sys.executable, *map(os.fsdecode, words.read().split(b"\0")[1:-1])])


class Plugin:
    """The components of one process, and its conversation with the bus."""

    def __init__(self) -> None:
        self._steps: dict[str, Any] = {}
        self._targets: dict[str, Any] = {}
        self._sources: dict[str, Any] = {}
        self._uses: dict[int, _Use] = {}
        # Messages of the bus that are not answered, those that are not whole, and those that are for the threads.
        self._open: dict[int, Message] = {}
        self._arriving: dict[int, tuple[dict, list[bytes]]] = {}
        self._jobs: queue.SimpleQueue = queue.SimpleQueue()
        # Listeners, and messages that they have brought.
        self._routes: dict[int, Route] = {}
        self._inlets: dict[int, tuple[Inlet, Any, threading.Thread]] = {}
        self._raised: dict[int, str] = {}  # the last traceback of a use that could not be made
        self._returned: set[int] = set()  # listeners whose source has ended by itself, and that the bus has not been told of
        self._ending: list[threading.Thread] = []
        self._brought: dict[int, tuple[Inlet, concurrent.futures.Future, dict, list[bytes]]] = {}
        self._arrivals = itertools.count(1)
        # The socket, what is to be sent, and what wakes the thread that waits.
        self._socket: Any = None
        self._to_send: collections.deque[tuple[bytes, Optional[bytes]]] = collections.deque()
        self._waits = False
        self._wake_read, self._wake_write = -1, -1
        self._threads = 0
        self._welcome, self._silence = False, 10.0
        self._quick = 0  # messages in a row that were worked on where they were read
        # Who reads the socket, and what he is working on himself, since when.
        self._reader: object = None
        self._reader_lock = threading.Lock()
        self._busy: Optional[tuple[float, _Use]] = None
        self._is_busy = threading.Event()

    def step(self, name: str) -> Callable[[Any], Any]:
        """Declares what does the step: a function of a Message, or a class that is made with the settings of each use and then called."""

        def declare(what: Any) -> Any:
            self._steps[name] = what
            return what

        return declare

    def target(self, name: str) -> Callable[[Any], Any]:
        """Declares what calls a service: a function of a Message that gives an Answer, or a class that is made with the settings of each service."""

        def declare(what: Any) -> Any:
            self._targets[name] = what
            return what

        return declare

    def source(self, name: str) -> Callable[[Any], Any]:
        """Declares a class that is made with the settings of each listener. Its `run(inlet)` has a thread of its own, says `inlet.listening()` and brings
        messages until `inlet.stopped`; its `stop()`, if there is one, is called then. What it raises before it listens is why it cannot; an exception later
        ends the process, and the bus starts it again. When `run` returns before that, the listener is over: nothing can be brought any more, and the bus
        has another one made a second after what was under way has ended."""

        def declare(what: Any) -> Any:
            self._sources[name] = what
            return what

        return declare

    def run(self, threads: int = 4) -> None:
        """Serves the bus until it says that it is over. `threads` messages are worked on at a time."""
        if "BUSWAY_ENDPOINT" not in os.environ:
            sys.exit("This program is a plugin: busway starts it, as the plugin.yaml beside it says. Its steps can be called from a test as they are.")
        import zmq  # here, so that tests of steps need nothing but Python

        global _plugin
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        _plugin, self._threads = self, threads
        for _ in range(threads):
            threading.Thread(target=self._work, daemon=True).start()
        socket = self._socket = zmq.Context.instance().socket(zmq.DEALER)
        socket.rcvtimeo = 1000
        _connect(socket)
        socket.send(dumps({"type": "hello", "protocol": PROTOCOL, "cookie": os.environ.get("BUSWAY_COOKIE", ""), "sdk": "python"}))
        threading.Thread(target=self._watch, daemon=True).start()
        self._read()
        threading.Event().wait()  # another thread reads on, and ends the process

    # ---- the thread that reads the socket ----

    def _read(self) -> None:
        """Until the process ends, or another thread has taken over."""
        import zmq

        me = self._reader = object()
        socket, more, no_wait, is_more, to_send = self._socket, zmq.SNDMORE, zmq.NOBLOCK, zmq.RCVMORE, self._to_send
        poll = select.poll()
        poll.register(socket.fd, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        silence, heard = self._silence, time.monotonic()
        while True:
            while to_send:
                first, payload = to_send.popleft()
                if payload is None:
                    socket.send(first)
                else:
                    socket.send(first, more)
                    socket.send(payload)
            # Nobody else has anything to say then, but for a line of the log now and then.
            alone = not self._open and not self._inlets and not to_send
            try:
                first = socket.recv(0 if alone else no_wait)
            except zmq.Again:
                if not alone:
                    self._waits = True  # who says something from now on wakes it
                    for descriptor, _ in [] if to_send else poll.poll(1000):
                        if descriptor == self._wake_read:
                            os.read(descriptor, 4096)
                    self._waits = False
                if time.monotonic() - heard > silence:
                    _over(1, "the bus is gone" if self._welcome else _nobody_answers())
                continue
            heard = time.monotonic()
            head, payload = _decode(first.decode()), socket.recv() if socket.getsockopt(is_more) else None
            kind = head["type"]
            if kind == "request" or (kind == "chunk" and "id" in head):
                if not self._take(me, head, payload or b"", heard):
                    return
            elif kind == "welcome":
                self._welcome, self._silence = True, head["silence_ms"] / 1000
                silence = self._silence
                self._say({"type": "ready", "credit": self._threads})
            elif kind == "bye":
                self._end_sources()
                _over(0, head.get("reason", "the bus says goodbye"))
            else:
                self._hear(kind, head, payload or b"")

    def _take(self, me: object, head: dict, payload: bytes, now: float) -> bool:
        """A request or a piece of one. False when another thread has taken over meanwhile."""
        number = head["id"]
        if head["type"] == "request":
            use = self._uses.get(head["use"])
            message = self._open[number] = Message(None, use.settings if use else {}, head.get("headers") or {}, head.get("variables") or {},
                                                   {key: head[key] for key in head if key in _ABOUT}, now + head["deadline_ms"] / 1000)
            if head["more"]:
                self._arriving[number] = head, [payload]
                return True
        else:
            if number not in self._arriving:
                return True
            self._arriving[number][1].append(payload)
            if head["more"]:
                return True
            head, pieces = self._arriving.pop(number)
            payload, message, use = b"".join(pieces), self._open[number], self._uses.get(head["use"])
        if use is None or use.slow:
            self._all_is_quick(False)
            self._jobs.put((use, head, message, payload))
            return True
        self._busy = now, use
        if not self._is_busy.is_set():
            self._is_busy.set()
        frames = _answer(use, head, message, payload)
        with self._reader_lock:
            relieved = self._reader is not me
            if not relieved:
                self._busy = None
        if relieved:
            self._send(frames)  # while it is open, it wakes who reads
            self._open.pop(number, None)
            return False
        self._open.pop(number, None)
        self._to_send.extend(frames)
        self._all_is_quick(True)
        return True

    def _all_is_quick(self, quick: bool) -> None:
        """Then what waits here spares the bus and this process a wake-up each, and waits no longer than it would on the other side."""
        if quick:
            self._quick += 1
            if self._quick == _MANY:
                self._say({"type": "credit", "credit": 4 * self._threads})
        else:
            if self._quick >= _MANY:
                self._say({"type": "credit", "credit": self._threads})
            self._quick = 0

    def _watch(self) -> None:
        """Reads on where the thread that reads is kept by a message."""
        while True:
            time.sleep(_RELIEVED_AFTER)
            self._is_busy.clear()
            if self._busy is None:
                self._is_busy.wait()
                continue
            with self._reader_lock:
                if self._busy is None or time.monotonic() - self._busy[0] < _RELIEVED_AFTER:
                    continue
                use, self._busy, self._reader = self._busy[1], None, None
            use.seconds, use.slow = _RELIEVED_AFTER, True
            self._all_is_quick(False)
            threading.Thread(target=self._watch, daemon=True).start()
            return self._read()

    def _hear(self, kind: str, head: dict, payload: bytes) -> None:
        if kind == "outcome" or "arrival" in head:
            self._take_outcome(head, payload)
        elif kind == "credit" and head["use"] in self._inlets:
            self._inlets[head["use"]][0]._grant(head["credit"])
        elif kind in ("stop_listening", "drop"):
            self._end(head["use"], kind == "drop")
        elif kind == "cancel":
            if self._arriving.pop(head["id"], None):
                del self._open[head["id"]]
                self._say({"type": "fail", "id": head["id"], "kind": "deadline", "text": "cancelled before it was whole"})
            elif head["id"] in self._open:
                self._open[head["id"]].cancelled = True
        elif kind == "use":
            self._make(head)
        elif kind == "ping":
            self._say({"type": "pong"})

    def _make(self, head: dict) -> None:
        use, settings = head["use"], head["settings"]
        kind, named, name = ("step", self._steps, head["step"]) if "step" in head else ("target", self._targets, head["adapter"])
        if head.get("part") == "from":
            self._routes[use] = Route(head["name"], settings, use)
            return
        if head.get("part") == "listener":
            kind, named = "source", self._sources
        called = f"the {kind} '{name}'"
        try:
            if name not in named:
                raise Refused("", f"the program has no {kind} '{name}'; it has {', '.join(map(repr, named)) or 'none'}")
            made = named[name]
            if isinstance(made, type) or kind == "source":
                made = made(settings)
            if kind == "source":
                self._listen(head, made, called)
            elif not callable(made):
                raise Refused("", f"{called} cannot be called: give the class {type(made).__name__} a __call__(self, message)")
            else:
                self._uses[use] = _Use(called, made, settings, _reply_of_step if kind == "step" else _reply_of_service)
        except Exception as error:  # pylint: disable=broad-except
            self._refuse(use, error, called)

    def _refuse(self, use: int, error: Exception, called: str) -> None:
        if isinstance(error, Refused):
            key, text = error.key, error.text
        else:  # the plugin's own mistake, told once, for a listener is asked again each second
            trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
            if self._raised.get(use) != trace:
                log(trace, "error")
            self._raised[use] = trace
            key, text = "", f"{called} raised {_plain(f'{type(error).__name__}: {error}', MOST_TEXT // 2)}; the traceback is in the log"
        self._say({"type": "refuse", "use": use, "key": _plain(key), "text": _plain(text)})

    def _end(self, use: int, for_good: bool) -> None:
        self._routes.pop(use, None)
        self._returned.discard(use)
        if for_good:
            self._raised.pop(use, None)
        ended = self._uses.pop(use, None) if for_good else None
        if ended is not None and hasattr(ended.handler, "close"):
            ended.handler.close()
        if use not in self._inlets:
            return
        inlet, source, _ = self._inlets[use]
        if not inlet.stopped.is_set():
            inlet._stop()
            if hasattr(source, "stop"):
                source.stop()
        if for_good:
            self._ending.append(self._inlets.pop(use)[2])

    # ---- sources ----

    def _listen(self, head: dict, source: Any, called: str) -> None:
        inlet = Inlet(head["use"], head["name"], head["max_body"], tuple(self._routes[use] for use in head.get("routes", ())))
        thread = threading.Thread(target=self._run_source, args=(source, inlet, called), daemon=True)
        self._inlets[inlet.use] = (inlet, source, thread)
        thread.start()

    def _run_source(self, source: Any, inlet: Inlet, called: str) -> None:
        told = inlet.listening
        listened = threading.Event()
        late = threading.Timer(_LISTENS_WITHIN, lambda: listened.is_set() or log(
            f"{called} has run for {_LISTENS_WITHIN:.0f} s and has not called inlet.listening(): until it does, the bus takes nothing from it", "warn"))
        late.daemon = True
        late.start()

        def listening(address: str = "") -> None:
            listened.set()
            late.cancel()
            told(address)

        inlet.listening = listening  # type: ignore[method-assign]
        try:
            source.run(inlet)
        except (Stopped, SystemExit):
            pass
        except Exception as error:  # pylint: disable=broad-except
            if isinstance(error, Refused) or not listened.is_set():
                self._refuse(inlet.use, error, called)
                return
            print(_end_of(traceback.format_exc()), file=sys.stderr, flush=True)
            os._exit(71)
        finally:
            late.cancel()
        if not inlet.stopped.is_set():
            self._run_dry(inlet, called, listened.is_set())

    def _run_dry(self, inlet: Inlet, called: str, listened: bool) -> None:
        """The source has ended, and nobody has stopped it."""
        use = inlet.use
        self._returned.add(use)
        self._inlets.pop(use, None)
        inlet._stop()
        if listened:
            log(f"{called} has returned; it brings nothing any more until the bus has it made anew", "warn")
        inlet._wait_for_outcomes()  # the next one has all the credit
        if use in self._returned:  # and not stopped in the meantime
            self._returned.discard(use)
            why = "nobody has stopped it" if listened else "has not called inlet.listening()"
            self._refuse(use, Refused("", f"{called} has returned, and {why}"), called)

    def _bring(self, inlet: Inlet, head: dict, body: bytes) -> concurrent.futures.Future[Outcome]:
        ended: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
        head["arrival"] = next(self._arrivals)
        try:
            frames = _frames(head, body)
        except (Failed, UnicodeError):  # the bus would end a process that sends either
            inlet._ended()
            ended.set_result(Outcome("failed", kind="invalid", status=400, reason="header fields that cannot be sent"))
            return ended
        self._brought[head["arrival"]] = (inlet, ended, {}, [])
        self._send(frames)
        return ended

    def _take_outcome(self, head: dict, payload: bytes) -> None:
        if head["arrival"] not in self._brought:
            return
        inlet, ended, about, pieces = self._brought[head["arrival"]]
        about.update((key, head[key]) for key in ("outcome", "kind", "status", "reason", "content_type", "headers") if key in head)
        pieces.append(payload)
        if head.get("more"):
            return
        del self._brought[head["arrival"]]
        inlet._ended()
        ended.set_result(Outcome(body=b"".join(pieces), **about))

    def _end_sources(self) -> None:
        """They have told their senders, or moved their files, before the process ends."""
        for use in list(self._inlets):
            self._end(use, True)
        until = time.monotonic() + 1.5
        for thread in self._ending:
            thread.join(max(0.0, until - time.monotonic()))

    # ---- any thread ----

    def _work(self) -> None:
        while True:
            use, head, message, body = self._jobs.get()
            frames = _answer(use, head, message, body)
            self._send(frames)  # while it is open, it wakes who reads
            self._open.pop(head["id"], None)

    def _say(self, head: dict) -> None:
        self._send(_frames(head))

    def _send(self, frames: list[tuple[bytes, Optional[bytes]]]) -> None:
        self._to_send.extend(frames)
        if self._waits:
            try:
                os.write(self._wake_write, b"x")
            except BlockingIOError:
                pass  # it is awake
