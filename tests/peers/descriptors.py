"""T25: 256 descriptors, a thousand connections and more all the time. The bus neither spins nor floods its log, serves who is in as
before, and everybody else at once when the crowd has gone."""

import os
import pathlib
import socket
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hostile_bed import HostileBed, either, wait_until  # noqa: E402
from hostile_wire import GET, read_reply  # noqa: E402

BUNDLE = """\
listeners: { front: { http: { listen: '127.0.0.1:0', idle: 60s } } }
routes: { ok: { from: { http: GET /ok, on: front }, steps: [ { map: '1' } ] } }
"""


class Descriptors(HostileBed):
    @classmethod
    def setUpClass(cls):
        cls.open_bus({"few.yaml": BUNDLE}, prefix=["sh", "-c", 'ulimit -n 256; exec "$0" "$@"'])

    def test_no_descriptors_left(self):
        seconds = either(3, 60)

        def trouble():
            crowd = [socket.create_connection(self.bus.address("front"), 5) for _ in range(1000)]
            wait_until(lambda: self.bus.open_files() > 200, 5)
            time.sleep(1)
            kept = self.bus.open_files()
            cpu, began, lines = self.cpu(), time.monotonic(), self.bus.log().count("\n")
            while time.monotonic() - began < seconds:  # who was refused comes again
                crowd.append(socket.create_connection(self.bus.address("front"), 5))
                if len(crowd) > 2000:
                    crowd.pop(500).close()  # of those that were refused
                time.sleep(0.003)
            took = time.monotonic() - began
            load = (self.cpu() - cpu) / took
            said = (self.bus.log().count("\n") - lines - 1) / took  # of one each second, one more may be in it
            for connection in crowd:
                connection.close()
            began = time.monotonic()
            wait_until(self.served, 5, "served again")
            return kept, load, said, time.monotonic() - began

        told, (kept, load, said, again) = self.hold_p99(trouble)
        self.tell(f"{kept} of 256 in use, {100 * load:.1f} % CPU, {said:.1f} lines a second, served again after {1000 * again:.0f} ms, {told}")
        self.assertLessEqual(kept, 256 - 256 // 8 + 1)
        self.assertLess(load, 0.05 + self.callers_load)
        self.assertLessEqual(said, 1)
        self.assertGreater(self.bus.log().count("Out of file descriptors"), 0)
        self.assertLess(again, 1)

    def setUp(self):
        super().setUp()
        cpu = self.cpu()
        time.sleep(1)
        self.callers_load = self.cpu() - cpu  # in a second

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.bus.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def served(self):
        try:
            with socket.create_connection(self.bus.address("front"), 5) as connection:
                connection.sendall(GET)
                return read_reply(connection)[0] == 200
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()
