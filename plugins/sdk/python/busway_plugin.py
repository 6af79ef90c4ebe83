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

Steps and calls run in threads, `threads` at a time; each source has one of its own. An exception that is not `Failed` fails the message (kind `internal`), and its traceback
goes to the bus's log; one that says that memory is short ends the process, and the bus starts it again.
"""
from __future__ import annotations

import collections
import concurrent.futures
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

__all__ = ["Plugin", "Message", "Reply", "Answer", "Inlet", "TrialInlet", "Outcome", "Route", "Failed", "Refused", "Stopped", "UNCHANGED", "filtered", "log",
           "dumps", "loads"]

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

_plugin: Optional["Plugin"] = None  # that runs


def _say(head: dict) -> None:
    if _plugin is not None:
        _plugin._say(head)


def log(text: str, level: str = "info") -> None:
    """A line in the bus's log: debug, info, warn or error. The bus writes ten a second. Any thread."""
    if _plugin is None:
        print(f"{level}: {text}", file=sys.stderr)
    else:
        _plugin._say({"type": "log", "level": level, "text": text[:2000]})


def _is_remote() -> bool:
    """Whether the bus is elsewhere: it has not started this process, and does not end it."""
    return not os.environ["BUSWAY_ENDPOINT"].startswith("ipc:")


def _connect(socket: Any) -> None:
    socket.linger = 500
    socket.reconnect_ivl = 200 if _is_remote() else -1  # of a local one another launch is another process
    if "BUSWAY_SERVER_KEY" in os.environ:
        socket.curve_serverkey = os.environ["BUSWAY_SERVER_KEY"].encode()
        socket.curve_publickey = os.environ["BUSWAY_PUBLIC_KEY"].encode()
        socket.curve_secretkey = os.environ["BUSWAY_SECRET_KEY"].encode()
    socket.connect(os.environ["BUSWAY_ENDPOINT"])


def _over(status: int, reason: str) -> None:
    """The bus is gone. A local plugin ends; a remote one begins anew, as the same process, and waits for the bus."""
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
        self._routes: dict[int, Route] = {}
        self._inlets: dict[int, tuple[Inlet, Any, threading.Thread]] = {}
        self._brought: dict[int, tuple[Inlet, concurrent.futures.Future, list]] = {}
        self._last_arrival = 0
        self._arrival_lock = threading.Lock()
        self._handlers: dict[int, Handler] = {}
        self._settings: dict[int, Mapping[str, Any]] = {}
        self._refused: dict[int, str] = {}
        self._arriving: dict[int, tuple[dict, list[bytes]]] = {}
        self._cancelled: dict[int, threading.Event] = {}
        self._jobs: queue.SimpleQueue = queue.SimpleQueue()
        self._to_send: collections.deque[tuple[dict, Optional[bytes]]] = collections.deque()
        self._ending: list[threading.Thread] = []
        self._wake_read, self._wake_write = -1, -1

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
        ends the process, and the bus starts it again."""

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
        _plugin = self
        for _ in range(threads):
            threading.Thread(target=self._work, daemon=True).start()
        socket = zmq.Context.instance().socket(zmq.DEALER)
        _connect(socket)
        socket.send(dumps({"type": "hello", "protocol": PROTOCOL, "cookie": os.environ.get("BUSWAY_COOKIE", ""), "sdk": "python"}))
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
                    self._end_sources()
                    _over(0, head.get("reason", "the bus says goodbye"))
                else:
                    self._take(head, frames[1] if len(frames) > 1 else None)
            while self._to_send:
                head, payload = self._to_send.popleft()
                self._send(socket, head, payload)
            if time.monotonic() - heard > silence:
                _over(1, "the bus is gone")

    # What the bus says; one thread.
    def _take(self, head: dict, payload: Optional[bytes]) -> None:
        kind = head["type"]
        if kind == "request":
            self._arriving[head["id"]] = (head, [payload] if payload is not None else [])
            self._cancelled[head["id"]] = threading.Event()
            head["deadline"] = time.monotonic() + head["deadline_ms"] / 1000
            if not head["more"]:
                self._jobs.put(self._arriving.pop(head["id"]))
        elif kind == "outcome" or "arrival" in head:
            self._take_outcome(head, payload)
        elif kind == "credit" and head["use"] in self._inlets:
            self._inlets[head["use"]][0]._grant(head["credit"])
        elif kind in ("stop_listening", "drop"):
            self._end(head["use"], kind == "drop")
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
        use, settings = head["use"], head["settings"]
        try:
            if head.get("part") == "from":
                self._routes[use] = Route(head["name"], settings, use)
            elif head.get("part") == "listener":
                self._listen(head)
            else:
                named, kind, name = (self._steps, "step", head["step"]) if "step" in head else (self._targets, "target", head["adapter"])
                if name not in named:
                    raise Refused("", f"the program has no {kind} '{name}'")
                what = named[name]
                self._handlers[use] = what(settings) if isinstance(what, type) else what
                self._settings[use] = settings
        except Refused as refusal:
            self._say({"type": "refuse", "use": use, "key": refusal.key, "text": refusal.text})
        except Exception as error:  # pylint: disable=broad-except
            self._say({"type": "refuse", "use": use, "text": f"{type(error).__name__}: {error}"})

    # ---- sources ----

    def _listen(self, head: dict) -> None:
        if head["adapter"] not in self._sources:
            raise Refused("", f"the program has no source '{head['adapter']}'")
        source = self._sources[head["adapter"]](head["settings"])
        inlet = Inlet(head["use"], head["name"], head["max_body"], tuple(self._routes[use] for use in head.get("routes", ())))
        thread = threading.Thread(target=self._run_source, args=(source, inlet), daemon=True)
        self._inlets[inlet.use] = (inlet, source, thread)
        thread.start()

    def _run_source(self, source: Any, inlet: Inlet) -> None:
        told = inlet.listening
        listened = threading.Event()

        def listening(address: str = "") -> None:
            listened.set()
            told(address)

        inlet.listening = listening  # type: ignore[method-assign]
        try:
            source.run(inlet)
        except Stopped:
            pass
        except Exception as error:  # pylint: disable=broad-except
            if isinstance(error, Refused) or not listened.is_set():
                text = error.text if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
                self._say({"type": "refuse", "use": inlet.use, "key": getattr(error, "key", ""), "text": text[:1000]})
                return
            print(traceback.format_exc(), file=sys.stderr, flush=True)
            os._exit(71)

    def _bring(self, inlet: Inlet, head: dict, body: bytes) -> concurrent.futures.Future[Outcome]:
        ended: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
        with self._arrival_lock:
            self._last_arrival += 1
            head["arrival"] = self._last_arrival
            self._brought[head["arrival"]] = (inlet, ended, [])
        self._say(head, body)
        return ended

    def _take_outcome(self, head: dict, payload: Optional[bytes]) -> None:
        if head["arrival"] not in self._brought:
            return
        inlet, ended, pieces = self._brought[head["arrival"]]
        pieces.append((head, payload or b""))
        if head.get("more"):
            return
        del self._brought[head["arrival"]]
        first = pieces[0][0]
        about = {key: first[key] for key in ("outcome", "kind", "status", "reason", "content_type", "headers") if key in first}
        inlet._ended()
        ended.set_result(Outcome(body=b"".join(piece for _, piece in pieces), **about))

    def _end(self, use: int, for_good: bool) -> None:
        self._routes.pop(use, None)
        handler = self._handlers.pop(use, None) if for_good else None
        if handler is not None and hasattr(handler, "close"):
            handler.close()
        if use not in self._inlets:
            return
        inlet, source, _ = self._inlets[use]
        if not inlet.stopped.is_set():
            inlet._stop()
            if hasattr(source, "stop"):
                source.stop()
        if for_good:
            self._ending.append(self._inlets.pop(use)[2])

    # They have told their senders, or moved their files, before the process ends.
    def _end_sources(self) -> None:
        for use in list(self._inlets):
            self._end(use, True)
        until = time.monotonic() + 1.5
        for thread in self._ending:
            thread.join(max(0.0, until - time.monotonic()))

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
                raise Failed("internal", "these settings were refused")
            document = loads(body) if head.get("body") == "document" else body or None
            message = Message(body=document, settings=self._settings[head["use"]],
                              headers=head.get("headers", {}), variables=head.get("variables", {}),
                              about={key: head[key] for key in ("message", "route", "method", "target", "operation", "content_type", "attempt", "endpoint") if key in head},
                              deadline=head["deadline"], _cancelled=self._cancelled[head["id"]])
            reply = self._handlers[head["use"]](message)
            if "endpoint_index" in head:
                return self._answer_of_service(reply)
            reply = reply or Reply()
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

    @staticmethod
    def _answer_of_service(given: Any) -> tuple[dict, bytes]:
        answer = given if isinstance(given, Answer) else Answer(body=b"" if given is None else given)
        body, content_type = answer.body, answer.content_type
        if isinstance(body, str):
            body = body.encode()
        elif not isinstance(body, (bytes, bytearray, memoryview)):
            body, content_type = dumps(body), content_type or "application/json"
        head: dict = {"type": "reply", "body": "bytes"}
        if content_type:
            head["content_type"] = content_type
        if answer.status:
            head["status"] = answer.status
        if answer.headers:
            head["headers"] = dict(answer.headers)
        if len(dumps(head)) > MOST_HEAD:
            raise Failed("internal", "answering: the header fields are larger than 63KiB")
        return head, bytes(body)

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
            number = "arrival" if head["type"] == "arrival" else "id"
            socket.send_multipart([dumps({"type": "chunk", number: head[number], "more": index < len(pieces)}), piece])
