"""Writes what was measured: a table on the terminal, report.md for people and report.json for programs."""

import json
import os
import pathlib
import platform
import subprocess

from lab import NotMeasured
from measuring import low_mid_high


def table(rows):
    """A Markdown table, aligned so that the terminal can show it as it is."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [columns] + [[str(row.get(column, "")) for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in cells]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return lines


def section(scenario, outcome):
    lines = ["", f"## {scenario.name}: {scenario.title}", ""]
    if outcome.rows:
        lines += table(outcome.rows) + [""]
    lines += [f"- **{what}: {low_mid_high(values)}**" for what, values in outcome.ratios]
    lines += [f"- {remark}" for remark in dict.fromkeys(outcome.remarks)]
    return lines


def compiler_of(build):
    for line in (pathlib.Path(build) / "CMakeCache.txt").read_text().splitlines():
        if line.startswith("CMAKE_CXX_COMPILER:"):
            done = subprocess.run([line.partition("=")[2], "--version"], capture_output=True, text=True)
            return done.stdout.splitlines()[0] if done.stdout else "unknown compiler"
    return "unknown compiler"


def processor():
    with open("/proc/cpuinfo") as info:
        return next((line.partition(": ")[2].strip() for line in info if line.startswith("model name")), platform.machine())


def conditions(build, options, steal):
    return {"kernel": platform.release(), "processor": processor(), "cores": os.cpu_count(), "compiler": compiler_of(build),
            "congestion control": pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip(),
            "rounds": f"{options.rounds} of 2 x {options.seconds:g} s a side, interleaved", "steal": f"{steal:.1%}"}


class Report:
    """Grows by a section a scenario and is written after each, so that an interrupted run leaves what it has."""

    def __init__(self, folder, peers):
        self._folder, self._peers = folder, peers
        self._sections, self._data = [], {}
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, scenario, outcome):
        lines = section(scenario, outcome)
        print("\n".join(lines), flush=True)
        self._sections += lines
        self._data[scenario.name] = {"title": scenario.title, "rows": outcome.rows, "ratios": outcome.ratios,
                                     "remarks": list(dict.fromkeys(outcome.remarks)), "configs": outcome.configs, "runs": outcome.raw}

    def write(self, about):
        peers = [{"peer": peer.name, "version": version, "conditions": peer.notes}
                 for peer in self._peers if (version := version_of(peer))]
        head = ["# Busway beside its peers", "", "Ratios are min - median - max over the rounds; above 1 busway is cheaper. A ratio inside the "
                "spread of the A/A columns says nothing. docs/bench.md tells how to read the rest.", ""]
        head += table([{"": key, "value": value} for key, value in about.items()]) + [""] + table(peers)
        configs = ["", "## Configurations", ""]
        for name, data in self._data.items():
            for side, text in data["configs"].items():
                shown = text if len(text) < 2000 else text[:2000] + "\n..."
                configs += [f"{name}, {side}:", "", "```", shown.rstrip(), "```", ""]
        (self._folder / "report.md").write_text("\n".join(head + self._sections + configs) + "\n")
        (self._folder / "report.json").write_text(json.dumps({"about": about, "peers": peers, "scenarios": self._data}, indent=1))


def version_of(peer):
    try:
        return peer.version()
    except (NotMeasured, OSError, ValueError):  # a peer that is not there has no version
        return ""
