"""The adapter linedesk: a message is a line of text, and so is its answer. One connection has one message under way at a time."""
import collections
import select
import socket
import threading

import busway_plugin as busway

plugin = busway.Plugin()


def place(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Lines:
    """Reads lines from a connection, each of `most` bytes at most."""

    def __init__(self, connection, most):
        self.connection, self.most, self.bytes = connection, most, bytearray()

    def next(self):
        """The next line; None at the end of the stream. Raises ValueError when there is more than may be."""
        seen = 0
        while (end := self.bytes.find(b"\n", seen)) < 0:
            seen = len(self.bytes)
            if seen > self.most:
                raise ValueError("the line is larger than may be")
            some = self.connection.recv(65536)
            if not some:
                return None
            self.bytes += some
        line = bytes(self.bytes[:end]).rstrip(b"\r")
        del self.bytes[:end + 1]
        if len(line) > self.most:
            raise ValueError("the line is larger than may be")
        return line


@plugin.source("linedesk")
class Listener:
    def __init__(self, settings):
        self.listen, self.idle = settings["listen"], settings["idle"] / 1000
        self.lock, self.connections, self.stopping = threading.Lock(), set(), False
        self.server = None

    def run(self, inlet):
        host, port = place(self.listen)
        self.server = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=256)
        inlet.listening("%s:%d" % self.server.getsockname()[:2])
        while not inlet.stopped.is_set():
            try:
                connection, peer = self.server.accept()
            except OSError:  # stop() has closed it, or the process has too many files open
                inlet.wait(0.05)
                continue
            threading.Thread(target=self.serve, args=(inlet, connection, "%s:%d" % peer[:2]), daemon=True).start()

    def stop(self):
        if self.server is not None:
            self.server.shutdown(socket.SHUT_RDWR)
            self.server.close()
        with self.lock:
            self.stopping = True
            for connection in self.connections:
                self.end_reading(connection)

    @staticmethod
    def end_reading(connection):
        try:
            connection.shutdown(socket.SHUT_RD)  # what is under way gets its reply
        except OSError:
            pass

    def serve(self, inlet, connection, peer):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(self.idle)
        with self.lock:
            self.connections.add(connection)
            if self.stopping:
                self.end_reading(connection)
        try:
            lines = Lines(connection, inlet.max_body)
            while (line := lines.next()) is not None:
                connection.sendall(self.reply(inlet.emit(line, peer=peer)))
        except ValueError:
            self.refuse(connection, b"!413 Content Too Large\n")
        except (OSError, busway.Stopped):
            pass
        finally:
            with self.lock:
                self.connections.discard(connection)
            connection.close()

    @staticmethod
    def reply(outcome):
        line = outcome.body
        if not outcome.good and not line:
            line = f"!{outcome.status} {outcome.reason}".encode()
        return line.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"

    @staticmethod
    def refuse(connection, why):
        """Says why, and gives the peer a moment to read it."""
        try:
            connection.sendall(why)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(1)
            while connection.recv(65536):
                pass
        except OSError:
            pass


@plugin.target("linedesk")
class Service:
    most = 16 * 1024 * 1024

    def __init__(self, settings):
        if not settings["endpoints"]:
            raise busway.Refused("endpoints", "a service needs at least one endpoint")
        self.lock, self.kept = threading.Lock(), collections.defaultdict(list)  # connections in good order, by endpoint

    def __call__(self, request):
        line = request.body or b""
        if b"\n" in line:
            raise busway.Failed("mapping", "writing the line: the body has a line end in it")
        endpoint = request.about["endpoint"]
        connection = self.connect(endpoint, request)
        try:
            connection.settimeout(max(request.time_left, 0.001))
            connection.sendall(line + b"\n")
            lines = Lines(connection, self.most)
            answer = lines.next()
        except ValueError as error:
            connection.close()
            raise busway.Failed("garbage", "reading the answer: it is larger than may be") from error
        except OSError as error:
            connection.close()
            raise busway.Failed("unknown", f"waiting for the answer: {error}") from error
        if answer is None:
            connection.close()
            raise busway.Failed("unknown", "waiting for the answer: the connection ended")
        if lines.bytes:
            connection.close()  # it speaks without being asked
        else:
            with self.lock:
                self.kept[endpoint].append(connection)
        return answer

    def connect(self, endpoint, request):
        with self.lock:
            kept = self.kept[endpoint]
            while kept:
                connection = kept.pop()
                if not select.select([connection], [], [], 0)[0]:
                    return connection
                connection.close()  # ended while it was kept
        try:
            connection = socket.create_connection(place(endpoint), timeout=max(request.time_left, 0.001))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        except OSError as error:
            raise busway.Failed("not_sent", f"connecting to {endpoint}: {error}") from error

    def close(self):
        with self.lock:
            for connections in self.kept.values():
                for connection in connections:
                    connection.close()


if __name__ == "__main__":
    plugin.run(threads=16)
