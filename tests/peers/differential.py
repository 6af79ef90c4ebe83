"""The same bytes through busway, nginx and haproxy, each before a service that records what reaches it.

A request that two of them pass on must be the same request: method, target and body. How many each passes on may differ, and
every such difference stands in differences.txt with its reason; one that is not there, or no longer is one, fails. The cases are
those below and, where they lie beside the checkout, conformance/http-llhttp and http-desync.
"""

import base64
import concurrent.futures
import json
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
sys.path.insert(0, str(HERE.parent))
from live_bus import ROOT, LiveBus, need, wait_until  # noqa: E402

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

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def head(*fields, line="POST /first HTTP/1.1", host="Host: a"):
    return "\r\n".join([line, *([host] if host else []), *fields]).encode("latin-1") + b"\r\n\r\n"


CHUNKED = "Transfer-Encoding: chunked"
OWN = {
    "plain": head(line="GET /first HTTP/1.1") + SMUGGLED,
    "length": head("Content-Length: 5") + b"hello" + SMUGGLED,
    "chunked": head(CHUNKED) + b"5\r\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "chunked, extension and trailer": head(CHUNKED) + b"5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n" + SMUGGLED,
    "length and chunked": head(f"Content-Length: {5 + len(SMUGGLED)}", CHUNKED) + b"0\r\n\r\n" + SMUGGLED,
    "chunked and length": head(CHUNKED, "Content-Length: 5") + b"0\r\n\r\n" + SMUGGLED,
    "two lengths": head("Content-Length: 0", f"Content-Length: {len(SMUGGLED)}") + SMUGGLED,
    "equal lengths": head("Content-Length: 5", "Content-Length: 5") + b"hello" + SMUGGLED,
    "list of lengths": head("Content-Length: 5, 5") + b"hello" + SMUGGLED,
    "signed length": head("Content-Length: +5") + b"hello" + SMUGGLED,
    "empty length": head("Content-Length:") + SMUGGLED,
    "length with underscore": head(f"Content_Length: {len(SMUGGLED)}") + SMUGGLED,
    "coding with underscore": head("Transfer_Encoding: chunked") + b"0\r\n\r\n" + SMUGGLED,
    "xchunked": head("Transfer-Encoding: xchunked") + b"0\r\n\r\n" + SMUGGLED,
    "chunked twice": head("Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n" + SMUGGLED,
    "chunked last of two": head("Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n" + SMUGGLED,
    "chunked not last": head("Transfer-Encoding: chunked, identity") + b"0\r\n\r\n" + SMUGGLED,
    "vertical tab before chunked": head("Transfer-Encoding: \x0bchunked") + b"0\r\n\r\n" + SMUGGLED,
    "space before the colon": head("Content-Length : 5") + b"hello" + SMUGGLED,
    "chunked in 1.0": head(CHUNKED, line="POST /first HTTP/1.0") + b"0\r\n\r\n" + SMUGGLED,
    "folded": head("X: a\r\n b") + SMUGGLED,
    "folded coding": head("Transfer-Encoding:\r\n chunked") + b"0\r\n\r\n" + SMUGGLED,
    "bare LF between fields": head("X: a\nContent-Length: 5") + b"hello" + SMUGGLED,
    "bare LF lines": b"GET /first HTTP/1.1\nHost: a\n\n" + SMUGGLED,
    "bare CR in a value": head("X: a\rContent-Length: 5") + SMUGGLED,
    "NUL in a value": head("X: a\0b") + SMUGGLED,
    "bare LF behind a chunk size": head(CHUNKED) + b"5\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "bare LF in an extension": head(CHUNKED) + b"5;a\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "space behind a chunk size": head(CHUNKED) + b"5 \r\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "chunk size 0x": head(CHUNKED) + b"0x5\r\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "chunk size that overflows": head(CHUNKED) + b"10000000000000005\r\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "chunk longer than its size": head(CHUNKED) + b"5\r\nhello!\r\n0\r\n\r\n" + SMUGGLED,
    "no host": head(host="") + SMUGGLED,
    "two hosts": head("Host: b") + SMUGGLED,
    "absolute target": head(line="GET http://a/first HTTP/1.1") + SMUGGLED,
    "absolute target of another host": head(line="GET http://b/first HTTP/1.1") + SMUGGLED,
    "body of GET": head("Content-Length: 5", line="GET /first HTTP/1.1") + b"hello" + SMUGGLED,
    "tab in the request line": head(line="GET\t/first HTTP/1.1") + SMUGGLED,
    "two spaces in the request line": head(line="GET  /first HTTP/1.1") + SMUGGLED,
    "HTTP/0.9": b"GET /first\r\n\r\n" + SMUGGLED,
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SMUGGLED,
    "behind close": head("Connection: close", line="GET /first HTTP/1.1") + SMUGGLED,
}


def with_host(stream):
    out = b""
    while True:
        line, found, rest = stream.partition(b"\r\n")
        if not found:
            return out + stream
        out += line + b"\r\n"
        if line.endswith(b" HTTP/1.1") and b"\r\nhost:" not in (b"\r\n" + rest.partition(b"\r\n\r\n")[0]).lower():
            host = re.search(rb"://([^/? ]+)", line)
            out += b"Host: " + (host[1] if host else b"a") + b"\r\n"
        stream = rest


def cases():
    found = {f"own: {name}": stream for name, stream in OWN.items()}
    suites = ROOT.parent / "shared/conformance"
    if not suites.is_dir():
        print("skipped: conformance/http-llhttp and http-desync are not here")
        return found
    for row in json.loads((suites / "http-llhttp/cases.json").read_text()):
        if row["type"] == "request" and not any("pause" in event for event in row["events"]):
            found["llhttp: " + row["id"]] = with_host(base64.b64decode(row["input_base64"]))
    for path in sorted((suites / "http-desync").glob("*.json")):
        for row in json.loads(path.read_text()):
            lines = [f"{row['method']} {row['uri']} {row['version']}"]
            lines += [f"{field['name']}: {field['value']}" for field in row["headers"]]
            if not any(field["name"] == "Host" for field in row["headers"]):
                lines.append("Host: a")
            body = (b"0\r\n\r\n" + SMUGGLED).ljust(1000, b"x")
            found[f"desync: {path.stem}: {row['name']}"] = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return found


class Recorder:
    """A service that answers every request with 200 and keeps what it saw."""

    def __init__(self):
        self._lock = threading.Lock()
        self._seen = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def take(self):
        with self._lock:
            seen, self._seen = self._seen, []
        return seen

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                while self._one(connection, stream):
                    pass
            except (OSError, ValueError, OverflowError):
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
        found[case] = (tuple(int(count) for count in counts.split("/")), reason)
    return found


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
                for ours, theirs in zip(seen["busway"], seen[other]):
                    self.assertEqual(ours, theirs, f"{case}: busway and {other} do not pass on the same request")
            counts = tuple(len(seen[name]) for name in ("busway", "nginx", "haproxy"))
            if counts != expected.get(case, (counts, ""))[0] or (case not in expected and len(set(counts)) > 1):
                # A busy machine may have been quiet for other reasons.
                again = [passed_on(self.addresses[name], self.recorders[name], streams[case], 1) for name in ("busway", "nginx", "haproxy")]
                counts = tuple(len(passed) for passed, _ in again)
            with self.subTest(case):
                said = results["busway"][case][1]
                if len(set(counts)) == 1:
                    alike += 1
                    self.assertNotIn(case, expected, "no difference any more")
                else:
                    different += 1
                    self.assertIn(case, expected, f"{'/'.join(map(str, counts))}: {said[-300:]!r}")
                    self.assertEqual(expected[case][0], counts, said[-300:])
        gone = [case for case in expected if case not in streams and case.startswith("own: ")]
        self.assertEqual(gone, [], "explained, and no case any more")
        more = sum(len(results["busway"][case][0]) > min(len(results[name][case][0]) for name in ("nginx", "haproxy")) for case in streams)
        print(f"{len(streams)} cases: {alike} alike, {different} differ, each with its reason; 0 requests changed; busway passes on more "
              f"than the stricter of the others in {more}", flush=True)


if __name__ == "__main__":
    need(programs=["nginx", "haproxy"])
    unittest.main()
