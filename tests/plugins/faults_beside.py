"""T76: what the faults of process plugins do to callers of other routes, at 500 requests a second, which is less than a tenth of a core.

    faults_beside.py BUSWAY SOURCE CC CXX

With $BUSWAY_LONG: ten faults of 12 s each, and the callers' p99 stays within 1.1 of the quiet one, both set against what an undisturbed
bus shows in the same moment. Rounds whose quiet times before and after (A/A) differ by more than that are void; a fault without a round
that counts fails.
Without it: three faults, and half a millisecond is forgiven, as other programs of a busy machine take that.
"""
import json
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

from workshop import BUSWAY, PARTS, SOURCE

sys.path[:0] = [str(SOURCE / "tests"), str(SOURCE / "tests/peers")]
os.environ["BUSWAY"] = BUSWAY
from live_bus import need  # noqa: E402
from hostile_bed import LONG, P99_SLACK, HostileBed, either, wait_until  # noqa: E402
from hostile_wire import GoodCaller, post  # noqa: E402

need(modules=["zmq"], programs=["chrt"])

# The bus may have real-time priority (hostile_bed), and its plugins are to be as other programs.
MANIFEST = """
protocol: 1
command: [chrt, --other, "0", python3, main.py]
environment: { MODE: "%s" }
limits: { memory: 192MiB, open_files: 64 }
silence: 2s
acknowledge_within: 300ms
start_within: 2s
steps:
  %s: { summary: Does as it is told., timeout: 400ms }
"""
ROUTES = """
listeners: { front: { http: { listen: '127.0.0.1:0' } } }
routes:
  ok: { from: { http: GET /ok, on: front }, reply: { body: '{ "ok": true }' } }
"""
ROUTE = """\
  %s:
    from: { http: POST /%s, on: front }
    steps: [ { %s: {} } ]
    on_error: [ { reply: { status: { expr: '$failure.status' }, body: '{ "kind": $failure.kind }' } } ]
"""
# Name of the step, its program, MODE.
PLUGINS = (("once", "faulty.py", ""), ("raw", "raw.py", ""), ("version", "raw.py", "version"))
CLEAR = {"unknown", "not_sent", "deadline", "garbage", "quarantined"}
only_long = unittest.skipUnless(LONG, "by ./dev test --long")


class FaultsBeside(HostileBed):
    p99_ratio = 1.1
    look = either(3.1, 40.1) * GoodCaller.WINDOW
    beside_undisturbed = LONG

    @classmethod
    def setUpClass(cls):
        kept = tempfile.TemporaryDirectory(prefix="busway-plugins-")
        cls.addClassCleanup(kept.cleanup)
        bundle, routes = pathlib.Path(kept.name) / "bundle", ROUTES
        for name, program, mode in PLUGINS:
            folder = bundle / "plugins" / name
            folder.mkdir(parents=True)
            text = MANIFEST % (mode, name)
            if program == "faulty.py":
                text += "  bad: { summary: Not used here. }\n"
            (folder / "plugin.yaml").write_text(text)
            shutil.copy(PARTS / program, folder / "main.py")
            shutil.copy(SOURCE / "plugins/sdk/python/busway_plugin.py", folder)
            routes += ROUTE % (name, name, name)
        (bundle / "routes.yaml").write_text(routes)
        cls.open_bus(bundle, {"BUSWAY_PLUGINS": ""})

    def setUp(self):
        super().setUp()
        self.open_files += 2  # a worker may come to watch the socket of each of the two processes that get ready

    def outcome(self, step, deed):
        status, body = self.ask(post("/" + step, json.dumps({"do": deed}).encode()), seconds=40)
        self.assertNotEqual(status, 0, "a message without an answer")
        return (status, json.loads(body).get("kind") if body else None)

    def tearDown(self):
        for step in ("once", "raw"):
            wait_until(lambda: self.outcome(step, "nothing")[0] == 200, 30, f"that {step} is back")
        super().tearDown()

    def hold(self, step, deed, expected):
        """The fault again and again, for a while, and what each message came to."""
        counts = {}

        def trouble():
            ending = self.outcome(step, deed)
            counts[ending] = counts.get(ending, 0) + 1

        told, _ = self.hold_p99(trouble, slack=either(P99_SLACK, 0))
        shown = ", ".join(f"{count} x {status} {kind or ''}".strip() for (status, kind), count in sorted(counts.items(), key=str))
        self.tell(f"{shown}; {told}")
        self.assertFalse(LONG and "not judged" in told, told)
        self.assertTrue(counts.keys() & expected, counts)
        self.assertEqual([one for one in counts if one not in expected and one[1] not in CLEAR], [])

    def test_a_segfault(self):
        self.hold("once", "segfault", {(504, "unknown")})

    @only_long
    def test_an_abort(self):
        self.hold("once", "abort", {(504, "unknown")})

    @only_long
    def test_a_hang(self):
        self.hold("once", "hang", {(504, "unknown")})

    @only_long
    def test_a_leak(self):
        self.hold("once", "leak", {(504, "unknown")})

    def test_all_of_a_core(self):
        self.hold("once", "spin", {(504, "unknown")})

    def test_garbage_frames(self):
        self.hold("raw", "garbage", {(504, "unknown")})

    @only_long
    def test_oversize_frames(self):
        self.hold("raw", "oversize", {(504, "unknown")})

    @only_long
    def test_never_acknowledging(self):
        self.hold("raw", "silent", {(504, "unknown")})

    @only_long
    def test_a_wrong_version(self):
        self.hold("version", "nothing", {(503, "not_sent")})

    @only_long
    def test_two_processes_of_one_name(self):
        self.hold("raw", "stranger", {(200, None)})


unittest.main(argv=[sys.argv[0]])
