"""A service of a test on plain sockets: accepts, and gives each connection a thread of its own."""

import socket
import threading


class Accepting:
    """Listens on a port of 127.0.0.1 and calls `serve(connection)` on a thread for each connection. What serve() lets out of
    `expected` (what a peer that vanishes does to a reader) ends that connection alone; serve() closes it, unless it keeps it."""

    def __init__(self, serve, port=0, backlog=1024, expected=(OSError, EOFError, ValueError)):
        self._serve, self._expected = serve, expected
        self._listener = socket.create_server(("127.0.0.1", port), backlog=backlog)
        self.port = self._listener.getsockname()[1]
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        try:
            self._serve(connection)
        except self._expected:
            connection.close()

    def close(self):
        """Nobody is accepted any more; who is in stays. An accept() under way would keep the port, so it is woken."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # closed before
        self._listener.close()
