"""T25: 256 descriptors, a thousand connections. The bus neither spins nor floods its log, serves who is in, and is back at once."""

import os
import pathlib
import socket
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
from hostile_wire import GET, read_reply  # noqa: E402
from live_bus import LiveBus, wait_until  # noqa: E402


class Descriptors(unittest.TestCase):
    def test_no_descriptors_left(self):
        bundle = {"few.yaml": "listeners: { front: { http: { listen: '127.0.0.1:0', idle: 60s } } }\n"
                              "routes: { ok: { from: { http: GET /ok, on: front }, steps: [ { map: '1' } ] } }\n"}
        with LiveBus(bundle, prefix=["sh", "-c", 'ulimit -n 256; exec "$0" "$@"']) as bus:
            with socket.create_connection(bus.address("front"), 5) as early:
                early.sendall(GET)
                self.assertEqual(read_reply(early)[0], 200)
                crowd = [socket.create_connection(bus.address("front"), 5) for _ in range(1000)]
                wait_until(lambda: bus.open_files() > 200, 5)
                time.sleep(1)
                kept = bus.open_files()
                cpu, began, lines = self.cpu(bus), time.monotonic(), bus.log().count("\n")
                while time.monotonic() - began < 3:  # who was refused comes again
                    crowd += [socket.create_connection(bus.address("front"), 5)]
                    time.sleep(0.003)
                took = time.monotonic() - began
                load = (self.cpu(bus) - cpu) / took
                said = (bus.log().count("\n") - lines) / took
                early.sendall(GET)
                self.assertEqual(read_reply(early)[0], 200, "who was in is served")
                all_lines = bus.log().count("Out of file descriptors")
                for connection in crowd:
                    connection.close()
                began = time.monotonic()
                wait_until(lambda: self.served(bus), 5)
                again = time.monotonic() - began
            print(f"no descriptors left: {kept} of 256 in use, {100 * load:.1f} % CPU, {said:.1f} lines a second, served again after "
                  f"{1000 * again:.0f} ms", flush=True)
            self.assertLessEqual(kept, 256 - 256 // 8 + 1)
            self.assertLess(load, 0.05)
            self.assertLessEqual(said, 1)
            self.assertGreater(all_lines, 0)
            self.assertLess(again, 1)

    @staticmethod
    def cpu(bus):
        fields = pathlib.Path(f"/proc/{bus.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def served(bus):
        try:
            with socket.create_connection(bus.address("front"), 5) as connection:
                connection.sendall(GET)
                return read_reply(connection)[0] == 200
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()
