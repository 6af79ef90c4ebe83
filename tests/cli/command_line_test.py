"""The command line as users meet it: exit codes, what goes to stdout and stderr, and the shape of what programs read."""
import json
import os
import pathlib
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BUSWAY, SOURCE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])


def busway(*arguments, stdin=""):
    done = subprocess.run([BUSWAY, *arguments], input=stdin, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


class Case(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.directory = pathlib.Path(kept.name)

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def exits(self, code, *arguments, stdin=""):
        status, out, err = busway(*arguments, stdin=stdin)
        self.assertEqual(status, code, f"busway {' '.join(arguments)}\n{out}{err}")
        self.assertNotIn("terminate called", err)
        return out, err


class Usage(Case):
    def test_nothing_and_nonsense_are_usage_errors(self):
        self.exits(2)
        for arguments in (["check"], ["test"], ["run"], ["eval", "--nonsense"], ["list", "adaptors"], ["new"], ["new", "bundle"],
                          ["convert", "--from", "json"], ["check", "a", "b"], ["check", ".", "--format", "yaml"], ["help", "nonsense"],
                          ["help", "adapter", "htp"], ["help", "adapter"], ["explain", "BW0"], ["--nonsense"]):
            with self.subTest(arguments):
                out, err = self.exits(2, *arguments)
                self.assertEqual(out, "")
                self.assertTrue(err.strip())

    def test_a_misspelt_verb_is_recognised(self):
        _, err = self.exits(2, "chek")
        self.assertIn("did you mean 'check'?", err)

    def test_every_verb_has_help(self):
        out, _ = self.exits(0, "list", "verbs")
        verbs = [line.split()[0] for line in out.splitlines()]
        self.assertEqual(sorted(verbs), ["check", "convert", "eval", "explain", "help", "list", "new", "plugin", "run", "schema", "test"])
        for verb in verbs:
            with self.subTest(verb):
                out, _ = self.exits(0, "help", verb)
                self.assertIn(f"Usage: busway {verb}", out)
                self.assertEqual(self.exits(0, verb, "--help")[0], out)
        overview, _ = self.exits(0, "help")
        for verb in verbs:
            self.assertIn(f"  {verb} ", overview)

    def test_version(self):
        out, _ = self.exits(0, "--version")
        self.assertRegex(out, r"^busway \d+\.\d+\.\d+\n$")


class Reference(Case):
    def test_a_component_tells_its_keys_with_type_default_and_bounds(self):
        out, _ = self.exits(0, "help", "adapter", "http")
        self.assertIn("- `listen` (text, required, the value alone stands for it): Where to listen", out)
        self.assertRegex(out, r"- `idle` \(duration, default `1m`, 10ms to 1h\)")
        self.assertIn("Delivery: acknowledges when the route has replied", out)
        self.assertIn("## Examples", out)
        self.assertIn("never printed", out)
        self.exits(0, "help", "step", "call")
        self.exits(0, "help", "format", "fixed")
        _, err = self.exits(2, "help", "step", "mpa")
        self.assertIn("did you mean 'map'?", err)

    def test_list_is_alphabetical_and_complete(self):
        out, _ = self.exits(0, "list")
        for title in ("adapters:", "formats:", "steps:", "verbs:"):
            self.assertIn(title, out)
        names = [line.split()[0] for line in self.exits(0, "list", "formats")[0].splitlines()]
        self.assertEqual(names, sorted(names))
        self.assertIn("json", names)

    def test_explain(self):
        out, _ = self.exits(0, "explain", "bw1004")
        self.assertTrue(out.startswith("BW1004: Unknown key\n"))
        self.assertIn("What to do:", out)
        ids = [line.split()[0] for line in self.exits(0, "explain")[0].splitlines()]
        self.assertEqual(ids, sorted(set(ids)))

    def test_every_id_the_sources_use_is_explained(self):
        ids = {line.split()[0] for line in self.exits(0, "explain")[0].splitlines()}
        for folder in ("bus", "routes", "transforms", "adapters"):
            for path in (SOURCE / folder).rglob("*.cpp"):
                for used in re.findall(r'"(BW\d{4})"', path.read_text()):
                    self.assertIn(used, ids, str(path))

    def test_the_schema_is_closed_json_that_knows_the_components(self):
        schema = json.loads(self.exits(0, "schema")[0])
        self.assertEqual(schema["$schema"], "https://json-schema.org/draft/2020-12/schema")
        self.assertFalse(schema["additionalProperties"])
        definitions = schema["$defs"]
        self.assertIn("listen", json.dumps(definitions["listener"]["properties"]["http"]))
        self.assertIn("timeout", definitions["service"]["properties"])
        step = definitions["step"]["anyOf"][1]
        self.assertIn("call", step["properties"])
        referenced = set()

        def walk(node):
            if isinstance(node, dict):
                if "$ref" in node:
                    referenced.add(node["$ref"])
                for value in node.values():
                    walk(value)
            elif isinstance(node, list):
                for value in node:
                    walk(value)

        walk(schema)
        self.assertEqual(referenced, {f"#/$defs/{name}" for name in definitions})

    def test_the_schema_takes_good_bundles(self):
        try:
            import jsonschema
            import yaml
        except ImportError:
            self.skipTest("SKIPPED: needs the Python packages jsonschema and yaml")

        class Core(yaml.SafeLoader):
            """YAML 1.2: `on` is a word, not true."""

        Core.yaml_implicit_resolvers = {first: [(tag, match) for tag, match in pairs if tag != "tag:yaml.org,2002:bool"]
                                        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()}
        Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))
        schema = json.loads(self.exits(0, "schema")[0])
        defaults = 0

        def walk(node):
            nonlocal defaults
            for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
                walk(value)
            if isinstance(node, dict) and "default" in node and not isinstance(node["default"], dict):
                defaults += 1
                self.assertTrue(jsonschema.Draft202012Validator({"$defs": schema["$defs"], **node}).is_valid(node["default"]), node)

        walk(schema)
        self.assertGreater(defaults, 50)
        validator = jsonschema.Draft202012Validator(schema)
        self.exits(0, "new", "bundle", str(self.directory / "made"))
        files = [*self.directory.glob("made/*.yaml"), *(SOURCE / "samples").glob("*/*.yaml")]
        for path in files:
            if "." in path.stem:
                continue
            with self.subTest(str(path)):
                errors = [f"{list(error.absolute_path)}: {error.message[:200]}" for error in validator.iter_errors(yaml.load(path.read_text(), Core))]
                self.assertEqual(errors, [])
        self.assertFalse(validator.is_valid({"routes": {"a": {"from": {"http": "GET /"}, "step": []}}}))


class NewBundle(Case):
    def test_what_it_writes_is_right_and_runs(self):
        target = str(self.directory / "shop")
        out, _ = self.exits(0, "new", "bundle", target)
        self.assertIn(f"busway check {target}", out)
        out, err = self.exits(0, "check", target)
        self.assertEqual(out, "")
        out, _ = self.exits(0, "test", target)
        self.assertIn("4 passed, 0 failed", out)

    def test_it_overwrites_nothing(self):
        self.write("shop/routes.yaml", "mine")
        _, err = self.exits(1, "new", "bundle", str(self.directory / "shop"))
        self.assertIn("routes.yaml", err)
        self.assertEqual(os.listdir(self.directory / "shop"), ["routes.yaml"])
        self.assertEqual((self.directory / "shop/routes.yaml").read_text(), "mine")


class Check(Case):
    def test_findings_have_place_and_id(self):
        path = self.write("routes.yaml", "listeners:\n  front: { http: { listem: 127.0.0.1:0 } }\n")
        out, _ = self.exits(1, "check", path)
        self.assertIn("routes.yaml:2:20: error BW1004: unknown key 'listem'; did you mean 'listen'?", out)

    def test_json(self):
        path = self.write("routes.yaml", "routs: {}\n")
        report = json.loads(self.exits(1, "check", path, "--format", "json")[0])
        self.assertEqual(report["errors"], len([f for f in report["findings"] if f["severity"] == "error"]))
        first = report["findings"][0]
        self.assertEqual({key: first[key] for key in ("id", "severity", "file", "line", "column")},
                         {"id": "BW1004", "severity": "error", "file": "routes.yaml", "line": 1, "column": 1})
        self.assertIn("did you mean 'routes'?", first["text"])

    def test_a_bundle_that_is_not_there(self):
        self.exits(1, "check", str(self.directory / "none"))


class Eval(Case):
    def cases(self, *lines):
        path = self.write("cases.jsonl", "".join(line + "\n" for line in lines))
        out, _ = self.exits(0, "eval", "--cases", path)
        answers = out.splitlines()
        self.assertEqual(len(answers), len(lines))
        return [json.loads(answer) for answer in answers]

    def test_one_line_out_for_each_in(self):
        answers = self.cases('{"expr": "a.b", "data": {"a": {"b": [1, "x"]}}}', '{"expr": "a"}', '{"expr": "$x + 1", "bindings": {"x": 41}}',
                             "not json", '{"expr": "1 +"}', '{"expr": "$sum", "data": null}', '{"expr": "a", "data": {"a": 1}, "more": true}')
        self.assertEqual(answers[0], {"result": [1, "x"]})
        self.assertEqual(answers[1], {"undefined": True})
        self.assertEqual(answers[2], {"result": 42})
        self.assertEqual(answers[3]["error"]["code"], "BW0002")
        self.assertEqual(answers[4]["error"]["code"], "S0207")
        self.assertEqual(answers[5], {"result": ""})
        self.assertEqual(answers[6], {"result": 1})

    def test_numbers_keep_their_text(self):
        path = self.write("cases.jsonl", '{"expr": "a", "data": {"a": 12345678901234567890.10}}\n')
        self.assertEqual(self.exits(0, "eval", "--cases", path)[0], '{"result":12345678901234567890.10}\n')

    def test_a_file_that_cannot_be_read(self):
        self.exits(1, "eval", "--cases", str(self.directory / "none"))

    def test_one_expression(self):
        self.assertEqual(self.exits(0, "eval", "--expr", "a * 21", stdin='{"a": 2}')[0].strip(), "42")
        self.assertEqual(self.exits(0, "eval", "--expr-file", self.write("e.jsonata", "$sum(a)"), "--input", self.write("i.json", '{"a":[1,2]}'))[0].strip(), "3")
        self.assertEqual(self.exits(0, "eval", "--explain", "--expr", 'lines.{ "sku": sku, "share": price / $sum($$.lines.price) }')[0],
                         "reads: lines.price\nreads: lines.sku\nkept in the loop: $sum($$.lines.price)\n"
                         "walked in one go: $$.lines.price\n")
        self.exits(1, "eval", "--explain", "--expr", "1 +")
        _, err = self.exits(1, "eval", "--expr", "1 +", stdin="{}")
        self.assertIn("S0207", err)

    def test_the_expression_may_stand_alone(self):
        self.assertEqual(self.exits(0, "eval", "a * 21", stdin='{"a": 2}')[0].strip(), "42")
        self.assertEqual(self.exits(0, "eval", "[a, [a]]", stdin='{"a": 2}')[0].strip(), "[2,[2]]")
        self.assertEqual(self.exits(0, "eval", "--explain", "a.b")[0], "reads: a.b\n")
        self.assertEqual(self.exits(0, "eval", "--", "-a", stdin='{"a": 2}')[0].strip(), "-2")
        self.assertIn("busway eval -- '-a'", self.exits(2, "eval", "-a", stdin='{"a": 2}')[1])
        document, mapping = self.write("a.json", '{"a": 2}'), self.write("m.jsonata", "a")
        self.assertEqual(self.exits(0, "eval", "a", "--input", document)[0].strip(), "2")
        for arguments, telling in (([], "busway eval 'a * 21' --input"), (["a", document], "document's file behind --input"),
                                   ([mapping], f"--expr-file {mapping}"), (["a", "--expr", "b"], "'a' stands beside --expr"),
                                   (["a", "--cases", document], "'a' stands beside --cases"), (["--watch", "a"], "--expr-file")):
            with self.subTest(arguments=arguments):
                self.assertIn(telling, self.exits(2, "eval", *arguments)[1])

    def bundle(self):
        self.write("shared/routes.yaml", "tables:\n  countries: { csv: c.csv, key: code }\nfunctions: [f.jsonata]\n")
        self.write("shared/c.csv", "code,name\nDE,Germany\n")
        self.write("shared/f.jsonata", '$country := function($code){ $table("countries", $code).name };\n$twice := function($n){ $n * 2 };\n')
        return str(self.directory / "shared")

    def test_a_bundles_tables_and_functions(self):
        shared = self.bundle()
        self.assertEqual(self.exits(0, "eval", "--bundle", shared, "$country(c)", stdin='{"c": "DE"}')[0], '"Germany"\n')
        self.assertEqual(self.exits(0, "eval", "--bundle", shared, "--explain", "$twice(a.b.c)")[0], "reads: a.b.c\nwalked in one go: a.b.c\n")
        cases = self.write("cases.jsonl", '{"expr": "$country(\\"DE\\") & $twice(a)", "data": {"a": 4}}\n{"expr": "$nope()"}\n')
        answers = [json.loads(line) for line in self.exits(0, "eval", "--bundle", shared, "--cases", cases)[0].splitlines()]
        self.assertEqual(answers[0], {"result": "Germany8"})
        self.assertEqual(answers[1]["error"]["code"], "T1006")
        self.write("shared/f.jsonata", "$twice := ;\n")
        self.assertIn("f.jsonata", self.exits(1, "eval", "--bundle", shared, "--cases", cases)[1])


class Watch(Case):
    """`busway eval --watch`: what it prints arrives on a queue, an empty line ends one evaluation."""

    def start(self, *arguments):
        self.process = subprocess.Popen([BUSWAY, "eval", "--watch", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        self.lines = queue.Queue()
        threading.Thread(target=lambda: [self.lines.put(line) for line in self.process.stdout], daemon=True).start()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def shown(self, telling):
        """The first evaluation that has `telling` in it: a file may be seen half-written before."""
        text = ""
        while True:
            line = self.lines.get(timeout=30)
            text += line
            if line == "\n":
                if telling in text:
                    return text
                text = ""

    def test_it_runs_again_when_a_file_changes_and_ends_on_sigint(self):
        mapping = self.write("m.jsonata", '{\n  "total": $sum(lines.(qty * price)),\n  "skus": lines.sku,\n  "late": $uppercase(note)\n}\n')
        first = self.write("a.json", '{"lines":[{"sku":"A","qty":2,"price":1.5},{"sku":"B","qty":1,"price":2}]}')
        second = self.write("b.json", '{"lines":{"sku":"C","qty":3,"price":3},"note":"x"}')
        self.start("--expr-file", mapping, "--input", first, "--input", second)
        text = self.shown("=>")
        self.assertIn(f"--- {mapping} on {first}\n1 | {{\n", text)
        self.assertRegex(text, r'2 \|   "total": \$sum\(lines.\(qty \* price\)\), +\| 5\n')
        self.assertRegex(text, r'3 \|   "skus": lines.sku, +\| \["A","B"\]\n')
        self.assertRegex(text, r'4 \|   "late": \$uppercase\(note\) +\| nothing\n')
        self.assertIn('=> {"total":5,"skus":["A","B"]}\n', text)
        self.assertIn(f'--- {mapping} on {second}\n', text)
        self.assertIn('=> {"total":9,"skus":"C","late":"X"}\n', text)

        self.write("b.json", '{"lines":[],"note":"changed"}')
        self.assertIn('=> {"late":"CHANGED"}\n', self.shown("CHANGED"))

        # An editor that renames a new file over the old one.
        os.replace(self.write("m.new", 'lines.{\n  "sum": qty * sku\n}\n'), mapping)
        text = self.shown("sum")
        self.assertRegex(text, r'2 \|   "sum": qty \* sku  \| qty = 2\n(.*\n)?.* \| error T2002: ')
        self.assertRegex(text, r"m\.jsonata: T2002: .* \(line 2, column \d+\)\n")

        # What does not parse is told with its place, and watched on; a file that is away for a moment is, too.
        self.write("m.jsonata", '{\n  "a": }\n')
        self.assertRegex(self.shown("S0"), r"m\.jsonata: S0\d+: .* \(line 2, column \d+\)\n")
        os.remove(mapping)
        self.shown("m.jsonata: BW0001")
        self.write("m.jsonata", "$count(lines)\n")
        self.assertIn("=> 2\n", self.shown("=>"))

        self.process.send_signal(signal.SIGINT)
        self.assertEqual(self.process.wait(timeout=30), 0)
        self.assertEqual(self.process.stderr.read(), "")

    def test_sigint_ends_a_long_evaluation(self):
        mapping = self.write("m.jsonata", "1")
        self.start("--expr-file", mapping)
        self.assertIn("=> 1\n", self.shown("=>"))
        self.write("m.jsonata", "$sum([1..3000].($x := $; $sum([1..3000].($ * $x))))")
        time.sleep(0.5)  # by then it is at work, or done on a fast machine: both must end
        self.process.send_signal(signal.SIGINT)
        self.assertEqual(self.process.wait(timeout=30), 0)

    def test_values_of_a_loop_and_of_pieces_of_a_line(self):
        mapping = self.write("m.jsonata", 'n.{\n  "twice": $ * 2, "half": $ / 2\n}\n')
        self.start("--expr-file", mapping, "--input", self.write("a.json", '{"n":[1,2,3,4]}'))
        text = self.shown("=>")
        self.assertRegex(text, r'\| \$ \* 2 = 2, 4, 6, \.\.\. \(4 times\)\n')
        self.assertRegex(text, r'\| \$ / 2 = 0\.5, 1, 1\.5, \.\.\. \(4 times\)\n')

    def test_a_bundle_that_changes(self):
        self.write("shared/routes.yaml", "functions: [f.jsonata]\n")
        self.write("shared/f.jsonata", "$twice := function($n){ $n * 2 };\n")
        mapping = self.write("m.jsonata", "$twice(a)\n")
        self.start("--expr-file", mapping, "--input", self.write("a.json", '{"a": 4}'), "--bundle", str(self.directory / "shared"))
        text = self.shown("=>")
        self.assertRegex(text, r"1 \| \$twice\(a\) +\| \$twice = a function\n +\| +\| a = 4\n=> 8\n")
        self.write("shared/f.jsonata", "$twice := ;\n")
        self.assertIn("f.jsonata", self.shown("error"))
        self.write("shared/f.jsonata", "$twice := function($n){ $n * 20 };\n")
        self.assertIn("=> 80\n", self.shown("=> 80"))

    def test_what_it_cannot_watch(self):
        self.exits(2, "eval", "--watch", "--expr", "a")
        self.exits(2, "eval", "--watch", "--expr-file", self.write("m.jsonata", "a"), "--input", "-")
        self.exits(2, "eval", "--expr", "a", "--input", "a.json", "--input", "b.json")


class Convert(Case):
    def test_json_to_xml_and_back(self):
        xml, _ = self.exits(0, "convert", "--from", "json", "--to", "xml", stdin='{"order":{"id":"7","line":["a","b"]}}')
        self.assertIn("<line>a</line><line>b</line>", xml)
        back, _ = self.exits(0, "convert", "--from", "xml", "--to", "json", stdin=xml)
        self.assertEqual(json.loads(back), {"order": {"id": "7", "line": ["a", "b"]}})

    def test_a_body_that_does_not_parse(self):
        _, err = self.exits(1, "convert", "--from", "json", "--to", "xml", stdin="{")
        self.assertTrue(err.strip())

    def converts(self, source, target, body, wanted):
        self.assertEqual(self.exits(0, "convert", "--from", source, "--to", target, stdin=body)[0], wanted)

    def test_every_format_with_its_options(self):
        self.converts("csv: { delimiter: ';', typed: true }", "json", "sku;qty\nA;3\n", '[{"sku":"A","qty":3}]')
        self.converts("csv: ';'", "csv: { line_end: lf }", "a;b\n1;2\n", "a,b\n1,2\n")
        self.converts("lines", "ndjson", "a\nb\n", '"a"\n"b"\n')
        self.converts("ndjson: { duplicate_keys: last }", "json", '{"a":1,"a":2}\n', '[{"a":2}]')
        self.converts("form", "json: { canonical: true }", "b=%E2%82%AC&a=1", '{"a":"1","b":"\u20ac"}')
        self.converts("text", "bytes", "eA==", "x")
        self.converts("xml: { arrays: [o/l], attribute_prefix: _ }", "json", '<o x="1"><l>2</l></o>', '{"o":{"_x":"1","l":["2"]}}')
        layout = self.write("p.layout.yaml", "records: { p: { fields: [ { name: sku, length: 3 }, { name: qty, length: 2 } ] } }\n")
        out, _ = self.exits(0, "convert", "--from", "fixed", "--to", "json", "--layout", layout, stdin="A  07")
        self.assertEqual(json.loads(out), {"sku": "A", "qty": "07"})
        known = self.exits(0, "list", "formats")[0].split("\n")
        tried = {"bytes", "csv", "fixed", "form", "json", "lines", "ndjson", "text", "xml"}
        self.assertEqual({line.split()[0] for line in known if line.strip()}, tried)

    def test_a_wrong_option_is_a_finding_with_its_place(self):
        _, err = self.exits(1, "convert", "--from", "csv: { delimitr: ';' }", "--to", "json", stdin="a\n")
        self.assertIn("--from:1:8: error", err)
        self.assertIn("did you mean 'delimiter'?", err)
        _, err = self.exits(1, "convert", "--from", "cvs", "--to", "json", stdin="a\n")
        self.assertIn("did you mean 'csv'?", err)


ROUTES = """
listeners: { front: { http: { listen: 127.0.0.1:0 } } }
services: { stock: { http: { endpoints: ['http://127.0.0.1:9/stock'] }, timeout: 2s } }
routes:
  ask:
    from: { http: POST /ask, on: front }
    steps: [ { call: { service: stock, request: '{ "sku": sku, "qty": qty }', into: answer } } ]
    reply: { body: '{ "items": [ { "qty": $vars.answer.qty } ], "at": $now() }' }
"""


class Test(Case):
    def run_tests(self, code, tests, *more):
        self.write("routes.yaml", ROUTES)
        self.write("ask.test.yaml", tests)
        return self.exits(code, "test", str(self.directory), *more)[0]

    def test_a_difference_names_path_and_place_and_tells_the_story(self):
        out = self.run_tests(1, """test: quantities are numbers
send: { http: POST /ask, body: { sku: A, qty: 3 } }
services: { stock: { expect: { sku: A, qty: 3 }, reply: { qty: '3' } } }
expect:
  status: 201
  body_has:
    items: [ { qty: 3 } ]
""")
        self.assertIn("FAILED  quantities are numbers", out)
        self.assertIn('ask.test.yaml:7:21: body /items/0/qty: expected 3, got "3"', out)
        self.assertIn("ask.test.yaml:5:11: status: expected 201, got 200", out)
        self.assertIn('to stock: POST /stock {"sku":"A","qty":3}', out)
        self.assertIn('from stock: {"qty":"3"}', out)
        self.assertIn("0 passed, 1 failed", out)

    def test_calls_are_counted(self):
        send = "send: { http: POST /ask, body: { sku: A } }\nexpect: { status: 200 }\n"
        out = self.run_tests(1, f"test: unlisted\n{send}expect: {{ status: 500 }}\n".replace("expect: { status: 200 }\n", ""))
        self.assertIn("service stock was called, but the test does not list it", out)
        out = self.run_tests(1, f"test: one too many listed\n{send}services: {{ stock: [ {{ reply: {{}} }}, {{ reply: {{}} }} ] }}\n")
        self.assertIn("service stock was called 1 time, but the test lists 2", out)

    def test_time_passes_on_a_clock_of_its_own(self):
        out = self.run_tests(0, """test: a slow answer is still one
at: 2026-01-31T10:15:30Z
send: { http: POST /ask, body: {} }
services: { stock: { after: 1900ms, reply: { qty: 1 } } }
expect: { body: { items: [ { qty: 1.0 } ], at: '2026-01-31T10:15:30.000Z' } }
---
test: one slower than the time-out has an unknown outcome
send: { http: POST /ask, body: {} }
services: { stock: { after: 2100ms, reply: { qty: 1 } } }
expect: { status: 504, error: unknown, headers: { content-type: application/problem+json }, body_has: { outcome: unknown } }
---
test: a service says no
send: { http: POST /ask, headers: { Content-Type: application/json }, hex: '7b 7d' }
services: { stock: { fails: { status: 404, body: { reason: none } } } }
expect: { status: 404, error: answered }
---
test: garbage
send: { http: POST /ask, body: {} }
services: { stock: { fails: garbage } }
expect: { status: 502, error: garbage }
""")
        self.assertIn("4 passed, 0 failed", out)

    def test_a_failure_that_the_test_does_not_expect_fails_it(self):
        out = self.run_tests(1, "test: down\nsend: { http: POST /ask, body: {} }\nservices: { stock: { fails: not_sent } }\nexpect: {}\n")
        self.assertIn("the route failed with not_sent", out)

    def test_mistakes_in_a_test_file_are_findings(self):
        out = self.run_tests(1, """test: mistakes
route: aks
send: { http: POST /ask, boddy: {} }
services: { stok: { fails: sometimes } }
expect: { error: not_snet, body: 1, body_has: 2 }
at: yesterday
""")
        for finding in ("ask.test.yaml:2:8: error BW6002: the bundle has no route 'aks'; did you mean 'ask'?",
                        "ask.test.yaml:3:26: error BW1004: unknown key 'boddy'; did you mean 'body'?",
                        "ask.test.yaml:4:13: error BW6002: the bundle has no service 'stok'; did you mean 'stock'?",
                        "ask.test.yaml:4:28: error BW6001:", "error BW6001: `body` and `body_has` exclude one another",
                        "ask.test.yaml:6:5: error BW6004:"):
            self.assertIn(finding, out)
        self.assertIn("0 passed, 0 failed", out)
        out = self.run_tests(1, "test: sends\nsends: ignore\nsend: { http: POST /ask }\nexpect: {}\n")
        self.assertIn("error BW1013: 'sends' is not in this version", out)

    def test_filter_and_no_tests(self):
        tests = "".join(f"---\ntest: {name}\nsend: {{ http: GET /none }}\nexpect: {{ status: 404 }}\n" for name in ("first", "second"))
        self.assertIn("1 passed, 0 failed", self.run_tests(0, tests, "--filter", "sec"))
        self.assertIn("no test has 'third'", self.run_tests(0, tests, "--filter", "third"))
        (self.directory / "ask.test.yaml").unlink()
        out, _ = self.exits(0, "test", str(self.directory))
        self.assertIn("has no tests", out)

    def test_json(self):
        report = json.loads(self.run_tests(1, "test: none\nsend: { http: GET /none }\nexpect: { status: 200 }\n", "--format", "json"))
        self.assertEqual((report["passed"], report["failed"]), (0, 1))
        test = report["tests"][0]
        self.assertEqual((test["test"], test["file"], test["line"], test["passed"]), ("none", "ask.test.yaml", 1, False))
        self.assertEqual(test["differences"], [{"file": "ask.test.yaml", "line": 3, "column": 19, "text": "status: expected 200, got 404"}])
        self.assertEqual(report["report"]["errors"], 0)

    def test_files_as_bodies(self):
        self.write("order.json", '{ "sku": "A", "qty": 3 }')
        self.write("answer.bin", '{"qty":4}')
        out = self.run_tests(0, """test: files
send: { http: POST /ask, body: { file: order.json } }
services: { stock: { expect: { file: order.json }, reply: { file: answer.bin } } }
expect: { body_has: { items: [ { qty: 4 } ] } }
""")
        self.assertIn("1 passed", out)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
