"""Plugins that are right: what they declare shows up everywhere, and they do their work in `test` and `run`.

    good_test.py BUSWAY SOURCE CC CXX
"""
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from workshop import BUSWAY, CC, CXX, INCLUDE, SOURCE, STRICT, Case, compiled, main

sys.path.insert(0, str(SOURCE / "tests"))
from live_bus import LiveBus  # noqa: E402

os.environ["BUSWAY"] = BUSWAY

EXAMPLES = SOURCE / "plugins/examples"


class Headers(Case):
    def compiles(self, compiler, standard, header, language):
        if shutil.which(compiler) is None:
            print(f"SKIP: {compiler} is not installed, so nothing is known of {header} under it")
            return
        source = self.folder / ("one." + language)
        source.write_text(f'#include "{header}"\n#include "{header}"\n')
        done = subprocess.run([compiler, f"-std={standard}", *STRICT, *INCLUDE, "-fsyntax-only", str(source)], capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_c_header_is_c99_and_cpp17(self):
        for c in (CC, "clang-19"):
            for standard in ("c99", "c17"):
                self.compiles(c, standard, "busway_plugin.h", "c")
        for cxx in (CXX, "clang++-19"):
            for standard in ("c++17", "c++20"):
                self.compiles(cxx, standard, "busway_plugin.h", "cpp")
                self.compiles(cxx, standard, "busway_plugin.hpp", "cpp")
                self.compiles(cxx, standard, "busway_sockets.hpp", "cpp")


class Examples(Case):
    """plugins/examples in the bundle that lies beside them."""

    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory(prefix="busway-examples-")
        cls.addClassCleanup(cls.kept.cleanup)
        cls.made = pathlib.Path(cls.kept.name) / "bundle"
        shutil.copytree(EXAMPLES / "bundle", cls.made)
        (cls.made / "plugins").mkdir()
        compiled(EXAMPLES / "tlv/tlv.c", cls.made / "plugins/tlv.so")
        compiled(EXAMPLES / "check_digit/check_digit.cpp", cls.made / "plugins/check_digit.so")
        text = (cls.made / "routes.yaml").read_text()
        cls.serve = {"routes.yaml": text.replace("127.0.0.1:8080", "'127.0.0.1:0'").replace("listen: 127.0.0.1:8081", "listen: '127.0.0.1:0'")}

    def test_check_and_test_are_good(self):
        self.assertEqual(self.exits(0, "check", self.made), "")
        self.assertIn("3 passed, 0 failed", self.exits(0, "test", self.made))

    def test_what_they_declare_is_in_list_help_schema_and_reference(self):
        self.assertRegex(self.exits(0, "list", "formats", "--bundle", self.made), r"(?m)^tlv +Records of tag, length and value\.$")
        self.assertNotIn("tlv", self.exits(0, "list", "formats", "--bundle", self.made, "--no-plugins"))
        self.assertNotIn("tlv", self.exits(0, "list", "formats"))
        shown = self.exits(0, "help", "step", "check_digit", "--bundle", self.made)
        self.assertIn("- `member` (text, required, the value alone stands for it): The member of the body that holds the number.", shown)
        self.assertIn("- `scheme` (one of iban, luhn, ean, default `iban`): How its digits are checked", shown)
        self.assertIn("- `tag` (integer, default `2`, 1 to 8): Characters of a tag.", self.exits(0, "help", "format", "tlv", "--bundle", self.made))
        schema = json.loads(self.exits(0, "schema", "--bundle", self.made))
        step = schema["$defs"]["step"]["anyOf"][1]["properties"]["check_digit"]
        self.assertEqual(step["anyOf"][0]["properties"]["scheme"]["enum"], ["iban", "luhn", "ean"])
        self.exits(0, "help", "--docs", self.folder / "docs", "--bundle", self.made)
        self.assertIn("## check_digit", (self.folder / "docs/steps.md").read_text())
        self.assertIn("Read without being named when the Content-Type is `text/x-tlv`.", (self.folder / "docs/formats.md").read_text())

    def test_the_installation_is_a_place_for_them(self):
        bundle = self.bundle("check_digit: iban")
        self.assertIn("BW2006", self.exits(1, "check", bundle))
        self.exits(0, "check", bundle, BUSWAY_PLUGINS=str(self.made / "plugins"))
        self.assertIn("check_digit", self.exits(0, "list", "steps", BUSWAY_PLUGINS=str(self.made / "plugins")))

    def test_a_wrong_key_is_a_finding_at_its_place(self):
        for step, finding in (("check_digit: { membr: iban }", "BW1004: unknown key 'membr'; did you mean 'member'?"),
                              ("check_digit: { member: iban, scheme: ibn }", "BW1014: 'ibn' is not one of iban, luhn, ean; did you mean 'iban'?"),
                              ("check_digit: {}", "BW1006: 'member' is required here"),
                              ("check_digit: { member: '' }", "BW7010: the plugin plugins/check_digit.so refuses this: an empty name is no member")):
            with self.subTest(step):
                bundle = self.bundle(step, name=str(abs(hash(step))))
                shutil.copy(self.made / "plugins/check_digit.so", bundle / "plugins")
                self.assertRegex(self.exits(1, "check", bundle), rf"^routes.yaml:3:\d+: error {finding.replace('?', '[?]')}")

    def test_plugin_list_and_check(self):
        listed = self.exits(0, "plugin", "list", "--bundle", self.made)
        self.assertIn("plugins/check_digit.so  check-digit 1.0.0\n  step check_digit     Fails messages with", listed)
        self.exits(0, "plugin", "check", self.made / "plugins/tlv.so", self.made / "plugins/check_digit.so")
        self.exits(2, "plugin")
        self.exits(2, "plugin", "check")

    def test_convert_uses_them(self):
        out = self.exits(0, "convert", "--bundle", self.made, "--from", "tlv", "--to", "json", stdin="5303978540512.50")
        self.assertEqual(json.loads(out), [{"tag": "53", "value": "978"}, {"tag": "54", "value": "12.50"}])
        out = self.exits(0, "convert", "--bundle", self.made, "--from", "json", "--to", "tlv: { length: 3 }", stdin='[{"tag":"53","value":978}]')
        self.assertEqual(out, "53003978")
        for given, said in (("5", "ends within a tag"), ("53xx", "a length is no number"), ("5399a", "leads beyond the body"),
                            ("5302\xff\xfe", "")):
            done = self.busway("convert", "--bundle", self.made, "--from", "tlv", "--to", "json", stdin=given)
            self.assertIn(said, done.stderr)
            self.assertEqual(done.returncode, 0 if given.endswith("\xfe") and done.returncode == 0 else 1)

    def test_they_serve(self):
        bundle = self.folder / "served"
        shutil.copytree(self.made, bundle)
        (bundle / "routes.yaml").write_text("""
listeners: { front: { http: { listen: '127.0.0.1:0' } } }
routes:
  in: { from: { http: POST /in, on: front, format: json }, steps: [ check_digit: iban ], reply: { body: '{ "iban": iban }' } }
  tlv: { from: { http: POST /tlv, on: front, format: tlv }, reply: { body: $ } }
  named: { from: { http: POST /named, on: front }, reply: { body: '{ "count": $count($) }' } }
""")
        with LiveBus(bundle, arguments=["--workers", "2"]) as bus:
            def post(path, body, kind="application/json"):
                connection = http.client.HTTPConnection(*bus.address("front"), timeout=20)
                connection.request("POST", path, body, {"Content-Type": kind})
                answer = connection.getresponse()
                got = answer.status, answer.read()
                connection.close()
                return got
            self.assertEqual(post("/in", '{"iban":"GB82WEST12345698765432"}'), (200, b'{"iban":"GB82WEST12345698765432"}'))
            self.assertEqual(post("/in", '{"iban":"GB82WEST12345698765433"}')[0], 422)
            body = b"".join(b"54%02d%s" % (i % 90 + 1, b"x" * (i % 90 + 1)) for i in range(20000))  # large: it is read in slices
            self.assertEqual(post("/tlv", body, "text/x-tlv"), (200, body))
            self.assertEqual(post("/tlv", body[:-1], "text/x-tlv")[0], 400)
            self.assertEqual(post("/named", "5303978", "text/x-tlv"), (200, b'{"count":1}'))


class NewPlugin(Case):
    def test_it_builds_and_passes_its_own_tests(self):
        written = subprocess.run([BUSWAY, "new", "plugin", "--language", "c++", "keep_it"], cwd=self.folder, capture_output=True, text=True,
                                 timeout=60, check=True).stdout
        self.assertIn("wrote keep_it/keep_it.cpp\n", written)
        made = subprocess.run(["make", "-C", "keep_it", "test", f"BUSWAY={BUSWAY}", f"CXX={CXX}", "CXXFLAGS=-O1 -Wall -Wextra -Wpedantic -Werror"],
                              cwd=self.folder, capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
        self.assertIn("2 passed, 0 failed", made.stdout)
        for header in ("c/busway_plugin.h", "cpp/busway_plugin.hpp"):
            self.assertEqual((self.folder / "keep_it" / pathlib.Path(header).name).read_text(), (SOURCE / "plugins/sdk" / header).read_text())
        subprocess.run([BUSWAY, "new", "plugin", "--kind", "adapter", "desk"], cwd=self.folder, capture_output=True, timeout=60, check=True)
        made = subprocess.run(["make", "-C", "desk", "test", "try", f"BUSWAY={BUSWAY}", f"CXX={CXX}", "CXXFLAGS=-O1 -Wall -Wextra -Wpedantic -Werror"],
                              cwd=self.folder, capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
        self.assertIn("2 passed, 0 failed", made.stdout)
        self.assertIn('the caller got   {"answer":"42"}', made.stdout)
        again = subprocess.run([BUSWAY, "new", "plugin", "keep_it"], cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("is there already", again.stderr)
        for name in ("Keep", "keep-it", "../up", "", "a" * 41):
            self.assertNotEqual(self.busway("new", "plugin", name).returncode, 0)


class Steps(Case):
    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory(prefix="busway-steps-")
        cls.addClassCleanup(cls.kept.cleanup)
        cls.library = pathlib.Path(cls.kept.name) / "later.so"
        compiled(SOURCE / "tests/plugins/parts/later.cpp", cls.library, flags=["-pthread"])

    def with_tests(self, routes, tests):
        bundle = self.folder / "steps"
        (bundle / "plugins").mkdir(parents=True)
        shutil.copy(self.library, bundle / "plugins")
        (bundle / "routes.yaml").write_text("listeners: { front: { http: { listen: '127.0.0.1:0' } } }\nroutes:\n" + "".join(
            f"  {name}: {{ from: {{ http: POST /{name}, on: front, format: json }}, steps: [ {steps} ], reply: {{ body: '{reply}' }} }}\n"
            for name, steps, reply in routes))
        (bundle / "words.txt").write_text("a file")
        (bundle / "all.test.yaml").write_text("---\n".join(
            f"test: {name}\nroute: {route}\nsend: {{ http: POST /{route}, headers: {{ X-Given: given }}, body: {{ name: Ada }} }}\nexpect: {expect}\n"
            for name, route, expect in tests))
        return bundle

    def test_a_step_completes_on_another_thread(self):
        hows = ("next", "fail", "filtered", "unfinished", "now", "refused", "dropped")
        bundle = self.with_tests(
            [(how, f"later: {how}", '{ "body": $, "asked": $vars.asked }') for how in hows],
            [("next", "next", "{ status: 200, body: { body: { hello: Ada }, asked: Ada } }"), ("fail", "fail", "{ status: 503, error: not_sent }"),
             ("filtered", "filtered", "{ status: 204 }"), ("unfinished", "unfinished", "{ status: 500, error: internal }"),
             ("now", "now", "{ status: 200, body: { body: { name: Ada } } }"), ("refused", "refused", "{ status: 422, error: invalid }"),
             ("dropped", "dropped", "{ status: 500, error: internal }")])
        self.assertIn("7 passed, 0 failed", self.exits(0, "test", bundle))

    def test_a_deadline_passes_before_a_step_completes_and_the_bus_stops_meanwhile(self):
        bundle = self.with_tests([("slow", "later: { after: 2s }", "1"), ("quick", "later: next", '{ "body": $ }'),
                                  ("never", "later: { after: 3s }", "1")], [("none", "quick", "{ status: 200 }")])
        text = (bundle / "routes.yaml").read_text().replace("steps: [ later: { after: 2s } ]", "deadline: 300ms, steps: [ later: { after: 2s } ]")
        (bundle / "routes.yaml").write_text(text)
        with LiveBus(bundle, arguments=["--workers", "2", "--drain", "1s"]) as bus:
            def post(path):
                connection = http.client.HTTPConnection(*bus.address("front"), timeout=20)
                connection.request("POST", path, '{"name":"Ada"}', {"Content-Type": "application/json"})
                return connection
            connection = post("/slow")
            self.assertEqual(connection.getresponse().status, 504)
            connection.close()
            for _ in range(50):
                connection = post("/quick")
                answer = connection.getresponse()
                self.assertEqual((answer.status, answer.read()), (200, b'{"body":{"hello":"Ada"}}'))
                connection.close()
            unanswered = post("/never")  # still with the plugin when the bus ends
            self.addCleanup(unanswered.close)

    def test_what_a_step_may_not_build_fails_it_and_nothing_else(self):
        rules = {"twice": "a key that stands twice", "utf8": "a text that is not UTF-8", "number": "a number that is none", "infinite": "not finite",
                 "unfinished": "left a document unfinished", "nothing": "has built no document", "two": "a second value", "keyless": "without its key",
                 "deep": "more than 128 levels", "throws": "thrown by the plugin", "framing": "is the bus", "answer": "answered 17"}
        bundle = self.with_tests(
            [(rule, f"{{ rules: {rule}, on_error: {{ reply: {{ body: \"$failure.message\" }} }} }}", "0") for rule in rules] +
            [("good", "rules: good", '{ "body": $, "list": $vars.list }'), ("many", "rules: many", "$count($keys($))"),
             ("injects", "rules: injects", "0"), ("tag", "tag: { file: words.txt, words: [ a, b ], key: k, on: false }", "name")],
            [(rule, rule, "{ status: 500 }") for rule in rules] +
            [("good", "good", "{ status: 200, body: { body: { route: good, list: [ 1 ], big: 1250.10 }, list: [ 1 ] }, headers: { X-Seen: given } }"),
             ("many", "many", "{ status: 200, body: 1000 }"), ("injects", "injects", "{ status: 500, error: mapping }"),
             ("tag", "tag", "{ status: 200, body: Ada, headers: { X-Tag: 'k,a file,2,65536,off,3' } }")])
        report = json.loads(self.exits(1, "test", bundle, "--format", "json"))
        told = {test["test"]: json.dumps(test) for test in report["tests"] if not test["passed"]}
        self.assertEqual(set(told), set(rules))  # the handler answers 200, and so the story tells what $failure said
        for rule, words in rules.items():
            self.assertIn(words, told[rule])

    def test_settings_are_tried_by_the_class_itself(self):
        bundle = self.with_tests([("r", "rules: refused", "1"), ("s", "tag: { file: words.txt, count: 0 }", "1"),
                                  ("t", "rules: '${env:NOT_THERE}'", "1")], [])
        (bundle / "all.test.yaml").unlink()
        out = self.exits(1, "check", bundle)
        self.assertIn("error BW7010: the plugin plugins/later.so refuses this: it says so itself", out)
        self.assertIn("error BW1007: '0' is out of bounds: allowed is 1 to 2147483647", out)
        self.assertEqual(len(out.splitlines()), 2, out)


main()
