"""What the hostile tests say on the wire, and the well-behaved caller whose reply times they are held to."""

import gc
import math
import multiprocessing
import os
import re
import socket
import statistics
import time

GET = b"GET /ok HTTP/1.1\r\nHost: a\r\n\r\n"


def get(path):
    return f"GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


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


def as_good_callers():
    """Real-time priority for this process where it may have that, so that what it measures is the bus and not the machine."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(2))
    except PermissionError:
        pass


class GoodCaller:
    """One caller who asks at a steady pace in a process of its own, far below what the bus can do: threads of the test would wait
    for each other, not for the bus. The loop is open: a request is due whether or not the one before it is answered yet, so a stall
    counts for all that were due in it."""

    PACE = 0.002
    WINDOW = 0.3

    def __init__(self, address, requests=(GET,)):
        self._ours, theirs = multiprocessing.Pipe()
        self._child = multiprocessing.get_context("fork").Process(target=self._go_on, args=(address, requests, theirs), daemon=True)
        self._child.start()

    @classmethod
    def _go_on(cls, address, requests, parent):
        gc.disable()
        as_good_callers()
        times, connection, number = [], None, 0
        due, test = time.monotonic(), os.getppid()
        while os.getppid() == test:  # whoever ends a test must not leave its callers behind
            if parent.poll():
                if parent.recv() == "stop":
                    if connection is not None:
                        connection.close()
                    return
                parent.send(times)
                times, due = [], time.monotonic()
            due += cls.PACE
            early = due - time.monotonic()
            if early > 0:
                time.sleep(early)
            # What the sleep was too long is the caller's own; that the reply before this one came late is not.
            start = time.monotonic() if early > 0 else due
            try:
                if connection is None:
                    connection = socket.create_connection(address, 10)
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(requests[number % len(requests)])
                status = read_reply(connection)[0]
            except OSError:
                status = 0
            number += 1
            times.append((start, 1000 * (time.monotonic() - start) if status == 200 else None))
            if status != 200:
                connection = None

    def take(self):
        """What was asked since the last take: (when, ms) of each request. All must have been served."""
        self._ours.send("take")
        times = self._ours.recv()
        assert all(took is not None for _, took in times), "a well-behaved caller was not served"
        return times

    def stop(self):
        self._ours.send("stop")
        self._child.join()


def p99(times, began, ended):
    """In ms: the median of the p99 of each window of that time, so that one hiccup of the machine is not a verdict. Infinite when
    hardly anything was served."""
    return statistics.median(p99_of_windows(times, began, ended))


def p99_of_windows(times, began, ended):
    found = []
    while began + GoodCaller.WINDOW <= ended:
        took = [took for at, took in times if began <= at < began + GoodCaller.WINDOW]
        found.append(percentile(took, 0.99) if len(took) > 0.5 * GoodCaller.WINDOW / GoodCaller.PACE else math.inf)
        began += GoodCaller.WINDOW
    return found
