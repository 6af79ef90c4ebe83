"""An HTTP service for tests that does with bodies what a path asks for, on plain sockets, so that nothing is hidden by a library."""

import hashlib
import json
import socket
import struct
import threading
import time
import urllib.parse

from accepting import Accepting

PATIENCE = 30
PIECE = bytes(range(256)) * 256  # 64 KiB


def pattern(size):
    """`size` bytes in pieces, the same each time."""
    while size > 0:
        yield PIECE[:size]
        size -= len(PIECE)


def digest_of(size):
    digest = hashlib.sha256()
    for piece in pattern(size):
        digest.update(piece)
    return digest.hexdigest()


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


class Request:
    def __init__(self, reader):
        line = reader.readline()
        if not line:
            raise EOFError
        self.method, self.target, _ = line.decode("latin-1").split()
        self.fields = []
        while (line := reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            self.fields.append((name, value.strip()))
        self.reader = reader
        self.length = int(self.field("content-length") or 0)
        self.chunked = self.field("transfer-encoding") == "chunked"
        self.path, _, query = self.target.partition("?")
        self.query = dict(urllib.parse.parse_qsl(query))

    def field(self, name):
        return next((value for key, value in self.fields if key.lower() == name), None)

    def pieces(self):
        """The body as it comes; EOFError when it ends too early."""
        if self.chunked:
            while size := int(self.reader.readline() or b"x", 16):
                yield self._exactly(size)
                self.reader.readline()
            self.reader.readline()
            return
        left = self.length
        while left:
            data = self.reader.read1(min(left, 65536))
            if not data:
                raise EOFError
            left -= len(data)
            yield data

    def _exactly(self, size):
        data = self.reader.read(size)
        if len(data) < size:
            raise EOFError
        return data


class Far:
    def __init__(self, context=None):
        self.context = context
        self.seen = []       # (path, what became of the body)
        self.open = 0
        self.lock = threading.Lock()
        self._accepting = Accepting(self._serve)
        self.port = self._accepting.port
        self.close = self._accepting.close

    @property
    def connections(self):
        return self._accepting.accepted

    def _serve(self, connection):
        connection.settimeout(PATIENCE)
        with self.lock:
            self.open += 1
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            reader = connection.makefile("rb", 65536)
            while True:
                request = Request(reader)
                if not getattr(self, "do_" + request.path.rsplit("/", 1)[1])(connection, request):
                    break
        except (OSError, EOFError, ValueError):
            pass
        finally:
            connection.close()
            with self.lock:
                self.open -= 1

    def answers(self, connection, body, status=200, extra=b""):
        connection.sendall(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nX-Far: 1\r\n%sContent-Length: %d\r\n\r\n%s"
                           % (status, extra, len(body), body))

    # ---- what it does: True keeps the connection ----

    def do_digest(self, connection, request):
        digest, size = hashlib.sha256(), 0
        try:
            for piece in request.pieces():
                digest.update(piece)
                size += len(piece)
        except (EOFError, ValueError, OSError):
            self.seen.append(("digest", "cut"))
            return False
        self.seen.append(("digest", size))
        self.answers(connection, json.dumps({
            "size": size, "digest": digest.hexdigest(), "method": request.method, "fields": request.fields}).encode())
        return True

    def do_bytes(self, connection, request):
        for _ in request.pieces():
            pass
        size, framing = int(request.query["n"]), request.query.get("framing", "length")
        head = b"HTTP/1.1 %s X\r\nContent-Type: text/plain\r\nX-Far: a\r\nX-Far: b\r\nSet-Cookie: c=1\r\n" % (
            request.query.get("status", "200").encode())
        head += {"length": b"Content-Length: %d\r\n\r\n" % size, "chunked": b"Transfer-Encoding: chunked\r\n\r\n",
                 "close": b"\r\n"}[framing]
        connection.sendall(head)
        if request.method == "HEAD":
            return framing != "close"
        try:
            for piece in pattern(size):
                connection.sendall(chunk(piece) if framing == "chunked" else piece)
            if framing == "chunked":
                connection.sendall(b"0\r\nX-Trailer: t\r\n\r\n")
        except OSError:
            self.seen.append(("bytes", "caller gone"))
            raise
        return framing != "close"

    def do_cut(self, connection, request):
        """Ends after `at` of `n` bytes."""
        size, at, chunked = int(request.query["n"]), int(request.query["at"]), "chunked" in request.query
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + (b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Content-Length: %d\r\n\r\n" % size))
        for piece in pattern(at):
            connection.sendall(chunk(piece) if chunked else piece)
        if "reset" in request.query:
            time.sleep(0.1)
            reset(connection)
        return False

    def do_stall(self, connection, request):
        """Falls silent in mid-body until the other side ends the connection."""
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + PIECE)
        connection.settimeout(PATIENCE)
        try:
            while connection.recv(65536):
                pass
        except OSError:
            pass
        self.seen.append(("stall", "ended"))
        return False

    def do_early(self, connection, request):
        """Answers before it has read the body, reads some more, and closes."""
        next(request.pieces())
        self.answers(connection, b'{"no":1}', 403, b"Connection: close\r\n")
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(2)
        try:
            while connection.recv(65536):
                pass
        except OSError:
            pass
        self.seen.append(("early", "closed"))
        return False

    def do_duplex(self, connection, request):
        """Answers each piece as it comes."""
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in request.pieces():
            connection.sendall(chunk(piece))
        connection.sendall(b"0\r\n\r\n")
        return True

    def do_deaf(self, connection, request):
        """Reads nothing more."""
        time.sleep(3)
        return False
