import socket
import socketserver
import threading
import time
import unittest

import busway_plugin as busway
from adapter_linedesk import Listener, Service


class Shouting(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.upper())


def request(body, endpoint):
    return busway.Message(body=body, about={"endpoint": endpoint}, deadline=time.monotonic() + 5)


class Test(unittest.TestCase):
    def test_a_service_answers_on_one_connection(self):
        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Shouting) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            place = "127.0.0.1:%d" % server.server_address[1]
            service = Service({"endpoints": [place]})
            self.assertEqual([service(request(text, place)) for text in (b"one", b"two")], [b"ONE", b"TWO"])
            self.assertEqual(len(service.kept[place]), 1)
            service.close()
            server.shutdown()

    def test_nobody_is_there(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            place = "127.0.0.1:%d" % unused.getsockname()[1]
        with self.assertRaises(busway.Failed) as failed:
            Service({"endpoints": [place]})(request(b"one", place))
        self.assertEqual(failed.exception.kind, "not_sent")

    def test_a_line_that_comes_in_is_replied_to(self):
        inlet = busway.TrialInlet(lambda body: busway.Outcome(body=body[::-1]) if body != b"no" else busway.Outcome("failed", status=502, reason="Bad Gateway"))
        listener = Listener({"listen": "127.0.0.1:0", "idle": 5000})
        serving = threading.Thread(target=listener.run, args=(inlet,))
        serving.start()
        while inlet.address is None:
            time.sleep(0.01)
        host, port = inlet.address.split(":")
        with socket.create_connection((host, int(port))) as caller, caller.makefile("rw") as lines:
            lines.write("abc\nno\n")
            lines.flush()
            self.assertEqual([lines.readline(), lines.readline()], ["cba\n", "!502 Bad Gateway\n"])
            inlet.stopped.set()
            listener.stop()
            self.assertEqual(lines.readline(), "")
        serving.join()


if __name__ == "__main__":
    unittest.main()
