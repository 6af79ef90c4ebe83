"""A running bus for tests: starts busway on a bundle, knows its addresses, stops it and looks at how it ended.

    with LiveBus({"proxy.yaml": "..."}) as bus:
        host, port = bus.address("front")

The binary is $BUSWAY (ctest sets it), else build/release/busway. Listeners say `listen: 127.0.0.1:0`, and the ready lines say
which port that became.
"""

import importlib.util
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIPPED = 77
START_SECONDS = 20
STOP_SECONDS = 20


def binary():
    return os.environ.get("BUSWAY", str(ROOT / "build/release/busway"))


def need(programs=(), modules=()):
    """Ends the script with a SKIP line when a peer is not installed."""
    missing = [name for name in programs if shutil.which(name) is None]
    missing += [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        print("SKIP: not installed: " + ", ".join(missing))
        sys.exit(SKIPPED)


class LiveBus:
    """`bundle` is a directory, or a dict of file name -> text that is written to one."""

    def __init__(self, bundle, environment=None, arguments=(), prefix=()):
        self._folder = tempfile.TemporaryDirectory(prefix="busway-test-")
        self.folder = pathlib.Path(self._folder.name)
        if isinstance(bundle, dict):
            self.bundle = self.folder / "bundle"
            for name, text in bundle.items():
                path = self.bundle / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        else:
            self.bundle = pathlib.Path(bundle)
        self._addresses = {}
        self._log_path = self.folder / "stderr"
        with open(self._log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*prefix, binary(), "run", str(self.bundle), *arguments],
                stdout=subprocess.PIPE, stderr=log, env={**os.environ, **(environment or {})})
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        pending = b""
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise AssertionError("busway is not ready\n" + self.log())
            got = os.read(self.process.stdout.fileno(), 65536)
            if not got:
                raise AssertionError(f"busway ended with {self.process.wait()}\n{pending.decode()}{self.log()}")
            *lines, pending = (pending + got).split(b"\n")
            for line in lines:
                words = line.decode().split()
                if words and words[0] == "listening":
                    host, _, port = words[3].rpartition(":")
                    self._addresses[words[1]] = (host, int(port) if port.isdigit() else port)
                if words == ["ready"]:
                    return

    def address(self, listener):
        return self._addresses[listener]

    def url(self, listener, path="/", scheme="http"):
        return "%s://%s:%d%s" % (scheme, *self.address(listener), path)

    def log(self):
        return self._log_path.read_text(errors="replace")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def anonymous_bytes(self):
        """RssAnon: the memory that the bus took for itself, without its files."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon:"))

    def stop(self):
        """Asks for a drain and returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("busway does not end after SIGTERM\n" + self.log()) from None
        self._close()
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._close()

    def _close(self):
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, _error, _trace):
        if kind is not None:
            print(self.log())
            self.kill()
        else:
            status = self.stop()
            log = self.log()
            assert status == 0, f"busway ended with {status}\n{log}"
        self._folder.cleanup()


def wait_until(holds, seconds=10, what="the condition"):
    """Waits on a condition instead of sleeping; returns its first true value."""
    deadline = time.monotonic() + seconds
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} does not hold after {seconds} s")
        time.sleep(0.02)
