"""Instructions a request of the hot paths, by callgrind: the guard against slow creep that a noisy machine cannot hide.

    python3 tests/bench/instructions.py build/release             compares with budgets.json; more than 5 % above it fails
    python3 tests/bench/instructions.py --record build/release    writes budgets.json anew, after a change that is worth its cost

The bus runs under callgrind with one worker, once for N requests and once for 2N: the difference over N is what one request costs,
and start-up, warm-up and shutdown cancel out. A run has one core, on which generator and backend may not interrupt the bus: each
request then finds the same bytes there at the same step. Budgets hold for one compiler, named in the file; with another there is nothing to
compare and the script says so (exit 77).
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import live_bus  # noqa: E402
import orders  # noqa: E402
from lab import Backend, Exchange, Lab, settled  # noqa: E402
from peers import filled  # noqa: E402
from report import compiler_of  # noqa: E402
from scenarios import BUSWAY_PLAIN, FRAMES, ORDERS, text  # noqa: E402

BUDGETS = HERE / "budgets.json"
TOLERANCE = 0.05
REQUESTS = 400
# A bus starts under callgrind some thirty times slower, and both cores may be busy.
live_bus.START_SECONDS = 50

PATHS = {
    "http proxy, 1 KB": (BUSWAY_PLAIN, {"backend": Backend(answer=text(1024))}, Exchange(request=text(1024), expect=text(1024))),
    "json to soap and back, 1 KB": (
        ORDERS, {"erp": Backend(answer=orders.answer_envelope(10), content_type="text/xml; charset=utf-8", holds=orders.MUST_HOLD)},
        orders.exchange(10)),
    "tcp frames, 1 KB": (FRAMES, {"backend": Backend("echo")}, Exchange("frame", "", (), text(1024), text(1024))),
}


def instructions_of_run(build, path, requests, core):
    """All instructions of a bus that serves so many requests and ends."""
    config, backends, exchange = PATHS[path]
    with Lab(build, apart=("chrt", "--batch", "0", "taskset", "-c", core)) as lab:
        counts = lab.folder / "callgrind"
        values = {name: lab.backend(backend) for name, backend in backends.items()}
        with live_bus.LiveBus({"bench.yaml": filled(config, {**values, "port": 0})}, arguments=["--workers", "1"],
                              prefix=["taskset", "-c", core, "valgrind", "--quiet", "--tool=callgrind",
                                      f"--callgrind-out-file={counts}", "--"]) as bus:
            port = bus.address("front")[1]
            lab.load(port, (settled(port, exchange),), connections=1, requests=requests)
        return next(int(line.split()[1]) for line in counts.read_text().splitlines() if line.startswith("totals:"))


def instructions_a_request(build, path):
    """The two runs of a path at once, a core each."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        once, twice = pool.map(instructions_of_run, (build, build), (path, path), (REQUESTS, 2 * REQUESTS), ("0", "1"))
    return round((twice - once) / REQUESTS)


def compared(build, path, budget):
    """Prints a line; whether the path is within its budget. What disturbs a run only adds to it, so too many are counted again."""
    count = instructions_a_request(build, path)
    if count > budget * (1 + TOLERANCE):
        count = min(count, instructions_a_request(build, path))
    good = count <= budget * (1 + TOLERANCE)
    print(f"{path}: {count} instructions a request, {count / budget - 1:+.1%} of the budget of {budget}" + ("" if good else ": too many"),
          flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="write budgets.json anew")
    parser.add_argument("build", type=pathlib.Path)
    options = parser.parse_args()
    live_bus.need(programs=("valgrind",))
    os.environ.setdefault("BUSWAY", str(options.build.resolve() / "busway"))
    compiler = compiler_of(options.build)
    budgets = json.loads(BUDGETS.read_text()) if BUDGETS.exists() else {"compiler": None}
    if not options.record and budgets["compiler"] != compiler:
        print(f"SKIP: the budgets hold for {budgets['compiler']}, this is {compiler}")
        sys.exit(live_bus.SKIPPED)

    build = options.build.resolve()
    if options.record:
        found = {path: min(instructions_a_request(build, path) for _ in range(2)) for path in PATHS}
        BUDGETS.write_text(json.dumps({"compiler": compiler, "instructions a request": found}, indent=2) + "\n")
        print(BUDGETS.read_text(), end="")
        return
    # Every path is shown, also behind one that is over.
    if not all([compared(build, path, budgets["instructions a request"][path]) for path in PATHS]):
        print(f"More than {TOLERANCE:.0%} over budget. If the change is worth it, say why in its commit and record anew:\n"
              f"  python3 tests/bench/instructions.py --record {options.build}")
        sys.exit(1)


main()
