"""B5: JSONata alone. What 24 mappings cost over orders of three sizes, beside jsonata-js, awaited; no socket and no bus.

jsonata-js and bench_mapping get the same file of cases and print what each evaluation took and gave; results that differ void the case. A
loop in which something stays the same is measured over 10,000 elements, where jsonata-js is given LOOP_SECONDS and then a lower bound
counts. jq and Bloblang stand beside for the mappings they have a form of (line_tools.py). Mappings that look at a small part of a large
document are held against reading it: the rest of it must cost nothing more.
"""

import json
import math
import subprocess

from far_peers import FarPeer, first_line
from lab import PEER_CORE, NotMeasured
from measuring import Case
from line_tools import BLOBLANG, JQ
from peers import BUSWAY, Side

LOOP_SECONDS = 40
ELEMENTS = 10000
LINE_TOOLS = (JQ, BLOBLANG)

JSONATA_JS = FarPeer(
    "jsonata-js", ("node", "npm"), fetch=(("npm", "install", "--no-audit", "--no-fund", "--omit=dev"),),
    made="node_modules/jsonata/jsonata.js", command=None, setups=("mappings",), warm_seconds=0,
    version_of=lambda folder: "jsonata " + json.loads((folder / "node_modules/jsonata/package.json").read_text())["version"]
    + ", node " + first_line(["node", "--version"]), notes="evaluations awaited one after the other")

MAPPINGS = {
    "rename": '{ "orderId": id, "buyer": customer.name, "mail": customer.email, "city": customer.address.city }',
    "lines": 'lines.{ "Sku": sku, "Quantity": qty, "UnitPrice": price }',
    "order to erp": '{ "Customer": customer.name, "Currency": currency, "Line": lines.{ "Sku": sku, "Quantity": qty, "UnitPrice": price } }',
    "total": '$sum(lines.(qty * price))',
    "filter": 'lines[qty > 5].sku',
    "filter by text": 'lines[category = "tools"].{ "sku": sku, "name": name }',
    "group": 'lines{ category: $sum(qty) }',
    "sort": 'lines^(>price, sku).sku',
    "distinct": '$distinct(lines.category)',
    "text": 'customer.name & " <" & customer.email & ">, " & customer.address.city',
    "bands": 'lines.{ "sku": sku, "band": price > 50 ? "high" : price > 20 ? "middle" : "low" }',
    "map": '$map(lines, function($l) { { "sku": $l.sku, "sum": $l.qty * $l.price } })',
    "filter function": '$filter(lines, function($l) { $l.qty > 3 and $l.category != "toys" }).sku',
    "reduce": '$reduce(lines.qty, function($a, $q) { $a + $q }, 0)',
    "join": '$join(lines.sku, ",")',
    "codes": '( $codes := { "tools": "T1", "toys": "T2", "books": "B1" }; lines.{ "sku": sku, "code": $lookup($codes, category) } )',
    "strings": 'lines.{ "sku": $uppercase(sku), "short": $substring(name, 0, 8), "first": $substringBefore(name, " ") }',
    "defaults": '{ "note": note ? note : "none", "vat": $exists(customer.vat) ? customer.vat : "-", "lines": [lines[0].sku] }',
    "dates": '{ "millis": $toMillis(date), "day": $substring(date, 0, 10) }',
    "money": 'lines.{ "sku": sku, "price": $formatNumber(price, "#,##0.00") }',
    "positions": 'lines#$i.{ "position": $i + 1, "sku": sku }',
    "parents": 'lines.{ "order": %.id, "sku": sku }',
    "descendants": '$count(**.sku)',
    "summary": '( $net := $sum(lines.(qty * price)); $tax := $net * 0.2;'
               ' { "net": $round($net, 2), "tax": $round($tax, 2), "gross": $round($net + $tax, 2), "count": $count(lines) } )',
}

LOOPS = {
    "predicate on the root in a loop (jsonata#541)": 'wanted.( $id := $; $$.items[id = $id].name )',
    "the same total for each element (jsonata#583)": 'items.( price / $sum($$.items.price) )',
    "join in a function": '$map(wanted, function($w) { $$.items[id = $w].price })',
    "largest beside each": 'items.{ "id": id, "share": price / $max($$.items.price) }',
}

# What reads a twentieth of an order: some of its lines, or a little of each.
PARTS = {
    "the first lines": '{ "Customer": customer.name, "Line": lines[[0..LAST]].{ "Sku": sku, "Quantity": qty, "UnitPrice": price } }',
    "a number of each line": '{ "Customer": customer.name, "Pieces": $sum(lines.qty) }',
}


def order(lines):
    categories = ("tools", "toys", "books")
    return {"id": "PO-2003-77", "date": "2026-03-01T10:11:12.000Z", "currency": "EUR", "note": "",
            "customer": {"name": "ACME Ltd", "email": "buy@acme.example", "address": {"street": "Main 1", "city": "Graz", "zip": "8010"}},
            "lines": [{"sku": f"A-{1000 + n * 7919 % 9000}", "name": f"Item number {n}", "qty": n * 31 % 9 + 1,
                       "price": (n * 7907 % 9900 + 100) / 100, "category": categories[n * 13 % 3]} for n in range(lines)]}


def elements(count):
    return {"items": [{"id": f"id-{n}", "name": f"name {n}", "price": n % 97 + 1} for n in range(count)],
            "wanted": [f"id-{n * 7919 % count}" for n in range(count)]}


def case_file(expressions, data):
    return "".join(json.dumps({"name": name, "expr": text, "data": data}) + "\n" for name, text in expressions.items()).encode()


def cases():
    sides = (Side(BUSWAY, "mappings"), Side(JSONATA_JS, "mappings"), *(Side(tool, "mappings") for tool in LINE_TOOLS))
    sized = [Case(f"{label}, evaluation", {}, sides, (), files=(("cases", case_file(MAPPINGS, order(lines))),))
             for label, lines in (("0.5 KB", 3), ("10 KB", 110), ("100 KB", 1100))]
    whole = {"order to erp": MAPPINGS["order to erp"]}
    parts = [Case(f"{label}, a twentieth of it read", {}, sides[:1], (), load=(("part", True),),
                  files=(("cases", case_file({name: text.replace("LAST", str(lines // 20 - 1)) for name, text in PARTS.items()}, order(lines))),))
             for label, lines in (("10 KB", 110), ("100 KB", 1100))]
    return [*sized, *parts, Case("700 B, read, map and write", {}, sides, (), files=(("cases", case_file(whole, order(5))),),
                         load=(("whole", True),)),
            *(Case(f"{name}, {ELEMENTS} elements", {}, sides, (), files=(("cases", case_file({name: text}, elements(ELEMENTS))),),
                   load=(("loop", True),)) for name, text in LOOPS.items())]


def answers_of(words, seconds):
    """name -> answer of each case; None when it took longer than it may."""
    try:
        done = subprocess.run(["taskset", "-c", PEER_CORE, *map(str, words)], capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        raise NotMeasured((done.stderr or "no output").strip().splitlines()[-1][:200])
    return {answer["name"]: answer for answer in map(json.loads, done.stdout.splitlines())}


def alike(left, right):
    """Equal, but for the last digits of a number, where a sum may have been made in another order, and for how a number is written."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(alike(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(alike, left, right))
    if isinstance(left, float) or isinstance(right, float):
        return isinstance(left, (int, float)) and isinstance(right, (int, float)) and math.isclose(left, right, rel_tol=1e-12)
    return left == right and type(left) is type(right)


def compare(case, outcome, name, answer, others):
    """Another tool's answer that is not ours makes its figure void."""
    for tool, found in others.items():
        if name in found and not alike(answer.get("result"), found[name]["result"]):
            outcome.remarks.append(f"void: {case.label}: {name}: another result beside {tool}'s")
            del found[name]


def beside(lab, inner, case, outcome):
    """What jq and Bloblang take for those of the case's mappings they have: tool -> name -> answer."""
    lines = [json.loads(line) for line in case.files[0][1].decode().splitlines()]
    whole = bool(dict(case.load).get("whole"))
    results = {}
    for side in case.sides:
        if side.peer not in LINE_TOOLS:
            continue
        try:
            found = side.peer.answers(inner, lines[0]["data"], [line["name"] for line in lines], 0.1 if lab.options.quick else 0.5, whole)
        except (NotMeasured, OSError, ValueError, subprocess.TimeoutExpired) as why:
            outcome.remarks.append(f"{case.label}: not measured: {side.peer.name}: {str(why)[:200]}")
            continue
        results[side.peer.name] = found
    return results


def measure_part(lab, case, outcome):
    """Reading, mapping and writing, as a multiple of reading alone; both in turns, the best of each."""
    seconds = 0.2 if lab.options.quick else 0.5
    rounds = {"--whole": [], "--read": []}
    with lab.nested() as inner:
        path = inner.file(case.files[0][1])
        for _ in range(3):
            for way, found in rounds.items():
                found.append(answers_of([lab.build / "tests/bench/bench_mapping", path, "--seconds", seconds, way], 600))
    for name, answer in rounds["--whole"][0].items():
        if "error" in answer:
            outcome.remarks.append(f"void: {case.label}: {name}: {answer['error']}")
            continue
        whole, read = (min(answers[name]["ns"] for answers in found) for found in rounds.values())
        outcome.row(case, "busway", mapping=name, us=f"{whole / 1e3:.2f}", **{"reading alone us": f"{read / 1e3:.2f}"})
        outcome.ratios.append((f"{case.label}: {name}: read, map and write / read alone", [whole / read]))


def measure(lab, case, outcome):
    if dict(case.load).get("part"):
        measure_part(lab, case, outcome)
        return
    loop = bool(dict(case.load).get("loop"))
    seconds = 0.2 if lab.options.quick else 0.5
    options = ["--seconds", seconds] + (["--whole"] if dict(case.load).get("whole") else [])
    with lab.nested() as inner:
        path = inner.file(case.files[0][1])
        ours = answers_of([lab.build / "tests/bench/bench_mapping", path, *options], 600)
        theirs = {}
        if any(side.peer is JSONATA_JS for side in case.sides):
            try:
                JSONATA_JS.prepare()
                theirs = answers_of(["node", JSONATA_JS.folder() / "peer.mjs", path, *options], LOOP_SECONDS if loop else 600)
            except NotMeasured as why:
                outcome.remarks.append(f"{case.label}: not measured: jsonata-js: {why}")
        others = {} if loop else beside(lab, inner, case, outcome)
    ratios, tool_ratios = [], {}
    for name, answer in (ours or {}).items():
        peer = {"ns": LOOP_SECONDS * 1e9} if theirs is None else theirs.get(name, {})
        row = {"mapping": name, "us": f"{answer.get('ns', 0) / 1e3:.2f}"}
        compare(case, outcome, name, answer, others)
        if "error" in answer or (theirs and not alike(answer.get("result"), peer.get("result"))):
            outcome.remarks.append(f"void: {case.label}: {name}: {answer.get('error', 'another result')} beside {peer.get('error', 'theirs')}")
        elif "ns" in peer:
            ratio = peer["ns"] / answer["ns"]
            ratios.append(ratio)
            row |= {"jsonata-js us": f"{'more than ' if theirs is None else ''}{peer['ns'] / 1e3:.1f}", "ratio": f"{ratio:.0f}"}
        for tool, found in others.items():
            if name in found:
                row |= {f"{tool} us": f"{found[name]['ns'] / 1e3:.1f}", f"{tool} ratio": f"{found[name]['ns'] / answer['ns']:.0f}"}
                tool_ratios.setdefault(tool, []).append(found[name]["ns"] / answer["ns"])
        outcome.row(case, "busway", **row)
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        outcome.ratios.append((f"{case.label}: jsonata-js / busway, geometric mean of {len(ratios)}", [mean]))
        outcome.raw.append({"case": case.label, "ratios": ratios})
    for tool, found in tool_ratios.items():
        outcome.ratios.append((f"{case.label}: {tool} / busway, geometric mean of {len(found)}",
                               [math.exp(sum(map(math.log, found)) / len(found))]))
    every = [ratio for one in outcome.raw if "evaluation" in one["case"] for ratio in one["ratios"]]
    if "100 KB" in case.label and every:
        outcome.ratios.append((f"jsonata-js / busway over all {len(every)} evaluations, geometric mean",
                               [math.exp(sum(map(math.log, every)) / len(every))]))
