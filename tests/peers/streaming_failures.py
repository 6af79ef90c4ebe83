"""Large bodies through a running bus: back-pressure, and cuts on either side that look like cuts on the other."""

import http.client
import json
import pathlib
import socket
import sys
import threading
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
from far import PIECE, digest_of, reset  # noqa: E402
from live_bus import wait_until  # noqa: E402
from streaming_bed import BOUND, LARGE, PATIENCE, StreamingBed, answer_of, head  # noqa: E402


class Failures(StreamingBed):
    def test_a_service_that_cuts_its_answer(self):
        for size, at in ((1_000_000, 100), (1_000_000, BOUND), (1_000_000, 500_000), (1_000_000, 999_999)):
            for extra in ("", "&reset=1", "&chunked=1", "&chunked=1&reset=1"):
                connection = self.connect()
                connection.sendall(head("GET", f"/stream/cut?n={size}&at={at}{extra}"))
                try:
                    response = answer_of(connection)
                    if response.status == 504:
                        self.assertIn(b"urn:busway:unknown", response.read())
                        continue
                    with self.assertRaises((ConnectionResetError, http.client.IncompleteRead), msg=(at, extra)):
                        while response.read1(65536):
                            pass
                        if response.length:  # read1 gives no error for what is short
                            raise http.client.IncompleteRead(b"")
                except ConnectionResetError:
                    pass
        self.assertIn("A reply was cut off.", self.bus.log())
        self.access_line("/stream/cut", cut=True)

    def test_a_service_that_falls_silent(self):
        connection = self.connect()
        began = time.monotonic()
        connection.sendall(head("GET", "/quick/stall"))
        with self.assertRaises((ConnectionResetError, http.client.IncompleteRead)):
            answer_of(connection).read()
        self.assertLess(time.monotonic() - began, 5)
        wait_until(lambda: ("stall", "ended") in self.far.seen, PATIENCE)

    def test_a_caller_gone_in_its_own_body(self):
        for leave in (socket.socket.close, reset):
            before = len(self.far.seen)
            connection = self.connect()
            connection.sendall(head("POST", "/stream/digest", "Content-Length: 1000000") + PIECE + PIECE)
            wait_until(lambda: self.far.open > 0, PATIENCE)
            leave(connection)
            wait_until(lambda: len(self.far.seen) > before, PATIENCE)
            self.assertEqual(self.far.seen[-1], ("digest", "cut"))

    def test_a_caller_gone_in_the_answer(self):
        # One service is silent by then, the other sends on.
        for path, told in (("/stream/stall", ("stall", "ended")), (f"/stream/bytes?n={LARGE}", ("bytes", "caller gone"))):
            self.far.seen.clear()
            connection = self.connect()
            connection.sendall(head("GET", path))
            connection.recv(1000)
            began = time.monotonic()
            reset(connection)
            wait_until(lambda: told in self.far.seen, PATIENCE, told)
            self.assertLess(time.monotonic() - began, 1.5)

    def test_an_early_answer(self):
        for chunked in (False, True):
            connection = self.connect()
            sender = threading.Thread(target=self._upload_until_told, args=(connection, chunked))
            sender.start()
            response = answer_of(connection, "POST")
            self.assertEqual((response.status, response.getheader("Connection"), response.read()), (403, "close", b'{"no":1}'))
            try:
                self.assertEqual(connection.recv(10), b"")
            except ConnectionResetError:
                pass  # it had still sent on
            sender.join()
            wait_until(lambda: ("early", "closed") in self.far.seen, PATIENCE)

    def _upload_until_told(self, connection, chunked):
        try:
            self.upload(connection, "/stream/early", 1_000_000_000, chunked, self._for_a_while())
        except OSError:
            pass

    @staticmethod
    def _for_a_while():
        yield PIECE
        for _ in range(500):
            time.sleep(0.01)
            yield PIECE[:1000]

    def test_a_caller_that_is_too_slow(self):
        connection = self.connect()
        connection.sendall(head("POST", "/stream/digest", "Content-Length: 1000000") + PIECE)
        began = time.monotonic()
        self.assertEqual(answer_of(connection, "POST").status, 408)
        self.assertTrue(1.5 < time.monotonic() - began < 8)

    def test_a_service_that_takes_no_more(self):
        connection = self.connect()
        sender = threading.Thread(target=lambda: self._push_all(connection, "/quick/deaf"))
        sender.start()
        response = answer_of(connection, "POST")
        self.assertEqual(response.status, 504)
        self.assertIn(b"unknown", response.read())
        sender.join()

    def _push_all(self, connection, path):
        try:
            self.upload(connection, path, 10_000_000)
        except OSError:
            pass

    def test_another_endpoint_while_nothing_is_sent(self):
        for _ in range(4):
            connection = self.connect()
            self.upload(connection, "/either/digest", 1_000_000)
            response = answer_of(connection, "POST")
            self.assertEqual((response.status, json.loads(response.read())["digest"]), (200, digest_of(1_000_000)))


if __name__ == "__main__":
    unittest.main()
