"""B18: what plugins cost, by `busway plugin bench`, beside a built-in step and beside ZeroMQ without a bus.

A round measures both halves of a pair, then both again; the ratio of a side's first half to its second is the noise (A/A).
"""

import dataclasses
import json
import pathlib
import shutil
import statistics
import subprocess
import sys

from lab import NotMeasured
from live_bus import binary
from measuring import Case, low_mid_high, per_round

HERE = pathlib.Path(__file__).resolve().parent
SDK = HERE.parent.parent / "plugins/sdk/python/busway_plugin.py"
IN_FLIGHT = 16
# What the bus writes in front of a body of one of these measurements.
HEAD = json.dumps({"type": "request", "id": 1234567, "use": 1, "attempt": 1, "deadline_ms": 29999, "size": 1024, "more": False,
                   "message": "019ac0de-7c1f-7d11-8b5a-4f2f7a9a0c5e", "body": "document", "content_type": "application/json"},
                  separators=(",", ":")).encode()
MANIFEST = """\
protocol: 1
command: %s
in_flight: %d
steps:
  %s: { summary: For measuring., body: %s }
"""
PYTHON = """\
import busway_plugin as busway

plugin = busway.Plugin()


@plugin.step("given_bytes")
def given_bytes(message):
    return None


@plugin.step("given_a_document")
def given_a_document(message):
    return busway.Reply(body=message.body)


plugin.run()
"""


def body(size):
    """A document of about so many bytes, as orders are."""
    lines = [{"sku": f"A-{n:05}", "qty": n % 90 + 1, "note": "to be packed with care"} for n in range(max(1, size // 56))]
    return json.dumps({"id": 17, "lines": lines}, separators=(",", ":")).encode()


@dataclasses.dataclass(frozen=True)
class Pair:
    """A step of a plugin and what it is measured beside. `folder(lab)` makes the plugin; `bare` are the words of the other side of the
    bare pair, None for a built-in step that does nothing."""

    label: str
    plugin: object
    size: int = 0
    bare: object = None
    key: str = ""      # the figure that is compared
    in_flight: int = IN_FLIGHT
    bound: str = ""


def library(lab):
    return lab.build / "tests/bench/bench_nothing.so"


def in_cpp(name, step, kind, *words):
    def made(lab):
        return process(lab, name, [str((lab.build / "tests/bench/bench_plugin_echo").resolve()), *words], step, kind)
    return made


def python_step(step, kind):
    def made(lab):
        folder = process(lab, step, [sys.executable, "main.py"], step, kind)
        (folder / "main.py").write_text(PYTHON)
        shutil.copy(SDK, folder)
        return folder
    return made


def process(lab, name, command, step, kind):
    folder = lab.folder / name
    if not folder.exists():
        folder.mkdir()
        (folder / "plugin.yaml").write_text(MANIFEST % (json.dumps(command), IN_FLIGHT, step, kind))
    return folder


def answer_of(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise NotMeasured(f"{pathlib.Path(command[0]).name}: " + (done.stderr.strip().splitlines() or ["no output"])[-1][:300])
    return json.loads(done.stdout)


def of_plugin(lab, pair, seconds):
    """Figures of the step, and of the built-in one beside it."""
    words = [binary(), "plugin", "bench", pair.plugin(lab), "--format", "json", "--seconds", seconds, "--in-flight", pair.in_flight]
    if pair.size:
        words += ["--input", lab.file(body(pair.size))]
    return answer_of(words)["steps"][0]


def of_bare(lab, pair, seconds):
    return answer_of([lab.build / "tests/bench/bench_zmq_pair", lab.file(HEAD), lab.file(body(pair.size)), pair.in_flight, seconds, *pair.bare])


def measure(lab, case, outcome):
    pair = case.exchanges[0]
    seconds = max(1, lab.options.seconds / 5)
    plugin, other = [], []
    with lab.nested() as inner:
        for _ in range(lab.options.rounds):
            halves = ([], [])
            for _ in range(2):
                halves[0].append(of_plugin(inner, pair, seconds))
                if pair.bare is None:
                    halves[1].append(halves[0][-1]["nothing"])
                else:
                    halves[1].append(of_bare(inner, pair, seconds))
            plugin.append(halves[0])
            other.append(halves[1])
    for name, runs in (("plugin", plugin), ("built in" if pair.bare is None else "bare ZeroMQ", other)):
        middle = lambda key: statistics.median(run[key] for halves in runs for run in halves)
        outcome.row(case, name, **{"messages/s": low_mid_high(per_round(runs, "messages_per_second"), "{:.0f}"),
                                   "CPU us": f"{middle('cpu_us'):.3f}", "the process's": f"{middle('plugin_cpu_us'):.2f}",
                                   "A/A": low_mid_high([a[pair.key] / max(b[pair.key], 1e-9) for a, b in runs])})
    ours, theirs = per_round(plugin, pair.key), per_round(other, pair.key)
    if pair.bare is None:
        outcome.ratios.append((f"{case.label}: us more than a built-in one ({pair.bound})", [a - b for a, b in zip(ours, theirs)]))
    else:
        outcome.ratios.append((f"{case.label}: {pair.key.replace('_', ' ')}, plugin / bare ({pair.bound})", [a / b for a, b in zip(ours, theirs)]))
    outcome.raw.append({"case": case.label, "plugin": plugin, "other": other})


def cases():
    goal = "a goal: at least 0.60"
    echo, heads = in_cpp("echo", "echoed", "document"), in_cpp("heads", "given_bytes_in_cpp", "bytes", "heads")
    pairs = [Pair("a step of a library that does nothing", library, key="cpu_us", bound="a goal: at most 0.300")]
    for label, size in (("100 B", 100), ("1 KB", 1024), ("32 KB", 32768)):
        pairs.append(Pair(f"round trips of a process in C++, {label}", heads, size, ("heads",), "messages_per_second", bound=goal))
        # The bus reads the document before it gives it away, and the answer's, which the bare pair does not.
        pairs.append(Pair(f"round trips of a document, {label}", echo, size, (), "messages_per_second", bound=goal))
    for name, kind in (("given_bytes", "bytes"), ("given_a_document", "document")):
        pairs.append(Pair(f"a step in Python {name.replace('_', ' ')}, 1 KB", python_step(name, kind), 1024,
                          (sys.executable, HERE / "python_echo.py", kind), "plugin_cpu_us", bound="a goal: at most 1.30" if kind == "bytes" else "no goal"))
    return [Case(pair.label, {}, (), (pair,)) for pair in pairs]
