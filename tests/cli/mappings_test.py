"""Every snippet of docs/mappings.md, run: mappings_test.py BUSWAY SOURCE

What a fenced block is, its first line says, and any other kind of block fails:

    ```json input          the document that what follows reads
    ```jsonata mapping     the expression that what follows is made by
    ```json output         what `busway eval` must print for the last mapping and the last input: the same members in the same
                           order with the same number texts; only white space is free
    ```text error          what it must say instead on stderr, with exit status 1: one line that is found in there
    ```csv file NAME       a file of the recipe's bundle; so are `json file NAME` and `jsonata file NAME`
    ```yaml shared         the route file of the recipe's bundle: from there on mappings are run with `--bundle`
    ```yaml bundle         a bundle that `busway check` finds nothing in, where the last mapping is the file order.jsonata
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

busway, source = sys.argv[1], pathlib.Path(sys.argv[2])
PAGE = source / "docs/mappings.md"
RECIPES = 10


def document(text):
    """JSON as it is written: numbers as their text, members as a list in order."""
    number = lambda digits: ("number", digits)  # noqa: E731
    return json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs), parse_float=number, parse_int=number)


def blocks(text):
    """(line, kind, body) of each fenced block, and the headings of recipes between them as (line, "recipe", title)."""
    opened = None
    for number, line in enumerate(text.splitlines(), 1):
        if opened is None and line.startswith("## ") and line[3:4].isdigit():
            yield number, "recipe", line[3:]
        elif opened is None and line.startswith("```"):
            opened, kind, body = number, line[3:].strip(), []
        elif opened is not None and line.startswith("```"):
            yield opened, kind, "\n".join(body) + "\n"
            opened = None
        elif opened is not None:
            body.append(line)


class Page:
    def __init__(self, folder):
        self.folder, self.wrong, self.runs, self.recipes = folder, [], 0, {}
        self.input = self.mapping = self.shared = None

    def find(self, line, problem):
        self.wrong.append(f"docs/mappings.md:{line}: {problem}")

    def run(self, *words):
        return subprocess.run([busway, *map(str, words)], capture_output=True, text=True, timeout=60, check=False)

    def evaluate(self, line):
        if self.input is None or self.mapping is None:
            self.find(line, "no input or no mapping stands before this")
            return None
        self.runs += 1
        if self.recipes:
            self.recipes[list(self.recipes)[-1]] += 1
        (self.folder / "order.jsonata").write_text(self.mapping, encoding="utf-8")
        (self.folder / "input.json").write_text(self.input, encoding="utf-8")
        shared = ["--bundle", self.shared] if self.shared and (self.shared / "shared.yaml").exists() else []
        return self.run("eval", "--expr-file", self.folder / "order.jsonata", "--input", self.folder / "input.json", *shared)

    def file(self, name, body):
        if self.shared is None:
            self.shared = self.folder / f"shared-{len(self.recipes)}"
            self.shared.mkdir()
        (self.shared / name).write_text(body, encoding="utf-8")

    def output(self, line, body):
        done = self.evaluate(line)
        if done is None:
            return
        if done.returncode != 0:
            self.find(line, f"exit status {done.returncode}: {done.stderr.strip()}")
        elif not done.stdout.strip() or document(done.stdout) != document(body):
            self.find(line, f"this is printed instead: {done.stdout.strip() or 'nothing'}")

    def error(self, line, body):
        done = self.evaluate(line)
        if done is not None and (done.returncode != 1 or body.strip() not in done.stderr):
            self.find(line, f"exit status {done.returncode}, and this is said instead: {done.stderr.strip() or done.stdout.strip()}")

    def bundle(self, line, body):
        self.runs += 1
        bundle = self.folder / f"bundle-{line}"
        bundle.mkdir()
        (bundle / "orders.yaml").write_text(body, encoding="utf-8")
        (bundle / "order.jsonata").write_text(self.mapping or "", encoding="utf-8")
        done = self.run("check", bundle)
        if done.returncode != 0:
            self.find(line, (done.stdout + done.stderr).strip())

    def take(self, line, kind, body):
        if kind == "recipe":
            self.recipes[body] = 0
            self.input = self.mapping = self.shared = None
        elif re.fullmatch(r"(csv|json|jsonata) file [\w.-]+", kind):
            self.file(kind.split()[2], body)
        elif kind == "yaml shared":
            self.file("shared.yaml", body)
        elif kind == "json input":
            self.input = body
        elif kind == "jsonata mapping":
            self.mapping = body
        elif kind in ("json output", "text error", "yaml bundle"):
            {"json output": self.output, "text error": self.error, "yaml bundle": self.bundle}[kind](line, body)
        else:
            self.find(line, f"'{kind}' is no kind of block here")


def main():
    with tempfile.TemporaryDirectory(prefix="busway-test-") as folder:
        page = Page(pathlib.Path(folder))
        text = PAGE.read_text(encoding="utf-8")
        for line, kind, body in blocks(text):
            page.take(line, kind, body)
    if len(page.recipes) != RECIPES:
        page.find(1, f"{len(page.recipes)} recipes instead of {RECIPES}")
    page.wrong += [f"docs/mappings.md: nothing is run in '{title}'" for title, runs in page.recipes.items() if runs == 0]
    if len(re.findall(r"^```", text, re.M)) % 2:
        page.find(1, "a block is not closed")
    print("\n".join(page.wrong + [f"{page.runs} snippets run in {len(page.recipes)} recipes, {len(page.wrong)} wrong"]))
    sys.exit(1 if page.wrong else 0)


main()
