"""The same bytes through busway, nginx and haproxy, each before a service that records what reaches it.

A request that two of them pass on must be the same request: method, target and body. How many each passes on may differ, and
every such difference stands in differences.txt with its reason; one that is not there, or no longer is one, fails. The cases are
those of differential_cases.py.
"""

import concurrent.futures
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from accepting import Accepting  # noqa: E402
from differential_cases import cases  # noqa: E402
from live_bus import LiveBus, need, wait_until  # noqa: E402

QUIET = 0.06  # seconds without a byte: the proxy waits for more or is done

BUNDLE = """\
listeners: {{ front: {{ http: {{ listen: '127.0.0.1:0' }} }} }}
services: {{ seen: {{ http: {{ endpoints: ['http://127.0.0.1:{service}'] }}, timeout: 2s }} }}
routes:
  top: {{ from: {{ http: '* /', on: front }}, steps: [ {{ call: {{ service: seen }} }} ] }}
  all: {{ from: {{ http: '* /{{rest*}}', on: front }}, steps: [ {{ call: {{ service: seen }} }} ] }}
"""

NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/t1;
  proxy_temp_path {folder}/t2;
  fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4;
  scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{front};
    location / {{ proxy_pass http://127.0.0.1:{service}; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""

HAPROXY = """\
global
  maxconn 256
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend front
  bind 127.0.0.1:{front}
  default_backend service
backend service
  server one 127.0.0.1:{service}
"""

class Recorder:
    """A service that answers every request with 200 and keeps what it saw."""

    def __init__(self):
        self._lock = threading.Lock()
        self._seen = []
        self._accepting = Accepting(self._serve, expected=(OSError, ValueError, OverflowError))
        self.port = self._accepting.port
        self.close = self._accepting.close

    def take(self):
        with self._lock:
            seen, self._seen = self._seen, []
        return seen

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            while self._one(connection, stream):
                pass

    def _one(self, connection, stream):
        line = stream.readline()
        if not line:
            return False
        method, target, _ = line.decode("latin-1").rstrip("\r\n").split(" ")
        fields = {}
        while (field := stream.readline()) not in (b"\r\n", b"\n", b""):
            name, _, value = field.decode("latin-1").partition(":")
            fields.setdefault(name.lower(), []).append(value.strip())
        if "transfer-encoding" in fields:
            body = b""
            while size := int(stream.readline().partition(b";")[0], 16):
                body += stream.read(size)
                stream.readline()
            while stream.readline() not in (b"\r\n", b""):
                pass
        else:
            length = int(fields.get("content-length", ["0"])[0])
            body = stream.read(length)
            if len(body) < length:
                return False
        target = re.sub(r"^https?://[^/?]*(?=[/?]|$)", "", target, flags=re.IGNORECASE) or "/"
        with self._lock:
            self._seen.append((method, target if target[0] in "/*" else "/" + target, body))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return True


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def reachable(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def passed_on(address, recorder, stream, quiet=QUIET):
    """What reached the service of the proxy at `address`, and the proxy's replies."""
    recorder.take()
    replies = b""
    with socket.create_connection(address, 5) as connection:
        try:
            connection.sendall(stream)
            connection.settimeout(quiet)
            while got := connection.recv(65536):
                replies += got
        except (TimeoutError, ConnectionError):
            pass
    time.sleep(0.01)
    return recorder.take(), replies


def read_differences():
    """Case -> (counts, reason). A line of the file is a reason, or, indented, a case below it."""
    found, reason = {}, ""
    for line in (HERE / "differences.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            reason = line.strip()
            continue
        counts, _, case = line.strip().partition("  ")
        assert reason and case not in found, line
        found[case] = (tuple(None if count == "?" else int(count) for count in counts.split("/")), reason)
    return found


def same(expected, counts):
    return all(one is None or one == other for one, other in zip(expected, counts))


class Differential(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="busway-differential-")
        self.addCleanup(scratch.cleanup)
        folder = pathlib.Path(scratch.name)
        folder.chmod(0o755)
        self.recorders = {name: Recorder() for name in ("busway", "nginx", "haproxy")}
        for recorder in self.recorders.values():
            self.addCleanup(recorder.close)
        bus = LiveBus({"differential.yaml": BUNDLE.format(service=self.recorders["busway"].port)})
        self.addCleanup(bus.__exit__, None, None, None)
        self.addresses = {"busway": bus.address("front")}
        for name, text, command in (("nginx", NGINX, ["nginx", "-p", str(folder), "-c"]), ("haproxy", HAPROXY, ["haproxy", "-db", "-q", "-f"])):
            port = free_port()
            path = folder / f"{name}.conf"
            path.write_text(text.format(folder=folder, front=port, service=self.recorders[name].port))
            process = subprocess.Popen([*command, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(process.wait)
            self.addCleanup(process.terminate)
            wait_until(lambda port=port: reachable(port), 10, f"{name} listens")
            self.addresses[name] = ("127.0.0.1", port)

    def run_through(self, name, streams):
        return {case: passed_on(self.addresses[name], self.recorders[name], stream) for case, stream in streams.items()}

    def test_no_request_is_another_one(self):
        streams = cases()
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            runs = {name: pool.submit(self.run_through, name, streams) for name in self.addresses}
            results = {name: run.result() for name, run in runs.items()}
        expected = read_differences()
        alike = different = 0
        for case in streams:
            seen = {name: results[name][case][0] for name in results}
            for other in ("nginx", "haproxy"):
                # One may refuse what the other passes on; what both pass on are the same requests in the same order.
                fewer, more = sorted((seen["busway"], seen[other]), key=len)
                left = iter(more)
                self.assertTrue(all(request in left for request in fewer),
                                f"{case}: busway and {other} do not pass on the same requests: {seen['busway']} {seen[other]}")
            counts = tuple(len(seen[name]) for name in ("busway", "nginx", "haproxy"))
            if not same(expected.get(case, (counts, ""))[0], counts) or (case not in expected and len(set(counts)) > 1):
                # A busy machine may have been quiet for other reasons.
                again = [passed_on(self.addresses[name], self.recorders[name], streams[case], 1) for name in ("busway", "nginx", "haproxy")]
                counts = tuple(len(passed) for passed, _ in again)
            with self.subTest(case):
                said = results["busway"][case][1]
                if len(set(counts)) == 1:
                    alike += 1
                    self.assertTrue(case not in expected or None in expected[case][0], "no difference any more")
                else:
                    different += 1
                    explained = case in expected and same(expected[case][0], counts)
                    self.assertTrue(explained, f"unexplained: {'/'.join(map(str, counts))}  {case}\nbusway: {said[-300:]!r}")
        gone = [case for case in expected if case not in streams and case.startswith("own: ")]
        self.assertEqual(gone, [], "explained, and no case any more")
        more = sum(len(results["busway"][case][0]) > min(len(results[name][case][0]) for name in ("nginx", "haproxy")) for case in streams)
        print(f"{len(streams)} cases: {alike} alike, {different} differ, each with its reason; 0 requests changed; busway passes on more "
              f"than the stricter of the others in {more}", flush=True)


if __name__ == "__main__":
    need(programs=["nginx", "haproxy"])
    unittest.main()
