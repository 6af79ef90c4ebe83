"""What the hostile tests say on the wire, and the well-behaved caller whose reply times they are held to."""

import multiprocessing
import re
import socket
import time

GET = b"GET /ok HTTP/1.1\r\nHost: a\r\n\r\n"


def post(path, body=b"", *fields, length=None):
    lines = [f"POST {path} HTTP/1.1", "Host: a", "Content-Type: application/json", *fields]
    if not any(field.startswith("Transfer-Encoding") for field in fields):
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_reply(connection):
    """Status and body of one reply with a Content-Length; status 0 when the connection ended first."""
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            got = connection.recv(65536)
            if not got:
                return 0, data
            data += got
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        while length and len(body) < int(length[1]):
            got = connection.recv(65536)
            if not got:
                return 0, body
            body += got
        return int(head.split()[1]), body
    except ConnectionError:
        return 0, data


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class GoodCaller:
    """One caller who goes on at a steady pace in a process of its own, far below what the bus can do: threads of the test would
    wait for each other, not for the bus."""

    PACE = 0.003
    WINDOW = 0.35

    def __init__(self, address, requests=(GET,)):
        self._ours, theirs = multiprocessing.Pipe()
        self._child = multiprocessing.get_context("fork").Process(target=self._go_on, args=(address, requests, theirs))
        self._child.start()
        self._times = None

    @classmethod
    def _go_on(cls, address, requests, parent):
        times = []
        with socket.create_connection(address, 10) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            due = time.monotonic()
            while not parent.poll():
                due = max(due + cls.PACE, time.monotonic())
                time.sleep(max(0.0, due - time.monotonic()))
                start = time.monotonic()
                connection.sendall(requests[len(times) % len(requests)])
                status = read_reply(connection)[0]
                times.append((start, 1000 * (time.monotonic() - start) if status == 200 else None))
                if status != 200:
                    break
        parent.send(times)

    def stop(self):
        if self._times is None:
            try:
                self._ours.send("stop")
            except BrokenPipeError:
                pass  # it was not served, and has said so
            self._times = self._ours.recv()
            self._child.join()
        assert all(took is not None for _, took in self._times), "a well-behaved caller was not served"

    def windows(self, began, ended):
        """Of the quietest windows in that time, since others work on this machine too: p99 in ms, and requests a second.
        One in which hardly anything was served counts as none."""
        times, counts = [], []
        while began + self.WINDOW <= ended:
            took = [took for at, took in self._times if began <= at < began + self.WINDOW]
            if len(took) >= 20:
                times.append(percentile(took, 0.99))
                counts.append(len(took))
            began += self.WINDOW
        return (min(times), max(counts) / self.WINDOW) if times else (float("inf"), 0.0)
