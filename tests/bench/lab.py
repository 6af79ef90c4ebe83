"""What a measurement is made with: the cores, the backends, the generator and the clocks.

Generator and backends share core 0, what is measured has core 1 alone.
"""

import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import resource
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

LOAD_CORE, PEER_CORE = "0", "1"


class Void(Exception):
    """A run that proves nothing: a wrong answer, a rate nobody carries."""


class NotMeasured(Exception):
    """Something that is not there or cannot do this; a line in the report, never a failure."""


@dataclasses.dataclass(frozen=True)
class Exchange:
    """One request and what its answer must be. With `check` instead of `expect` the first answer is judged by it (it returns what is
    wrong, or nothing) and all others must be the same bytes."""

    method: str = "POST"
    target: str = "/bench"
    headers: tuple = ("Content-Type: text/plain",)
    request: bytes = b""
    expect: bytes | None = None
    check: object = None


@dataclasses.dataclass(frozen=True)
class Backend:
    """What answers behind the sides: `kind` http with a fixed answer, or echo. A request must hold the text `holds`."""

    kind: str = "http"
    answer: bytes = b""
    content_type: str = "text/plain"
    holds: str = ""


def raised_file_limit(wanted=100000):
    """As many open files as we may have, for us and for what we start; root may have what it wants."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(wanted, most), most):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            return limit
    return most


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Lab:
    """One folder of a run and the programs in it; `with` ends them all. `apart` starts generator and backends where they belong."""

    def __init__(self, build, options=None, apart=("taskset", "-c", LOAD_CORE)):
        self.build, self.options, self._apart = build, options, apart
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="busway-bench-"))
        self._stack = contextlib.ExitStack()
        self._files = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def nested(self):
        """A lab for one case: what it starts ends before the next case begins."""
        return Lab(self.build, self.options)

    def at_end(self, action, *arguments):
        self._stack.callback(action, *arguments)

    def file(self, content):
        """The path of a file that holds `content`."""
        if content not in self._files:
            path = self.folder / f"file-{len(self._files)}"
            path.write_bytes(content)
            self._files[content] = path
        return str(self._files[content])

    def backend(self, backend):
        """Starts it and returns its port."""
        command = [*self._apart, str(self.build / "tests/bench/bench_backend"), backend.kind]
        if backend.kind == "http":
            command += [self.file(backend.answer), backend.content_type] + ([backend.holds] if backend.holds else [])
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.at_end(lambda: (process.kill(), process.wait(), process.stdout.close()))
        return int(process.stdout.readline().rpartition(":")[2])

    def plan(self, exchanges):
        lines = "".join("\t".join([one.method, one.target or "-", "|".join(one.headers), self.file(one.request) if one.request else "-",
                                   self.file(one.expect) if one.expect else "-"]) + "\n" for one in exchanges)
        return self.file(lines.encode())

    def load_process(self, port, exchanges, **options):
        """The generator, started: options are its own, without the dashes."""
        command = [*self._apart, str(self.build / "tests/bench/bench_load"), str(port), self.plan(exchanges)]
        for name, value in options.items():
            if value is True:
                command.append(f"--{name}")
            elif value:
                command += [f"--{name}", str(value)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def load(self, port, exchanges, **options):
        return answer_of(self.load_process(port, exchanges, **options))

    def certificate(self):
        """Paths of a fresh certificate and its key: ECDSA P-256, as most servers have today."""
        certificate, key = self.folder / "server.pem", self.folder / "server.key"
        if not certificate.exists():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                            "-subj", "/CN=bench.example", "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
        return certificate, key


def answer_of(process):
    text, _ = process.communicate()
    if process.returncode:
        raise Void(f"the generator ended with {process.returncode}")
    answer = json.loads(text)
    if answer["failed"]:
        raise Void(f"{answer['failed']} requests failed: {answer['why']}")
    return answer


def probe(port, exchange, tls=False):
    """One exchange over HTTP; returns the body."""
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.closing(connection):
        connection.request(exchange.method, exchange.target, exchange.request or None,
                           dict(line.split(": ", 1) for line in exchange.headers) | {"Host": "bench.example"})
        answer = connection.getresponse()
        body = answer.read()
    if answer.status // 100 != 2:
        raise Void(f"{exchange.method} {exchange.target} is answered {answer.status}: {body[:200]!r}")
    return body


def settled(port, exchange, tls=False):
    """The exchange with the answer that all must have. Frames and raw bytes come back as they went."""
    if exchange.method in ("frame", "raw") or exchange.expect is not None and exchange.method == "GET":
        return exchange
    body = probe(port, exchange, tls)
    if exchange.expect is not None and body != exchange.expect:
        raise Void(f"{exchange.method} {exchange.target} is answered with another body: {body[:200]!r}")
    if exchange.check and (wrong := exchange.check(body)):
        raise Void(f"{exchange.method} {exchange.target}: {wrong}: {body[:200]!r}")
    return dataclasses.replace(exchange, expect=body)


def processes_of(pid):
    """A process and all below it."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += processes_of(int(child))
    return found


def cpu_seconds(pid):
    """utime + stime of a process and of all below it."""
    ticks = 0
    for one in processes_of(pid):
        fields = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(pid, kind="RssAnon"):
    """Bytes of a process and of all below it. RssAnon is what the program took for itself, VmRSS counts its files too."""
    total = 0
    for one in processes_of(pid):
        for line in pathlib.Path(f"/proc/{one}/status").read_text().splitlines():
            if line.startswith(kind + ":"):
                total += int(line.split()[1]) * 1024
    return total


def machine_times():
    with open("/proc/stat") as stat:
        return [int(word) for word in stat.readline().split()[1:9]]


def steal_share(before, after):
    spent = [b - a for a, b in zip(before, after)]
    return spent[7] / max(1, sum(spent))


def core_busy_seconds(core=PEER_CORE):
    """What a core has worked for anyone, steal included."""
    with open("/proc/stat") as stat:
        words = next(line.split() for line in stat if line.startswith(f"cpu{core} "))
    ticks = [int(word) for word in words[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def wait_for_port(port, process, seconds=30, pause=0.02):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        time.sleep(pause)
    return False
