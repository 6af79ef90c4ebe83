#!/usr/bin/python3
"""Files in, prices on, and a board on a web socket that shows them: three plugins in one route.

    demo.py BUSWAY        exit 0 if everything came out as expected, 77 where Node, zeromq or ws cannot be had
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
BOARD = """
const { WebSocketServer } = require('ws');
const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[1]) }, () => console.log(server.address().port));
server.on('connection', (socket) => socket.on('message', (bytes) => console.log(bytes.toString())));
"""


# `python3` of the plugins is the one that runs this.
os.environ["PATH"] = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"


def skip(why):
    print("SKIP:", why)
    sys.exit(77)


class Board:
    def __init__(self, modules, port=0):
        self.process = subprocess.Popen(["node", "-e", BOARD, str(port)], cwd=modules, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def shown(self):
        line = self.process.stdout.readline().strip()
        print("  board     ", line)
        return json.loads(line)

    def stop(self):
        self.process.kill()
        self.process.wait()


def wait_for(what, holds):
    end = time.monotonic() + 20
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain for {what}")
        time.sleep(0.02)


def copy(folder):
    """The bundle with its plugins in it, and what they are made with beside them."""
    bundle = folder / "bundle"
    shutil.copytree(HERE, bundle, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for name, sdk in (("pricing", "python/busway_plugin.py"), ("drop_box", "python/busway_plugin.py"), ("web_socket", "node/busway_plugin.js")):
        shutil.copy(SOURCE / "plugins/sdk" / sdk, bundle / "plugins" / name)
    return bundle


def main():
    if shutil.which("node") is None or shutil.which("npm") is None:
        skip("no node and npm")
    if subprocess.run(["python3", "-c", "import zmq"], capture_output=True, check=False).returncode != 0:
        skip("no python3-zmq")
    with tempfile.TemporaryDirectory(prefix="busway-plugins-") as kept:
        bundle = copy(pathlib.Path(kept))
        modules = bundle / "plugins/web_socket"
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=modules, capture_output=True, text=True, check=False)
        tried = subprocess.run(["node", "-e", "require('zeromq'); require('ws')"], cwd=modules, capture_output=True, text=True, check=False)
        if done.returncode != 0 or tried.returncode != 0:
            skip(f"npm cannot give zeromq and ws here: {(done.stderr + tried.stderr)[:200]!r}")
        inbox = pathlib.Path(kept) / "inbox"
        inbox.mkdir()
        board = Board(modules)
        environment = {**os.environ, "PLUGINS_INBOX": str(inbox), "PLUGINS_BOARD": f"ws://127.0.0.1:{board.port}/"}
        with open(inbox.parent / "log", "w", encoding="utf-8") as log:
            bus = subprocess.Popen([sys.argv[1], "run", str(bundle)], stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        try:
            while (line := bus.stdout.readline()) != "ready\n":
                if not line:
                    raise SystemExit((inbox.parent / "log").read_text())
            show(inbox, board, modules)
        finally:
            bus.send_signal(signal.SIGTERM)
            bus.wait(20)
            board.stop()
    print("all of it as expected")


def drop(inbox, name, text):
    print(f"  warehouse  {name}: {text.split()[1:]}")
    (inbox / f".{name}").write_text(text)
    (inbox / f".{name}").rename(inbox / name)


def show(inbox, board, modules):
    print("== an order")
    drop(inbox, "A-17.csv", "sku,qty\nA1,3\nB2,1\n")
    assert board.shown() == {"order": "A-17", "total": 37.55, "articles": 2}
    wait_for("the file in done/", (inbox / "done/A-17.csv").exists)
    print("== an article that nobody sells")
    drop(inbox, "A-18.csv", "sku,qty\nZZ,1\n")
    wait_for("the file in failed/", (inbox / "failed/A-18.csv.reason").exists)
    print("  failed/   ", (inbox / "failed/A-18.csv.reason").read_text().strip())
    print("== the board is down, and up again")
    board.stop()
    drop(inbox, "A-19.csv", "sku,qty\nA1,1\n")
    time.sleep(0.5)
    assert (inbox / "A-19.csv").exists()
    again = Board(modules, board.port)
    board.process = again.process
    assert board.shown() == {"order": "A-19", "total": 12.5, "articles": 1}
    wait_for("the file in done/", (inbox / "done/A-19.csv").exists)


main()
