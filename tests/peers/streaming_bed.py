"""What the scripts on large bodies share: a bus with a service on plain sockets behind it, both over plain TCP and over TLS."""

import hashlib
import http.client
import io
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
from far import Far, chunk, pattern  # noqa: E402
from live_bus import LiveBus, wait_until  # noqa: E402

LONG = bool(os.environ.get("BUSWAY_LONG"))
LARGE = (1024 if LONG else 256) * 1024 * 1024
BOUND = 32 * 1024
PATIENCE = 30

BUNDLE = """\
listeners:
  front: {{ http: {{ listen: '127.0.0.1:0', access_log: true, head_deadline: 2s, body_rate: 1KiB }} }}
  safe: {{ http: {{ listen: '127.0.0.1:0', tls: {{ certificate: cert.pem, key: '${{file:{key}}}' }} }} }}
services:
  far: {{ http: {{ endpoints: ['http://127.0.0.1:{port}'], max_answer: 1GiB, connections: 1024 }}, timeout: 2s }}
  tight: {{ http: {{ endpoints: ['http://127.0.0.1:{port}'], max_answer: 200KiB }}, timeout: 2s }}
  quick: {{ http: {{ endpoints: ['http://127.0.0.1:{port}'] }}, timeout: 300ms }}
  either: {{ http: {{ endpoints: ['http://127.0.0.1:1', 'http://127.0.0.1:{port}'] }}, retry: {{ attempts: 3, backoff: 1ms..2ms }} }}
  locked: {{ http: {{ endpoints: ['https://127.0.0.1:{safe_port}'], max_answer: 1GiB, tls: {{ ca: cert.pem, server_name: localhost }} }} }}
routes:
  stream: {{ from: {{ http: '* /stream/{{rest*}}', on: front, max_body: 1GiB }}, steps: [ {{ call: far }} ] }}
  gather: {{ from: {{ http: '* /gather/{{rest*}}', on: front, max_body: 1GiB }}, steps: [ {{ set_variable: {{ x: 1 }} }}, {{ call: far }} ] }}
  small: {{ from: {{ http: '* /small/{{rest*}}', on: front, max_body: 200KiB }}, steps: [ {{ call: far }} ] }}
  tight: {{ from: {{ http: '* /tight/{{rest*}}', on: front, max_body: 1GiB }}, steps: [ {{ call: tight }} ] }}
  quick: {{ from: {{ http: '* /quick/{{rest*}}', on: front }}, steps: [ {{ call: quick }} ] }}
  either: {{ from: {{ http: '* /either/{{rest*}}', on: front }}, steps: [ {{ call: either }} ] }}
  safe: {{ from: {{ http: '* /{{rest*}}', on: safe, max_body: 1GiB }}, steps: [ {{ call: locked }} ] }}
"""


def head(method, path, *fields):
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: a", *fields, "", "")).encode()


def answer_of(connection, method="GET"):
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    return response


class Pipelined(io.BufferedReader):
    """Of a connection, for answer_of: one reader of all its replies, as a reply's own would read into the next."""

    def __init__(self, connection):
        super().__init__(socket.SocketIO(connection, "r"), 65536)

    def makefile(self, *_):
        return self

    def close(self):
        pass


def body_digest(response):
    digest, size = hashlib.sha256(), 0
    while piece := response.read(65536):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()


class StreamingBed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.TemporaryDirectory(prefix="busway-streaming-")
        key, certificate = (pathlib.Path(cls.keys.name) / name for name in ("key.pem", "cert.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        cls.far = Far()
        cls.safe_far = Far(context)
        cls.bus = LiveBus({"routes.yaml": BUNDLE.format(port=cls.far.port, safe_port=cls.safe_far.port, key=key),
                           "cert.pem": certificate.read_text()}, arguments=["--workers", "1"])

    @classmethod
    def tearDownClass(cls):
        cls.keys.cleanup()
        assert cls.bus.stop() == 0, cls.bus.log()

    def connect(self, listener="front"):
        connection = socket.create_connection(self.bus.address(listener), timeout=PATIENCE)
        if listener == "safe":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = context.wrap_socket(connection)
        self.addCleanup(connection.close)
        return connection

    def upload(self, connection, path, size, chunked=False, pieces=None, fields=()):
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        connection.sendall(head("POST", path, framing, "Content-Type: text/plain", *fields))
        for piece in pieces or pattern(size):
            connection.sendall(chunk(piece) if chunked else piece)
        if chunked:
            connection.sendall(b"0\r\nX-Trailer: t\r\n\r\n")

    def access_line(self, path, **holds):
        """The last one of that path whose fields hold these values, or values in these ranges."""
        def fits(value, wanted):
            return value in wanted if isinstance(wanted, range) else value == wanted

        def found():
            for line in reversed(self.bus.log().splitlines()):
                if line.startswith("{"):
                    entry = json.loads(line)
                    if entry.get("path") == path and all(fits(entry.get(key), value) for key, value in holds.items()):
                        return entry
            return None
        return wait_until(found, PATIENCE, f"an access line of {path} with {holds}")
