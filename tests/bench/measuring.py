"""The ways of measuring. Each takes a lab, a case and the scenario's Outcome, to which it adds rows, ratios and remarks.

Rounds are interleaved: in a round every side is measured, then every side again. A ratio is taken over both halves of a round; the
ratio of a side's first half to its second is the A/A control, that is, the noise.
"""

import contextlib
import dataclasses
import http.client
import resource
import socket
import statistics
import threading
import time

from lab import NotMeasured, Void, answer_of, core_busy_seconds, cpu_seconds, memory, settled


@dataclasses.dataclass(frozen=True)
class Case:
    label: str
    backends: dict
    sides: tuple
    exchanges: tuple
    files: tuple = ()           # (name, bytes): in configurations @name@ is the path of a file with these bytes
    connections: int = 32
    load: tuple = ()            # further options of the generator
    tls: bool = False
    large: tuple = ()           # `mixed`: the rare, costly exchanges
    kilobytes: float = 0        # `beside`: what a slope per KB is taken over
    pairs: tuple = ()           # `beside`: names of two sides, a ratio for each; left out: the first side and each other


@dataclasses.dataclass
class Outcome:
    rows: list = dataclasses.field(default_factory=list)
    ratios: list = dataclasses.field(default_factory=list)     # (what, values of the rounds)
    remarks: list = dataclasses.field(default_factory=list)
    raw: list = dataclasses.field(default_factory=list)
    configs: dict = dataclasses.field(default_factory=dict)
    costs: dict = dataclasses.field(default_factory=dict)      # side -> (KB, CPU us a request) of each case

    def row(self, case, side, **figures):
        self.rows.append({"case": case.label, "side": side, **figures})


def low_mid_high(values, form="{:.2f}"):
    return " - ".join(form.format(value) for value in (min(values), statistics.median(values), max(values)))


@dataclasses.dataclass
class Bench:
    """A case with its backends and sides running. Sides that are not there are remarks; without busway there is no case."""

    lab: object
    case: Case
    outcome: Outcome
    sides: list = dataclasses.field(default_factory=list)
    exchanges: dict = dataclasses.field(default_factory=dict)
    backends: dict = dataclasses.field(default_factory=dict)
    full_handshakes: dict = dataclasses.field(default_factory=dict)

    def start(self):
        values = {name: self.lab.backend(backend) for name, backend in self.case.backends.items()}
        self.backends = dict(values)
        values |= {name: self.lab.file(content) for name, content in self.case.files}
        if self.case.tls:
            certificate, key = self.lab.certificate()
            values |= {"certificate": certificate, "key": key, "both": self.lab.file(certificate.read_bytes() + key.read_bytes())}
        for side in self.case.sides:
            try:
                running = side.peer.start(side, self.lab, values)
                exchanges = side.exchanges or self.case.exchanges
                known = self._settled(running, exchanges)
            except (NotMeasured, Void) as why:
                if side.peer.name == "busway":
                    raise NotMeasured(f"{self.case.label}: {why}") from None
                self.outcome.remarks.append(f"{self.case.label}: not measured: {side.name}: {why}")
                continue
            self.sides.append(running)
            self.exchanges[running.name] = known
            self.outcome.configs.setdefault(running.name, running.config)
        return self

    def _settled(self, running, exchanges):
        """The exchanges with their answers. Slow peers listen before they serve: what they answer wrongly at first is asked again."""
        until = time.monotonic() + (20 if running.side.peer.slow else 0)
        while True:
            try:
                return tuple(settled(running.port, one, self.case.tls) for one in exchanges)
            except Void:
                if time.monotonic() >= until:
                    raise
                time.sleep(0.5)

    def load(self, running, **options):
        options = {"connections": self.case.connections, **dict(self.case.load), **options}
        answer = self.lab.load(running.port, self.exchanges[running.name], **options)
        if options.get("tls") == "resumed":
            self.full_handshakes.setdefault(running.name, []).append(answer["full_handshakes"] / answer["requests"])
        return answer

    def saturation(self):
        """Requests/s of each side in a closed loop, after it is warm. A side that answers wrongly is out of the case."""
        found = {}
        for running in list(self.sides):
            warm = min(running.side.peer.warm_seconds, 5 if self.lab.options.quick else 60)
            try:
                self.load(running, seconds=max(1, warm))
                answer = self.load(running, seconds=max(1, self.lab.options.seconds / 2))
                found[running.name] = answer["requests"] / answer["seconds"]
            except Void as why:
                self.sides.remove(running)
                self.outcome.remarks.append(f"{self.case.label}: void: {running.name}: {why}")
        if self.case.sides[0].name not in found:
            raise NotMeasured(f"{self.case.label}: without busway there is nothing to compare")
        return found

    def rates(self, saturation, share):
        """One rate for all who can carry it; the slow ones get their own."""
        fast = [saturation[running.name] for running in self.sides if not running.side.peer.slow]
        return {running.name: max(1, int(share * min(min(fast), saturation[running.name]))) for running in self.sides}

    def rounds(self, measure):
        """measure(running) of every side, twice a round."""
        runs = {running.name: [] for running in self.sides}
        for _ in range(self.lab.options.rounds):
            halves = [{running.name: measure(running) for running in self.sides} for _ in range(2)]
            for name, pairs in runs.items():
                pairs.append([half[name] for half in halves])
        return runs


@contextlib.contextmanager
def bench_of(lab, case, outcome):
    with lab.nested() as inner:
        yield Bench(inner, case, outcome).start()


def per_round(pairs, key):
    return [statistics.mean(run[key] for run in pair) for pair in pairs]


def every(pairs, key):
    return [run[key] for pair in pairs for run in pair]


def cost(bench, running, rate):
    before, busy, began = cpu_seconds(running.pid), core_busy_seconds(), time.monotonic()
    answer = bench.load(running, rate=rate, seconds=bench.lab.options.seconds)
    spent, lasted = cpu_seconds(running.pid) - before, time.monotonic() - began
    return {**answer, "cpu_us": spent * 1e6 / answer["requests"], "per_cpu_second": answer["requests"] / max(spent, 1e-9),
            "others": max(0.0, core_busy_seconds() - busy - spent) / lasted}


def say_how_quiet(case, outcome, runs):
    """Others on the core of what is measured cost it cache and time slices."""
    others = statistics.median(run["others"] for pairs in runs.values() for pair in pairs for run in pair)
    if others > 0.05:
        outcome.remarks.append(f"{case.label}: other programs took {others:.0%} of the core: the machine was not quiet")


def beside(lab, case, outcome):
    """CPU a request at a rate below saturation: requests per CPU-second is the figure."""
    with bench_of(lab, case, outcome) as bench:
        saturation = bench.saturation()
        rates = bench.rates(saturation, 0.6)
        if lab.options.quick and any(running.side.peer.warm_seconds > 5 for running in bench.sides):
            outcome.remarks.append(f"{case.label}: a quick run warms up for 5 s only, too short for a JVM: its figures are too high")
        runs = bench.rounds(lambda running: cost(bench, running, rates[running.name]))
        for running in bench.sides:
            pairs = runs[running.name]
            control = [first["per_cpu_second"] / second["per_cpu_second"] for first, second in pairs]
            outcome.costs.setdefault(running.name, []).append((case.kilobytes, statistics.median(every(pairs, "cpu_us"))))
            outcome.row(case, running.name, **{
                "CPU us/request": f"{outcome.costs[running.name][-1][1]:.2f}",
                "requests/CPU-s": low_mid_high(per_round(pairs, "per_cpu_second"), "{:.0f}"),
                "A/A": low_mid_high(control), "rate/s": rates[running.name], "saturation/s": f"{saturation[running.name]:.0f}",
                "p50 us": f"{statistics.median(every(pairs, 'p50_us')):.0f}", "p99 us": f"{statistics.median(every(pairs, 'p99_us')):.0f}",
                "p99.9 us": f"{statistics.median(every(pairs, 'p999_us')):.0f}", "RSS MB": f"{memory(running.pid, 'VmRSS') / 1e6:.1f}"})
        for one, other in case.pairs or [(case.sides[0].name, side.name) for side in case.sides[1:]]:
            if one in runs and other in runs:
                ratios = [a / b for a, b in zip(per_round(runs[one], "per_cpu_second"), per_round(runs[other], "per_cpu_second"))]
                outcome.ratios.append((f"{case.label}: {one} / {other}, requests per CPU-second", ratios))
        say_how_quiet(case, outcome, runs)
        for name, shares in bench.full_handshakes.items():
            outcome.remarks.append(f"{case.label}: {name}: {statistics.median(shares):.0%} of the handshakes were full all the same")
        outcome.raw.append({"case": case.label, "saturation": saturation, "rates": rates, "runs": runs})


def add_slopes(outcome):
    for name, points in outcome.costs.items():
        sized = sorted(point for point in points if point[0])
        if len(sized) > 1:
            (small, cheap), (large, dear) = sized[0], sized[-1]
            outcome.remarks.append(f"{name}: {(dear - cheap) / (large - small):.2f} CPU us per further KB ({small:g} to {large:g} KB)")


def latency(lab, case, outcome):
    """What a proxy adds to p50 and p99 at half its saturation, over the generator talking to the backend itself."""
    with bench_of(lab, case, outcome) as bench:
        rates = bench.rates(bench.saturation(), 0.5)
        port, rate = next(iter(bench.backends.values())), rates["busway"]

        def direct():
            return bench.lab.load(port, bench.exchanges["busway"], connections=case.connections, rate=rate, seconds=lab.options.seconds)

        straight = []

        def measure(running):
            if running is bench.sides[0]:
                straight.append(direct())
            return bench.load(running, rate=rates[running.name], seconds=lab.options.seconds)

        runs = bench.rounds(measure)
        base = {key: statistics.median(run[key] for run in straight) for key in ("p50_us", "p99_us", "p999_us")}
        outcome.row(case, "no proxy", **{"rate/s": rate, "p50 us": f"{base['p50_us']:.0f}", "p99 us": f"{base['p99_us']:.0f}",
                                         "p99.9 us": f"{base['p999_us']:.0f}", "added p50": "", "added p99": ""})
        for running in bench.sides:
            mid = {key: statistics.median(every(runs[running.name], key)) for key in base}
            outcome.row(case, running.name, **{
                "rate/s": rates[running.name], "p50 us": f"{mid['p50_us']:.0f}", "p99 us": f"{mid['p99_us']:.0f}",
                "p99.9 us": f"{mid['p999_us']:.0f}", "added p50": f"{mid['p50_us'] - base['p50_us']:.0f}",
                "added p99": f"{mid['p99_us'] - base['p99_us']:.0f}"})
        outcome.raw.append({"case": case.label, "rates": rates, "direct": straight, "runs": runs})


def open_idle(port, exchange, count):
    """`count` connections that have had one exchange each and stay open."""
    held = []
    request = f"{exchange.method} {exchange.target} HTTP/1.1\r\nHost: bench.example\r\n\r\n".encode()
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port), 20)
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.read()
        held.append(connection)
    return held


def idle(lab, case, outcome):
    """What idle connections cost in memory, and what they do to the latency of the active ones."""
    with bench_of(lab, case, outcome) as bench:
        count = 1000 if lab.options.quick else min(10000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 2000)
        rates = bench.rates(bench.saturation(), 0.5)
        for running in bench.sides:
            seconds = lab.options.seconds
            alone = bench.load(running, rate=rates[running.name], seconds=seconds)
            before = memory(running.pid)
            held = open_idle(running.port, bench.exchanges[running.name][0], count)
            each = (memory(running.pid) - before) / count
            beside_them = bench.load(running, rate=rates[running.name], seconds=seconds)
            for connection in held:
                connection.close()
            outcome.row(case, running.name, **{
                "idle": count, "bytes each": f"{each:.0f}", "p99 us alone": f"{alone['p99_us']:.0f}",
                "p99 us beside idle": f"{beside_them['p99_us']:.0f}", "rate/s": rates[running.name]})
            outcome.raw.append({"case": case.label, "side": running.name, "bytes": each, "alone": alone, "beside": beside_them})


class Peak:
    """The largest RssAnon of a process while `with` lasts."""

    def __init__(self, pid):
        self._pid, self.bytes, self._over = pid, memory(pid), threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self._over.wait(0.05):
            self.bytes = max(self.bytes, memory(self._pid))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()


def overload(lab, case, outcome):
    """Three times the requests and the connections that saturate a side: what still comes out, beside its peak in the same round."""
    with bench_of(lab, case, outcome) as bench:
        bench.saturation()
        for running in bench.sides:
            rounds, before = [], memory(running.pid)
            with Peak(running.pid) as peak:
                for _ in range(lab.options.rounds):
                    rounds.append(three_times(bench, running))
            goodputs = [much["requests"] / much["seconds"] / (full["requests"] / full["seconds"]) for full, much in rounds]
            middle = lambda half, key: statistics.median(pair[half][key] for pair in rounds)
            outcome.row(case, running.name, **{
                "peak/s": f"{statistics.median(full['requests'] / full['seconds'] for full, _ in rounds):.0f}",
                "goodput / peak": low_mid_high(goodputs), "p99 us at peak": f"{middle(0, 'p99_us'):.0f}",
                "p99 us": f"{middle(1, 'p99_us'):.0f}", "p99 / p99 at peak": low_mid_high([much["p99_us"] / full["p99_us"] for full, much in rounds]),
                "refused (503)": f"{middle(1, 'refused'):.0f}", "memory grew MB": f"{(peak.bytes - before) / 1e6:.1f}"})
            outcome.raw.append({"case": case.label, "side": running.name, "rounds": rounds})


def three_times(bench, running):
    full = bench.load(running, seconds=bench.lab.options.seconds)
    return full, bench.load(running, rate=int(3 * full["requests"] / full["seconds"]), connections=3 * bench.case.connections, shed=True,
                            seconds=bench.lab.options.seconds)


def mixed(lab, case, outcome):
    """Small exchanges at half load, alone and with one large transform among a hundred: what becomes of the small ones' tail."""
    with bench_of(lab, case, outcome) as bench:
        for running in bench.sides:
            large = tuple(settled(running.port, one) for one in case.large)
            seconds = lab.options.seconds
            both = lambda rate: small_beside_large(bench, running, large, rate, seconds)
            heavy = bench.lab.load(running.port, large, connections=1, seconds=max(1, seconds / 2))
            light = bench.load(running, seconds=max(1, seconds / 2))
            # Half load: 0.99 r small and 0.01 r large requests take half of the core.
            each = 0.99 * light["seconds"] / light["requests"] + 0.01 * heavy["seconds"] / heavy["requests"]
            rate = max(100, int(0.5 / each))
            alone, among = [], []
            for _ in range(lab.options.rounds):
                alone.append(bench.load(running, rate=rate, seconds=seconds))
                among.append(both(rate))
            outcome.row(case, running.name, **{
                "rate/s": rate, "large alone ms": f"{heavy['p50_us'] / 1000:.2f}",
                **{f"small {name} us {where}": f"{statistics.median(run[key] for run in runs):.0f}"
                   for where, runs in (("alone", alone), ("among large", among)) for name, key in (("p50", "p50_us"), ("p99", "p99_us"))}})
            outcome.raw.append({"case": case.label, "side": running.name, "rate": rate, "alone": alone, "among": among})


def small_beside_large(bench, running, large, rate, seconds):
    heavy = bench.lab.load_process(running.port, large, connections=4, rate=max(1, rate // 99), seconds=seconds)
    small = bench.load(running, rate=rate, seconds=seconds)
    answer_of(heavy)
    return small


def start(lab, case, outcome):
    """From the start of the program until it listens (busway: until it says `ready`), and the memory it then has."""
    seconds = {side.name: [] for side in case.sides}
    held = {}
    for _ in range(max(3, lab.options.rounds)):
        with bench_of(lab, case, outcome) as bench:
            for running in bench.sides:
                seconds[running.name].append(running.start_seconds)
                held[running.name] = (memory(running.pid), memory(running.pid, "VmRSS"))
    for name, (own, resident) in held.items():
        outcome.row(case, name, **{"start ms": low_mid_high([one * 1000 for one in seconds[name]], "{:.1f}"),
                                   "RssAnon MB": f"{own / 1e6:.2f}", "RSS MB": f"{resident / 1e6:.1f}"})
    outcome.raw.append({"case": case.label, "seconds": seconds, "memory": held})
