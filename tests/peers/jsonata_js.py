"""Generated expressions and documents through `busway eval --cases` and through jsonata-js: the same result, or the same error code.

    jsonata_js.py [--live CASES] [--seed SEED]     ask jsonata-js itself: needs node, npm and npm's registry
    jsonata_js.py --record CASES [--seed SEED]     write jsonata/recorded.jsonl anew

Without an argument the recorded answers of jsonata-js serve, and no network is needed. BUSWAY_LONG adds 10,000 live cases, a
quarter of them mutated from the cases of jsonata-js's own suite where those lie beside the checkout. Every difference needs a rule in
jsonata/differences.txt, where the form of the rules stands; a difference without one fails.
"""

import argparse
import collections
import json
import math
import os
import pathlib
import random
import re
import select
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE / "jsonata")]
from documents import document  # noqa: E402
from expressions import Expressions  # noqa: E402
from live_bus import ROOT, SKIPPED, binary  # noqa: E402
from mutations import Mutations, published_cases  # noqa: E402

RECORDED = HERE / "jsonata/recorded.jsonl"
CHUNK = 500
QUIET_SECONDS = 10  # without an answer: the case does not end


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def same_characters(ours, theirs):
    return sorted(ours) == sorted(theirs)


def same_to_15_digits(ours, theirs):
    number = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)")
    mine, other = number.split(ours), number.split(theirs)
    return len(mine) == len(other) and mine[::2] == other[::2] and all(
        math.isclose(float(a), float(b), rel_tol=1e-14) for a, b in zip(mine[1::2], other[1::2]))


def same_but_for_separators(ours, theirs):
    at = 0
    for c in theirs:
        if at < len(ours) and ours[at] == c:
            at += 1
        elif c not in ",:.$":
            return False
    return at == len(ours)


ALIKE = {"separators": same_but_for_separators, "characters": same_characters, "15 digits": same_to_15_digits}


class Rule:
    """A reason, and what must hold of a difference for it to be the one: each part is a pattern that is found in its text."""

    def __init__(self, reason):
        self.reason, self.parts, self.uses = reason, [], 0

    def explains(self, texts):
        return all(ALIKE[pattern](texts["ours"], texts["theirs"]) if part == "alike" else re.search(pattern, texts[part]) for part, pattern in self.parts)


def read_rules():
    rules = []
    for line in (HERE / "jsonata/differences.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith("  "):
            rules.append(Rule(line))
            continue
        part, pattern = line.strip().split(": ", 1)
        rules[-1].parts.append((part, pattern))
    return rules


def alike(ours, theirs):
    """JSON of the same meaning: numbers as doubles, which is what jsonata-js has, and members in any order."""
    if isinstance(ours, bool) or isinstance(theirs, bool) or ours is None or theirs is None:
        return ours is theirs
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return float(ours) == float(theirs)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(alike, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(alike(ours[key], theirs[key]) for key in ours)
    return type(ours) is type(theirs) and ours == theirs


def read(line):
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return {"garbage": line}


def lines_of(command):
    """The lines a program writes, whole ones only, and None or why it did not come to its end."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    text = b""
    try:
        while select.select([process.stdout], [], [], QUIET_SECONDS)[0]:
            got = os.read(process.stdout.fileno(), 1 << 20)
            if not got:
                status = process.wait()
                return text.split(b"\n")[:-1], {"died": status} if status else None
            text += got
        return text.split(b"\n")[:-1], {"slow": True}
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def run_lines(command, cases, folder):
    """One outcome a case. What a program that died or hangs has not answered is asked again, one by one at first, so that the
    case is found that it was about."""
    outcomes, size = [], CHUNK
    path = folder / "cases.jsonl"
    while len(outcomes) < len(cases):
        part = cases[len(outcomes):len(outcomes) + size]
        path.write_text("".join(compact(case) + "\n" for case in part), encoding="utf-8")
        lines, problem = lines_of([*command, str(path)])
        outcomes += [read(line.decode("utf-8", "surrogatepass")) for line in lines]
        if problem and len(part) == 1 and not lines:
            outcomes.append(problem)
        size = 1 if problem and len(part) > 1 else min(CHUNK, size * 2)
    return outcomes


def ask_busway(cases):
    with tempfile.TemporaryDirectory(prefix="busway-test-") as folder:
        answers = run_lines([binary(), "eval", "--cases"], cases, pathlib.Path(folder))
    return [{"error": answer["error"]["code"]} if answer.get("error") else answer for answer in answers]


def skip(why):
    print(f"SKIP: {why}", flush=True)
    sys.exit(SKIPPED)


def install():
    """The folder with jsonata-js in it, fetched once by npm from its registry."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        skip("jsonata-js itself: not installed: " + ", ".join(missing))
    folder = ROOT / "build/peers/jsonata-js"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "peer.mjs"):
        shutil.copy(HERE / "jsonata" / name, folder / name)
    try:
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        skip("jsonata-js itself: npm install does not come to an end")
    if done.returncode != 0:
        skip("jsonata-js itself: npm install: " + (done.stderr.strip().splitlines() or ["failed"])[0])
    return folder


def version_in(folder):
    return json.loads((folder / "node_modules/jsonata/package.json").read_text())["version"]


def ask_jsonata_js(cases, folder):
    with tempfile.TemporaryDirectory(prefix="busway-test-") as work:
        return run_lines(["node", str(folder / "peer.mjs")], cases, pathlib.Path(work))


def generated(count, seed):
    source = random.Random(seed)
    expressions, made, seen = Expressions(source), [], set()
    while len(made) < count:
        expression = expressions.expression()
        if len(expression) > 600 or expression in seen:
            continue
        seen.add(expression)
        made.append({"expr": expression, **document(source)})
    return made


def compare(title, cases, ours, theirs):
    """Prints what was alike and which rule explains the rest; returns the number of differences without a rule."""
    rules = read_rules()
    kinds, unexplained = collections.Counter(), []
    for case, mine, other in zip(cases, ours, theirs):
        kinds["error" if "error" in other else "nothing" if "undefined" in other else "result" if "result" in other else "other"] += 1
        if mine.keys() == other.keys() and alike(mine, other):
            continue
        texts = {"expr": case["expr"], "data": json.dumps(case.get("data")), "ours": compact(mine), "theirs": compact(other)}
        for rule in rules:
            if rule.explains(texts):
                rule.uses += 1
                break
        else:
            unexplained.append(texts)
    explained = sum(rule.uses for rule in rules)
    print(f"{title}: {len(cases)} cases ({kinds['result']} results, {kinds['nothing']} nothing, {kinds['error']} errors), "
          f"{len(cases) - explained - len(unexplained)} alike, {explained} differ as explained, {len(unexplained)} without a reason", flush=True)
    for rule in rules:
        if rule.uses:
            print(f"  {rule.uses:5} {rule.reason}")
    for texts in unexplained[:400]:
        print("\n".join(f"  {part}: {text[:1500]}" for part, text in texts.items()) + "\n")
    return len(unexplained)


def live(count, seed):
    folder = install()
    mutations = Mutations(random.Random(seed), published_cases())
    mutated = [mutations.case() for _ in range(count // 4)] if mutations.cases else []
    cases = generated(count - len(mutated), seed) + mutated
    title = f"jsonata-js {version_in(folder)}, seed {seed}, {len(mutated)} mutated from published cases"
    return compare(title, cases, ask_busway(cases), ask_jsonata_js(cases, folder))


def record(count, seed):
    folder = install()
    cases = generated(count, seed)
    answers = ask_jsonata_js(cases, folder)
    with open(RECORDED, "w", encoding="utf-8") as file:
        file.write(compact({"jsonata": version_in(folder), "seed": seed, "cases": count}) + "\n")
        for case, answer in zip(cases, answers):
            file.write(compact({**case, "answer": answer}) + "\n")


def recorded():
    head, *cases = [json.loads(line) for line in RECORDED.read_text(encoding="utf-8").split("\n") if line]
    theirs = [case.pop("answer") for case in cases]
    return compare(f"jsonata-js {head['jsonata']} as recorded", cases, ask_busway(cases), theirs)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--live", type=int, default=10000 if os.environ.get("BUSWAY_LONG") else 0)
    parser.add_argument("--record", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    if words.record:
        record(words.record, words.seed)
    wrong = recorded()
    if words.live:
        wrong += live(words.live, words.seed)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
