"""plugins/examples/drop_box: files become messages, and none is lost or forgotten, whoever is killed.

    drop_box_test.py BUSWAY SOURCE CC CXX
"""
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

from workshop import BUSWAY, SOURCE, Case, main

sys.path.insert(0, str(SOURCE / "tests"))
from live_bus import LiveBus, need, wait_until  # noqa: E402

os.environ["BUSWAY"] = BUSWAY
need(modules=["zmq"])
EXAMPLE = SOURCE / "plugins/examples/drop_box"
SDK = SOURCE / "plugins/sdk/python/busway_plugin.py"
ROUTES = """
listeners: { box: { drop_box: { path: '%s', pattern: '*.json', every: 20ms, max_body: 64KiB }, format: json } }
services:
  sink: { http: { endpoints: ['http://127.0.0.1:%s/'], method: POST } }
  nobody: { tcp: { endpoints: ['127.0.0.1:1'], frame: { length_prefix: 2 } }, format: json }
routes:
  down: { from: { drop_box: messages, on: box, when: 'n = "down"' }, steps: [ { call: { service: nobody } } ] }
  take: { from: { drop_box: messages, on: box }, steps: [ { call: { service: sink } } ] }
"""


class Sink(http.server.BaseHTTPRequestHandler):
    """What routes have taken, in `got` of its server."""

    def do_POST(self):
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["n"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class DropBox(Case):
    def setUp(self):
        super().setUp()
        self.sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
        self.sink.daemon_threads, self.sink.got = True, []
        threading.Thread(target=self.sink.serve_forever, daemon=True).start()
        self.addCleanup(self.sink.server_close)
        self.addCleanup(self.sink.shutdown)
        self.box = self.folder / "box"
        self.box.mkdir()
        self.made = self.folder / "bundle"
        plugin = self.made / "plugins/drop_box"
        shutil.copytree(EXAMPLE, plugin, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(SDK, plugin)
        (self.made / "routes.yaml").write_text(ROUTES % (self.box, self.sink.server_address[1]))

    def drop(self, name, text):
        (self.box / f".{name}").write_text(text)
        (self.box / f".{name}").rename(self.box / name)

    def serve(self):
        return LiveBus(self.made, {"BUSWAY_PLUGINS": ""})

    def there(self, folder):
        return sorted(path.name for path in (self.box / folder).glob("*.json"))

    def test_it_is_tried_alone(self):
        done = subprocess.run([sys.executable, "-B", "-m", "unittest", "-q", "drop_box_test"], cwd=self.made / "plugins/drop_box", capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_good_bad_and_too_large(self):
        self.drop("good.json", '{"n":1}')
        self.drop("bad.json", "{")
        self.drop("large.json", '"' + "x" * 70_000 + '"')
        self.drop("other.txt", "not ours")
        with self.serve() as bus:
            self.assertEqual(bus.address("box")[1], str(self.box))
            wait_until(lambda: not self.there("."), what="that all are taken")
            self.assertEqual((self.there("done"), self.there("failed")), (["good.json"], ["bad.json", "large.json"]))
            self.assertEqual((self.box / "failed/large.json.reason").read_text(), "413 Content Too Large (format)\n")
            self.assertTrue((self.box / "other.txt").exists())
            # A service is down: the file stays, and is tried again and again.
            self.drop("down.json", '{"n":"down"}')
            wait_until(lambda: bus.log().count("kind=not_sent") >= 3, what="that it is tried again")
            self.assertEqual(self.there("."), ["down.json"])

    def test_no_directory_keeps_the_bus_from_starting(self):
        (self.made / "routes.yaml").write_text(ROUTES % ("/nonexistent/box", 1))
        done = self.busway("run", self.made)
        self.assertEqual(done.returncode, 1)
        self.assertIn("'path': there is no directory /nonexistent/box", done.stderr)

    def test_killed_again_and_again_every_file_is_taken(self):
        files = 300
        with self.serve() as bus:
            for n in range(files):
                self.drop(f"{n:03}.json", f'{{"n":{n}}}')
            for _ in range(4):
                time.sleep(0.15)
                for task in pathlib.Path(f"/proc/{bus.process.pid}/task").glob("*/children"):
                    for pid in task.read_text().split():
                        os.kill(int(pid), signal.SIGKILL)
            time.sleep(0.2)
        # The bus itself is ended with files under way, and another one takes what is left.
        with self.serve() as bus:
            wait_until(lambda: len(self.there("done")) == files, what="that all are done")
        self.assertEqual(set(self.sink.got), set(range(files)))
        self.assertLess(len(self.sink.got), files + 30)  # a few came again
        self.assertEqual(self.there("."), [])


main()
