"""`./dev bench`: busway beside its peers, in one run, under the same conditions. docs/bench.md says how to read and extend it."""

import argparse
import dataclasses
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
import scenarios  # noqa: E402
from far_peers import CAMEL, CONNECT, NODE_RED  # noqa: E402
from lab import Lab, NotMeasured, Void, machine_times, raised_file_limit, steal_share  # noqa: E402
from line_tools import BLOBLANG, JQ  # noqa: E402
from mappings import JSONATA_JS  # noqa: E402
from measuring import Outcome, add_slopes  # noqa: E402
from peers import BUSWAY, CADDY, HAPROXY, NGINX  # noqa: E402
from report import Report, conditions  # noqa: E402

PEERS = (BUSWAY, NGINX, HAPROXY, CADDY, CAMEL, NODE_RED, CONNECT, JSONATA_JS, JQ, BLOBLANG)


def options_of(words):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("build", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="such as B1 B6; all of them when left out")
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default: 5)")
    parser.add_argument("--seconds", type=float, default=10, help="length of one half of a side's round (default: 10)")
    parser.add_argument("--quick", action="store_true", help="a smoke run: 1 round of 1 s, no long warm-up")
    parser.add_argument("--peers", help="only these beside busway, such as nginx,haproxy")
    options = parser.parse_intermixed_args(words)
    if options.quick:
        options.rounds, options.seconds = 1, 1
    if unknown := set(options.scenarios) - {one.name for one in scenarios.ALL}:
        parser.error(f"there is no scenario {', '.join(sorted(unknown))}; --list shows them")
    return options


def measured(scenario, build, options):
    """The outcome of a scenario, case by case: one that cannot be measured does not take the others with it."""
    outcome = Outcome()
    wanted = options.peers and ["busway", *options.peers.split(",")]
    for case in scenario.cases():
        sides = tuple(side for side in case.sides if not wanted or side.peer.name in wanted)
        try:
            with Lab(build, options) as lab:
                scenario.measure(lab, dataclasses.replace(case, sides=sides), outcome)
        except NotMeasured as why:
            outcome.remarks.append(f"not measured: {why}")
        except Void as why:
            outcome.remarks.append(f"void: {case.label}: {why}")
    add_slopes(outcome)
    return outcome


def main():
    options = options_of(sys.argv[1:])
    if options.list:
        for one in scenarios.ALL:
            print(f"{one.name:5} {one.title}")
        return
    if os.cpu_count() < 2:
        raise SystemExit("the benchmark needs two cores: one for the proxy, one for generator and backend")
    os.environ["BUSWAY"] = str(options.build.resolve() / "busway")
    raised_file_limit()
    report, before = Report(ROOT / "build/bench", PEERS), machine_times()
    for scenario in scenarios.ALL:
        if options.scenarios and scenario.name not in options.scenarios:
            continue
        report.add(scenario, measured(scenario, options.build, options))
        report.write(conditions(options.build, options, steal_share(before, machine_times())))
    print("\nWritten to build/bench/report.md and report.json")


main()
