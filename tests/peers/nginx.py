"""nginx before busway as its proxy, and behind it as a service: both keep their connections."""

import concurrent.futures
import http.client
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import LiveBus, need, wait_until  # noqa: E402

BUNDLE = """\
listeners:
  front: {{ http: {{ listen: '127.0.0.1:0' }} }}
services:
  files: {{ http: {{ endpoints: ['http://127.0.0.1:{nginx}'] }} }}
routes:
  files:
    from: {{ http: 'GET /files/{{rest*}}', on: front }}
    steps: [ {{ call: {{ service: files }} }} ]
  sum:
    from: {{ http: 'POST /sum', on: front }}
    steps: [ {{ map: '{{ "sum": $sum(numbers) }}' }} ]
"""

CONFIG = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/t1;
  proxy_temp_path {folder}/t2;
  fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4;
  scgi_temp_path {folder}/t5;
  upstream bus {{ server 127.0.0.1:{bus}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{front};
    location / {{ proxy_pass http://bus; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
  server {{
    listen 127.0.0.1:{files};
    location /files/ {{ alias {folder}/files/; }}
    location /files/teapot {{ return 418 "short and stout"; }}
  }}
}}
"""


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class Nginx(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="busway-nginx-")
        cls.addClassCleanup(scratch.cleanup)
        folder = pathlib.Path(scratch.name)
        folder.chmod(0o755)
        (folder / "files").mkdir()
        cls.large = bytes(i % 253 for i in range(3_000_000))
        (folder / "files/large.bin").write_bytes(cls.large)
        cls.front, files = free_ports(2)
        cls.bus = LiveBus({"nginx.yaml": BUNDLE.format(nginx=files)})
        cls.addClassCleanup(cls.bus.__exit__, None, None, None)
        config = folder / "nginx.conf"
        config.write_text(CONFIG.format(folder=folder, bus=cls.bus.address("front")[1], front=cls.front, files=files))
        server = subprocess.Popen(["/usr/sbin/nginx", "-p", str(folder), "-c", str(config)], stderr=subprocess.DEVNULL)
        cls.addClassCleanup(lambda: (server.terminate(), server.wait(10)))

        def up():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", cls.front)) == 0

        wait_until(up, what="nginx listens")

    def ask(self, method, path, body=None, headers=None, connection=None):
        own = connection or http.client.HTTPConnection("127.0.0.1", self.front, timeout=30)
        own.request(method, path, body, headers or {})
        answer = own.getresponse()
        got = answer.status, answer.read()
        if connection is None:
            own.close()
        return got

    def test_a_document_through_nginx(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.front, timeout=30)
        for count in range(1, 100):
            status, body = self.ask("POST", "/sum", json.dumps({"numbers": list(range(count))}),
                                    {"Content-Type": "application/json"}, connection)
            self.assertEqual((status, json.loads(body)), (200, {"sum": count * (count - 1) // 2}))
        connection.close()

    def test_nginx_on_both_sides(self):
        self.assertEqual(self.ask("GET", "/files/large.bin"), (200, self.large))

    def test_what_nginx_refuses_comes_back_as_it_is(self):
        self.assertEqual(self.ask("GET", "/files/none")[0], 404)
        self.assertEqual(self.ask("GET", "/files/teapot"), (418, b"short and stout"))

    def test_ranges_and_conditions_pass(self):
        status, body = self.ask("GET", "/files/large.bin", headers={"Range": "bytes=1000-1999"})
        self.assertEqual((status, body), (206, self.large[1000:2000]))

    def test_many_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: self.ask("GET", "/files/large.bin"), range(64)))
        self.assertTrue(all(answer == (200, self.large) for answer in answers))


if __name__ == "__main__":
    need(programs=["/usr/sbin/nginx"])
    unittest.main()
