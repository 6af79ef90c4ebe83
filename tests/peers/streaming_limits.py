"""Large bodies through a running bus: bounded memory, whatever their size and however slowly they are read, and the limits on both sides.

256 MiB each way and 64 slow readers; 1 GiB and 500 in a long run (BUSWAY_LONG).
"""

import http.client
import json
import os
import pathlib
import socket
import sys
import threading
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
from far import PIECE, digest_of  # noqa: E402
from live_bus import wait_until  # noqa: E402
from streaming_bed import LARGE, LONG, PATIENCE, StreamingBed, answer_of, body_digest, head  # noqa: E402

SLOW_READERS = 500 if LONG else 64
GROWTH = (32 if os.environ.get("BUSWAY_SANITIZER") else 4) * 1024 * 1024


class Limits(StreamingBed):
    def bounded(self, what, work):
        """Runs `work` while the bus's own memory is watched; what it returned."""
        before, most, done = self.bus.anonymous_bytes(), 0, threading.Event()

        def watch():
            nonlocal most
            while not done.wait(0.02):
                most = max(most, self.bus.anonymous_bytes())
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            return work()
        finally:
            done.set()
            watcher.join()
            print(f"{what}: {LARGE >> 20} MiB, RssAnon +{(most - before) >> 10} KiB", flush=True)
            self.assertLess(most - before, GROWTH)

    def test_a_large_body_up_in_bounded_memory(self):
        for chunked in (False, True):
            connection = self.connect()

            def work(connection=connection, chunked=chunked):
                self.upload(connection, "/stream/digest", LARGE, chunked)
                return json.loads(answer_of(connection, "POST").read())
            seen = self.bounded(f"up, chunked={chunked}", work)
            self.assertEqual((seen["size"], seen["digest"]), (LARGE, digest_of(LARGE)))

    def test_a_large_body_down_in_bounded_memory(self):
        for framing in ("length", "chunked", "close"):
            connection = self.connect()

            def work(connection=connection, framing=framing):
                connection.sendall(head("GET", f"/stream/bytes?n={LARGE}&framing={framing}"))
                return body_digest(answer_of(connection))
            self.assertEqual(self.bounded(f"down, {framing}", work), (LARGE, digest_of(LARGE)))

    def test_tls_on_both_sides(self):
        size = 8 * 1024 * 1024 + 7
        for chunked in (False, True):
            connection = self.connect("safe")
            for _ in range(2):
                self.upload(connection, "/digest", size, chunked)
                seen = json.loads(answer_of(connection, "POST").read())
                self.assertEqual((seen["size"], seen["digest"]), (size, digest_of(size)))
                connection.sendall(head("GET", f"/bytes?n={size}&framing={'chunked' if chunked else 'length'}"))
                self.assertEqual(body_digest(answer_of(connection)), (size, digest_of(size)))

    def test_too_large_by_its_length_reaches_nobody(self):
        connection = self.connect()
        seen = len(self.far.seen)
        connection.sendall(head("POST", "/small/digest", "Content-Length: 300000"))
        self.assertEqual(answer_of(connection, "POST").status, 413)
        self.assertEqual(len(self.far.seen), seen)

    def test_too_large_in_mid_body(self):
        connection = self.connect()
        sender = threading.Thread(target=self._push, args=(connection, "/small/digest"))
        sender.start()
        response = answer_of(connection, "POST")
        self.assertEqual((response.status, response.getheader("Connection")), (413, "close"))
        sender.join()
        wait_until(lambda: self.far.seen[-1] == ("digest", "cut"), PATIENCE)
        self.access_line("/small/digest", status=413)

    def _push(self, connection, path):
        try:
            self.upload(connection, path, 600_000, True, [PIECE[:10_000]] * 60)
        except OSError:
            pass  # it may be told while it still sends

    def test_an_answer_over_its_bound(self):
        connection = self.connect()
        connection.sendall(head("GET", "/tight/bytes?n=300000"))
        self.assertEqual(answer_of(connection).status, 502)
        connection.sendall(head("GET", "/tight/bytes?n=300000&framing=chunked"))
        with self.assertRaises((ConnectionResetError, http.client.IncompleteRead)):
            body_digest(answer_of(connection))

    def test_slow_readers_cost_a_bounded_buffer_each(self):
        before = self.bus.anonymous_bytes()
        readers = []
        for _ in range(SLOW_READERS):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(PATIENCE)
            connection.connect(self.bus.address("front"))
            connection.sendall(head("GET", "/stream/bytes?n=50000000&framing=" + ("length", "chunked")[len(readers) % 2]))
            readers.append(connection)
        for _ in range(3):
            for connection in readers:
                self.assertTrue(connection.recv(8))
            time.sleep(0.5)
        each = (self.bus.anonymous_bytes() - before) / len(readers)
        print(f"{len(readers)} slow readers: {each / 1024:.1f} KiB each", flush=True)
        self.assertLess(each, (128 if os.environ.get("BUSWAY_SANITIZER") else 64) * 1024)
        # One that reads at once is not held up by them.
        connection = self.connect()
        connection.sendall(head("GET", "/stream/bytes?n=3000000"))
        self.assertEqual(body_digest(answer_of(connection))[0], 3_000_000)
        for connection in readers:
            connection.close()
        wait_until(lambda: self.far.open < 20, PATIENCE, "the service's connections are free")


if __name__ == "__main__":
    unittest.main()
