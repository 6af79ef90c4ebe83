"""B13: a route between two ZeroMQ sockets beside zmq_proxy between the same two: the same clients and workers, of `zmq_ends.cpp`.

A round measures each side, then each again, in a closed loop; what both cost and carry is set against each other.
"""

import dataclasses
import json
import statistics
import subprocess

from lab import LOAD_CORE, PEER_CORE, NotMeasured, Void, core_busy_seconds, cpu_seconds
from measuring import Case, low_mid_high, per_round, say_how_quiet
from peers import BUSWAY, Side

ROUTES = """\
listeners: { front: { zmq: { socket: %s, listen: 'tcp://127.0.0.1:0', queue: 1000, requests: 8192%s } } }
services: { worker: { zmq: { socket: %s, endpoints: ['tcp://127.0.0.1:@worker@'], queue: 1000%s } } }
routes: { bridge: { from: { zmq: messages, on: front }, steps: [ { call: worker } ] } }
"""
ANSWERED = ROUTES % ("router", ", requests_per_peer: 4096", "dealer", ", outstanding: 8192")
ONE_WAY = ROUTES % ("pull", "", "push", "")


@dataclasses.dataclass(frozen=True)
class Bridge:
    """Messages of `size` bytes, `window` of each client's on their way at a time; one way (`push`) as many as go."""

    kind: str
    size: int
    window: int
    connections: int = 8


def spawn(lab, core, program, *words):
    """Started on its core; it says its port."""
    process = subprocess.Popen(["taskset", "-c", core, str(lab.build / "tests/bench" / program), *map(str, words)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    lab.at_end(lambda: (process.kill(), process.wait(), process.stdin.close(), process.stdout.close()))
    line = process.stdout.readline()
    if not line:
        raise NotMeasured(f"{program} does not start")
    return process, int(line)


def measured(ends, port, pid, seconds):
    cpu, busy = cpu_seconds(pid), core_busy_seconds()
    ends.stdin.write(f"{port} {seconds}\n")
    ends.stdin.flush()
    line = ends.stdout.readline()
    spent = cpu_seconds(pid) - cpu
    if not line:
        raise Void("the clients met an answer that is not what they sent, or were cut off")
    answer = json.loads(line)
    if not answer["requests"]:
        raise Void("nothing came through")
    return answer | {"per_second": answer["requests"] / answer["seconds"], "cpu": spent,
                     "others": max(0.0, core_busy_seconds() - busy - spent) / answer["seconds"]}


def measure(lab, case, outcome):
    bridge, seconds = case.exchanges[0], lab.options.seconds
    with lab.nested() as inner:
        ends, worker = spawn(inner, LOAD_CORE, "bench_zmq_ends", bridge.kind, bridge.size, bridge.connections, bridge.window)
        front, routes = ("router", ANSWERED) if bridge.kind == "dealer" else ("pull", ONE_WAY)
        bus = BUSWAY.start(Side(BUSWAY, routes), inner, {"worker": worker})
        proxy, port = spawn(inner, PEER_CORE, "bench_zmq_proxy", front, worker)
        sides = {"busway": (bus.port, bus.pid), "zmq_proxy": (port, proxy.pid)}
        runs = {name: [] for name in sides}
        for _ in range(lab.options.rounds):
            halves = [{name: measured(ends, *side, seconds) for name, side in sides.items()} for _ in range(2)]
            for name, pairs in runs.items():
                pairs.append([half[name] for half in halves])
        for pairs in runs.values():
            for run in (run for pair in pairs for run in pair):
                run["per_cpu_second"] = run["all"] / run["cpu"] if run["cpu"] else 0
        for name, pairs in runs.items():
            outcome.row(case, name, **{
                "CPU us/message": f"{statistics.median(1e6 / run['per_cpu_second'] for pair in pairs for run in pair):.2f}",
                "messages/CPU-s": low_mid_high(per_round(pairs, "per_cpu_second"), "{:.0f}"),
                "messages/s": low_mid_high(per_round(pairs, "per_second"), "{:.0f}"),
                "A/A": low_mid_high([first["per_second"] / second["per_second"] for first, second in pairs])})
    for key, words in (("per_second", "messages a second"), ("per_cpu_second", "messages per CPU-second")):
        ratios = [a / b for a, b in zip(per_round(runs["busway"], key), per_round(runs["zmq_proxy"], key))]
        outcome.ratios.append((f"{case.label}: busway / zmq_proxy, {words} (a goal: at least 0.80)", ratios))
    say_how_quiet(case, outcome, runs)
    outcome.raw.append({"case": case.label, "runs": runs})


def cases():
    """Sizes as most ZeroMQ applications have them: small events, records, documents."""
    found = [("ROUTER to DEALER, 1 KB, 16 clients, 1 on its way of each", Bridge("dealer", 1024, 1, 16))]
    for size, label, window in ((100, "100 B", 64), (1024, "1 KB", 64), (32768, "32 KB", 8)):
        found.append((f"ROUTER to DEALER, {label}, 8 clients, {window} on their way of each", Bridge("dealer", size, window)))
    for size, label in ((100, "100 B"), (1024, "1 KB"), (32768, "32 KB")):
        found.append((f"PULL to PUSH, {label}, 8 clients", Bridge("push", size, 1)))
    return [Case(label, {}, (), (bridge,)) for label, bridge in found]
