"""Cases made from published ones by small changes: a token left out, doubled, swapped or replaced by one of its kind, other data."""

import json
import re

from documents import anything, document
from live_bus import ROOT

PUBLISHED = ROOT.parent / "shared/conformance/jsonata/cases.jsonl"
TOKEN = re.compile(r"""/\*.*?\*/ | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*` | \$?\w+(?:\.\d+)? | :=|!=|<=|>=|~>|\.\.|\?\?|\?:|\*\* | \s+ | .""", re.X | re.S)
CLOCK = re.compile(r"\$(?:now|millis|random|shuffle)\b")
HUGE = re.compile(r"\.\.\s*\d{6,}|\.\.\s*\d+e", re.I)
OPERATORS = ["+", "-", "*", "/", "%", "&", "=", "!=", "<", "<=", ">", ">=", "~>", ".", "..", "?", ":", ":=", "??", "?:", "and", "or", "in", "@", "#", "^", "|", ";", ",", "**"]


def published_cases():
    if not PUBLISHED.exists():
        return []
    cases = [json.loads(line) for line in PUBLISHED.read_text(encoding="utf-8").split("\n") if line]
    return [case for case in cases if len(case["expr"]) < 800 and len(json.dumps(case.get("data"))) < 20000]


def kind_of(token):
    if token in OPERATORS:
        return "operator"
    if token[0] in "\"'":
        return "string"
    return "number" if token[0].isdigit() else "variable" if token[0] == "$" else "name" if token[0].isalpha() else "other"


class Mutations:
    def __init__(self, random, cases):
        self.random, self.cases = random, cases
        self.known = {"operator": list(OPERATORS)}
        for case in cases:
            for token in TOKEN.findall(case["expr"]):
                self.known.setdefault(kind_of(token), []).append(token)

    def changed(self, expression):
        tokens = TOKEN.findall(expression)
        for _ in range(self.random.choice([1, 1, 2])):
            if not tokens:
                break
            at = self.random.randrange(len(tokens))
            pick = self.random.random()
            if pick < 0.15:
                del tokens[at]
            elif pick < 0.22:
                tokens.insert(at, tokens[at])
            elif pick < 0.3:
                other = self.random.randrange(len(tokens))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            else:
                tokens[at] = self.random.choice(self.known[kind_of(tokens[at])])
        return "".join(tokens)

    def data_of(self, case):
        if self.random.random() < 0.85:
            return {"data": case["data"]} if "data" in case else {}
        return document(self.random) if self.random.random() < 0.7 else {"data": anything(self.random)}

    def case(self):
        while True:
            case = self.random.choice(self.cases)
            expression = self.changed(case["expr"]) if self.random.random() < 0.9 else case["expr"]
            if not CLOCK.search(expression) and not HUGE.search(expression):
                return {"expr": expression, **self.data_of(case), "bindings": case.get("bindings") or {}}
