"""curl before HTTP routes: what real clients send, as they send it."""

import hashlib
import http.server
import json
import pathlib
import ssl
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import LiveBus, need  # noqa: E402

LARGE = bytes(i * 7 % 251 for i in range(8 * 1024 * 1024))

BUNDLE = """\
listeners:
  front: {{ http: {{ listen: '127.0.0.1:0' }} }}
services:
  echo: {{ http: {{ endpoints: ['{backend}'] }} }}
routes:
  echo:
    from: {{ http: '* /echo/{{rest*}}', on: front }}
    steps: [ {{ call: {{ service: echo }} }} ]
  greet:
    from: {{ http: 'POST /greet', on: front }}
    steps: [ {{ map: '{{ "hello": name }}' }} ]
  read:
    from: {{ http: 'GET /things/{{id}}', on: front }}
    reply: {{ body: '{{ "id": $path.id, "q": $query.q }}' }}
"""

TLS_BUNDLE = """\
listeners:
  open: {{ http: {{ listen: '127.0.0.1:0', tls: {{ certificate: server.pem, key: '${{file:{keys}/server.key}}' }} }} }}
  closed:
    http: {{ listen: '127.0.0.1:0', tls: {{ certificate: server.pem, key: '${{file:{keys}/server.key}}', client_ca: ca.pem }} }}
services:
  trusted: {{ http: {{ endpoints: ['{backend}'], tls: {{ ca: ca.pem }} }} }}
  mistrusted: {{ http: {{ endpoints: ['{backend}'], tls: {{ ca: other.pem }} }} }}
routes:
  open:
    from: {{ http: 'GET /', on: open }}
    reply: {{ body: '"open"' }}
  trusted:
    from: {{ http: 'GET /trusted', on: open }}
    steps: [ {{ call: {{ service: trusted }} }} ]
  mistrusted:
    from: {{ http: 'GET /mistrusted', on: open }}
    steps: [ {{ call: {{ service: mistrusted }} }} ]
  closed:
    from: {{ http: 'GET /', on: closed }}
    reply: {{ body: '"closed"' }}
"""


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the body it was sent, and in headers with what it saw."""

    protocol_version = "HTTP/1.1"

    def chunks(self):
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def answer(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(self.chunks())
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", self.headers.get("Content-Type") or "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Saw", f"{self.command} {self.path}")
        self.send_header("X-Saw-Tenant", self.headers.get("X-Tenant", "-"))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer

    def log_message(self, *_):
        pass


def start_echo(context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def curl(*arguments, data=None, expect=0):
    done = subprocess.run(["curl", "--silent", "--show-error", "--max-time", "30", *arguments], input=data, capture_output=True)
    if expect is not None and done.returncode != expect:
        raise AssertionError(f"curl ended with {done.returncode}, not {expect}: {done.stderr.decode(errors='replace')}")
    return done


class Plain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = start_echo()
        cls.bus = LiveBus({"echo.yaml": BUNDLE.format(backend="http://127.0.0.1:%d" % cls.backend.server_port)})

    @classmethod
    def tearDownClass(cls):
        cls.backend.shutdown()
        cls.backend.server_close()
        cls.bus.__exit__(None, None, None)

    def url(self, path):
        return self.bus.url("front", path)

    def test_json_in_and_out(self):
        done = curl("-i", "-H", "Content-Type: application/json", "--data-binary", '{"name": "Zoë"}', self.url("/greet"))
        head, _, body = done.stdout.decode().partition("\r\n\r\n")
        self.assertIn("200", head.splitlines()[0])
        self.assertIn("application/json", head.lower())
        self.assertEqual(json.loads(body), {"hello": "Zoë"})

    def test_path_and_query(self):
        done = curl(self.url("/things/a%20b?q=1&q=2"))
        self.assertEqual(json.loads(done.stdout), {"id": "a b", "q": ["1", "2"]})

    def test_keep_alive(self):
        done = curl("-v", self.url("/things/1"), self.url("/things/2"), self.url("/things/3"))
        self.assertEqual(done.stderr.decode().count("Re-using existing connection"), 2)

    def test_many_requests_on_one_connection(self):
        done = curl("-w", "%{num_connects}\n", *["-o", "/dev/null"] * 200, *[self.url(f"/things/{i}") for i in range(200)])
        self.assertEqual(sum(map(int, done.stdout.split())), 1)

    def test_chunked_upload(self):
        done = curl("-X", "POST", "-H", "Transfer-Encoding: chunked", "-H", "Content-Type: text/plain", "--data-binary", "@-",
                    self.url("/echo/chunked"), data=LARGE[:300_000])
        self.assertEqual(done.stdout, LARGE[:300_000])

    def test_expect_100_continue(self):
        done = curl("-v", "-H", "Expect: 100-continue", "--expect100-timeout", "20", "--data-binary", "@-", self.url("/echo/expect"),
                    data=LARGE[:100_000])
        self.assertIn("100 Continue", done.stderr.decode(errors="replace"))
        self.assertEqual(done.stdout, LARGE[:100_000])

    def test_head(self):
        done = curl("-I", self.url("/things/1"))
        self.assertIn(b"200", done.stdout.splitlines()[0])
        self.assertIn(b"content-length", done.stdout.lower())
        passed = curl("-I", self.url("/echo/head"))
        self.assertIn(b"x-saw: head /echo/head", passed.stdout.lower())

    def test_large_body_there_and_back(self):
        done = curl("--data-binary", "@-", "-H", "Content-Type: application/octet-stream", self.url("/echo/large"), data=LARGE)
        self.assertEqual(hashlib.sha256(done.stdout).hexdigest(), hashlib.sha256(LARGE).hexdigest())

    def test_a_body_over_the_limit_is_refused(self):
        done = curl("-o", "/dev/null", "-w", "%{http_code}", "--data-binary", "@-", self.url("/echo/huge"), data=LARGE + LARGE[:3_000_000],
                    expect=None)
        self.assertEqual(done.stdout, b"413")

    def test_passes_method_target_and_headers_on(self):
        done = curl("-i", "-X", "DELETE", "-H", "X-Tenant: north", self.url("/echo/a/b?c=d"))
        self.assertIn("X-Saw: DELETE /echo/a/b?c=d", done.stdout.decode())
        self.assertIn("X-Saw-Tenant: north", done.stdout.decode())

    def test_what_is_not_there(self):
        done = curl("-i", self.url("/nothing"))
        self.assertIn(b"404", done.stdout.splitlines()[0])
        done = curl("-i", "-X", "DELETE", self.url("/greet"))
        self.assertIn(b"405", done.stdout.splitlines()[0])
        self.assertIn(b"allow: post", done.stdout.lower())

    def test_a_body_that_does_not_parse(self):
        done = curl("-i", "-H", "Content-Type: application/json", "--data-binary", '{"name":', self.url("/greet"))
        head, _, body = done.stdout.decode().partition("\r\n\r\n")
        self.assertIn("400", head.splitlines()[0])
        self.assertIn("application/problem+json", head.lower())
        self.assertEqual(json.loads(body)["type"], "urn:busway:format")


def run_openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)


def make_authority(folder, name):
    run_openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name} authority",
                "-keyout", f"{name}.key", "-out", f"{name}.pem")


def make_certificate(folder, name, authority):
    (folder / f"{name}.ext").write_text("subjectAltName=IP:127.0.0.1\n")
    run_openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    run_openssl(folder, "x509", "-req", "-days", "2", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
                "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.pem")


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        import tempfile
        cls.scratch = tempfile.TemporaryDirectory(prefix="busway-tls-")
        cls.keys = pathlib.Path(cls.scratch.name)
        make_authority(cls.keys, "ca")
        make_authority(cls.keys, "other")
        for name, authority in (("server", "ca"), ("client", "ca"), ("stranger", "other")):
            make_certificate(cls.keys, name, authority)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cls.keys / "server.pem", cls.keys / "server.key")
        cls.backend = start_echo(context)
        files = {"tls.yaml": TLS_BUNDLE.format(keys=cls.keys, backend="https://127.0.0.1:%d" % cls.backend.server_port)}
        files |= {name: (cls.keys / name).read_text() for name in ("server.pem", "ca.pem", "other.pem")}
        cls.bus = LiveBus(files)

    @classmethod
    def tearDownClass(cls):
        cls.backend.shutdown()
        cls.backend.server_close()
        cls.bus.__exit__(None, None, None)
        cls.scratch.cleanup()

    def ask(self, listener, path, *arguments, expect=0):
        return curl("--cacert", str(self.keys / "ca.pem"), *arguments, self.bus.url(listener, path, "https"), expect=expect)

    def shown(self, name):
        return ["--cert", str(self.keys / f"{name}.pem"), "--key", str(self.keys / f"{name}.key")]

    def test_a_client_that_trusts_the_authority(self):
        self.assertEqual(self.ask("open", "/").stdout, b'"open"')

    def test_a_client_that_does_not(self):
        curl("--cacert", str(self.keys / "other.pem"), self.bus.url("open", "/", "https"), expect=60)

    def test_tls_below_1_2_is_refused(self):
        self.ask("open", "/", "--tls-max", "1.1", expect=35)

    def test_client_certificates(self):
        self.assertEqual(self.ask("closed", "/", *self.shown("client")).stdout, b'"closed"')
        self.assertNotEqual(self.ask("closed", "/", expect=None).returncode, 0)
        self.assertNotEqual(self.ask("closed", "/", *self.shown("stranger"), expect=None).returncode, 0)

    def test_a_service_whose_authority_is_trusted(self):
        done = self.ask("open", "/trusted", "-i")
        self.assertIn("200", done.stdout.decode().splitlines()[0])

    def test_a_service_whose_authority_is_not(self):
        done = self.ask("open", "/mistrusted", "-i")
        self.assertIn("503", done.stdout.decode().splitlines()[0])
        self.assertNotIn("certificate", done.stdout.decode())


if __name__ == "__main__":
    need(programs=["curl", "openssl"])
    unittest.main()
