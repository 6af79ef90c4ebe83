"""Services that misbehave: they freeze, hang up in the middle, trickle, never answer, or never let go."""

import multiprocessing
import socket
import struct
import subprocess
import sys
import time

from accepting import Accepting
from hostile_wire import as_good_callers

FROZEN = """
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer.request_queue_size = 128
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
print(server.server_port, flush=True)
server.serve_forever()
"""

HTTP_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"all":"ok"}'
ENVELOPE = (b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><n:AskResponse xmlns:n="urn:x"><all>ok</all>'
            b'</n:AskResponse></s:Body></s:Envelope>')
SOAP_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (len(ENVELOPE), ENVELOPE)
FRAME_ANSWER = b'\x00\x0c{"all":"ok"}'


PROTOCOLS = {
    "http": "http: {{ endpoints: ['http://127.0.0.1:{port}/'], connections: 64 }}",
    "soap": "soap: {{ endpoints: ['http://127.0.0.1:{port}/'], namespace: 'urn:x', connections: 64 }}",
    "tcp": "tcp: {{ endpoints: ['127.0.0.1:{port}'], frame: {{ length_prefix: 2 }}, connections: 64 }}, format: json",
}


def services_bundle(services):
    """A route file with a route `GET /NAME` to each service, name -> (protocol, port), and `GET /ok`."""
    text = "listeners: { front: { http: { listen: '127.0.0.1:0', max_connections: 50000 } } }\nservices:\n"
    for name, (protocol, port) in services.items():
        text += f"  {name}: {{ {PROTOCOLS[protocol].format(port=port)}, timeout: 500ms }}\n"
    text += "routes:\n  ok: { from: { http: GET /ok, on: front }, steps: [ { map: '{ \"ok\": true }' } ] }\n"
    for name, (protocol, _) in services.items():
        operation = ", operation: Ask" if protocol == "soap" else ""
        request = "" if protocol == "http" else ", request: '{ \"x\": 1 }'"
        text += f"  {name}: {{ from: {{ http: GET /{name}, on: front }}, steps: [ {{ call: {{ service: {name}{operation}{request} }} }} ] }}\n"
    return text


def open_frozen():
    """A service in a process of its own, for SIGSTOP: the process and its port."""
    process = subprocess.Popen([sys.executable, "-c", FROZEN], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return process, int(process.stdout.readline())


class ShakyService:
    """Reads a request (HTTP, or a frame of a two-byte length), then does as its fields say: how many bytes of the answer go out, how
    fast, and how the connection ends."""

    def __init__(self, answer, framed=False):
        self.answer = answer
        self.most = len(answer)
        self.pause = 0.0        # between the answer's bytes
        self.delay = 0.0        # before the answer
        self.silent = False     # no answer at all, until the other side gives up
        self.reset = False      # ends with RST
        self.half = False       # ends its own side alone, and keeps the socket
        self._framed = framed
        self.kept = []
        self.open = set()
        self._accepting = Accepting(self._serve)
        self.port = self._accepting.port

    def _whole(self, data):
        if self._framed:
            return len(data) >= 2 and len(data) >= 2 + int.from_bytes(data[:2], "big")
        head, found, body = data.partition(b"\r\n\r\n")
        lines = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return bool(found) and len(body) >= int(lines[0] if lines else 0)

    def _read(self, connection):
        """Whether a whole request came."""
        data = b""
        while not self._whole(data):
            got = connection.recv(65536)
            if not got:
                return False
            data += got
        return True

    def _serve(self, connection):
        self.open.add(connection)
        try:
            while self._read(connection):
                if self.silent:
                    connection.recv(1)
                    break
                time.sleep(self.delay)
                pause, answer = self.pause, self.answer[:self.most]
                for at in range(0, len(answer), 1 if pause else max(1, len(answer))):
                    connection.sendall(answer[at:at + 1] if pause else answer)
                    time.sleep(pause)
                if self.half:
                    connection.shutdown(socket.SHUT_WR)
                    self.kept.append(connection)
                    return
                if self.reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if self.reset or self.most < len(self.answer):
                    break
        finally:
            self.open.discard(connection)
        connection.close()

    def go_down(self):
        """Nobody is accepted any more, and who is in hears a reset."""
        self._accepting.close()
        for connection in list(self.open):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RDWR)

    def come_up(self):
        self._accepting = Accepting(self._serve, self.port)

    def let_go(self):
        while self.kept:
            self.kept.pop().close()

    def close(self):
        self._accepting.close()
        self.let_go()


def open_elsewhere(answer):
    """A well-behaved service in a process of its own, and its port."""
    ours, theirs = multiprocessing.Pipe()

    def serve():
        as_good_callers()
        theirs.send(ShakyService(answer).port)
        theirs.recv()

    process = multiprocessing.get_context("fork").Process(target=serve, daemon=True)
    process.start()
    return process, ours.recv()


class FullBacklog:
    """A port whose queue of connections is full: who connects hears nothing."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.port = self._listener.getsockname()[1]
        self._queue = []
        for _ in range(8):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", self.port))
            self._queue.append(one)

    def close(self):
        for one in self._queue:
            one.close()
        self._listener.close()


def closed_port():
    """A socket whose port is bound and never listened on, so that nobody else gets it."""
    unused = socket.socket()
    unused.bind(("127.0.0.1", 0))
    return unused
