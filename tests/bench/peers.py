"""The proxies that are measured: how each is started, under the same conditions.

Parity: kept upstream connections, no access log, TCP_NODELAY, one worker or thread on one core, bodies up to 64 MiB, 30000
connections, no idle limit that a run could reach. Buffering is each proxy's own default and named in `notes`.

A side of a case is `Side(PEER, CONFIG)`: in the configuration @port@, @folder@, @certificate@, @key@ and @NAME@ of each backend (its
port) are filled in.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import PEER_CORE, NotMeasured, free_port, wait_for_port  # noqa: E402
from live_bus import LiveBus, binary  # noqa: E402


@dataclasses.dataclass(frozen=True)
class Side:
    """One contender of a case. `exchanges` where they differ from the case's, `label` where one peer stands twice."""

    peer: object
    config: object
    exchanges: tuple = ()
    label: str = ""

    @property
    def name(self):
        return self.label or self.peer.name


@dataclasses.dataclass
class Running:
    """A started side: its port, the process whose tree is measured, and how long it took to listen."""

    side: Side
    port: int
    pid: int
    config: str
    start_seconds: float
    stop: object

    @property
    def name(self):
        return self.side.name


@dataclasses.dataclass(frozen=True)
class Bundle:
    """A bundle that lies in the tree, in place of a route file's text."""

    folder: pathlib.Path
    environment: tuple = ()


def filled(text, values):
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    if left := re.search(r"@[a-z0-9_]+@", text):
        raise AssertionError(f"nothing fills in {left[0]}")
    return text


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0] if lines else ""


def find(program):
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise NotMeasured(f"{program} is not installed")
    return path


@dataclasses.dataclass(frozen=True)
class Program:
    """A proxy that is one program with one configuration file. `environment` beside ours; `slow`: it runs at its own rate."""

    name: str
    program: str
    version_words: tuple
    frame: str
    command: tuple
    notes: str
    file: str = "proxy.conf"
    environment: tuple = ()
    slow: bool = False
    warm_seconds: float = 0

    def version(self):
        return first_line([find(self.program), *self.version_words]).removeprefix("nginx version: ")

    def start(self, side, lab, values):
        program, port = find(self.program), free_port()
        folder = lab.folder / f"{side.name.replace(' ', '-')}-{port}"
        folder.mkdir()
        values = {**values, "port": port, "folder": folder}
        config = filled(self.frame.replace("@inside@", side.config), values)
        (folder / self.file).write_text(config)
        command = ["taskset", "-c", PEER_CORE, program, *(filled(word, values) for word in self.command)]
        with open(folder / "output", "wb") as output:
            started = time.monotonic()
            process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder,
                                       env={**os.environ, **dict(self.environment), "HOME": str(folder)})
        stop = lambda: end(process)
        lab.at_end(stop)
        if not wait_for_port(port, process, pause=0.001):
            raise NotMeasured(f"{side.name} does not start: " + (folder / "output").read_text(errors="replace")[-300:].strip())
        return Running(side, port, process.pid, config, time.monotonic() - started, stop)


def end(process):
    """Asked first; nobody waits for a proxy that lets idle connections time out."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
    process.wait()


@dataclasses.dataclass(frozen=True)
class BuswayPeer:
    """The bus itself. The configuration is a route file, or several by name; what `busway check` refuses is not in this version."""

    name: str = "busway"
    notes: str = "one worker; bodies of up to 64 MiB pass as they come"
    slow: bool = False
    warm_seconds: float = 0

    def version(self):
        return first_line([binary(), "--version"])

    def start(self, side, lab, values):
        if isinstance(side.config, Bundle):
            folder, config, environment = side.config.folder, str(side.config.folder), dict(side.config.environment)
        else:
            folder, environment = lab.folder / f"{side.name.replace(' ', '-')}-{free_port()}", None
            files = side.config if isinstance(side.config, dict) else {"bench.yaml": side.config}
            files = {name: filled(text, {**values, "port": 0}) for name, text in files.items()}
            config = "\n".join(files.values())
            folder.mkdir()
            for name, text in files.items():
                (folder / name).write_text(text)
            if "certificate" in values:  # in the bundle; the key is a secret and stays outside
                shutil.copy(values["certificate"], folder)
        checked = subprocess.run([binary(), "check", str(folder)], capture_output=True, text=True,
                                 env={**os.environ, **(environment or {})})
        if checked.returncode:
            finding = next((line for line in (checked.stdout + checked.stderr).splitlines() if "error" in line), "no finding")
            raise NotMeasured(f"busway check: {finding.replace(str(folder) + '/', '')}")
        started = time.monotonic()
        try:
            bus = LiveBus(folder, environment, arguments=["--workers", "1"], prefix=["taskset", "-c", PEER_CORE])
        except AssertionError as why:
            raise NotMeasured(f"busway does not start: {why}") from None
        seconds = time.monotonic() - started
        # Killed, not drained: a drain would wait for the connections that the measurement holds.
        stop = lambda: bus.process.poll() is None and bus.kill()
        lab.at_end(stop)
        return Running(side, bus.address("front")[1], bus.process.pid, config, seconds, stop)


BUSWAY = BuswayPeer()

NGINX = Program(
    "nginx", "nginx", ("-v",),
    notes="one worker; room for 30000 connections is taken at the start; buffers of 8 x 16 KiB for answers and 4 MiB for requests, "
          "none goes to a file",
    command=("-p", "@folder@", "-c", "@folder@/proxy.conf"),
    frame="""\
daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid @folder@/nginx.pid;
error_log @folder@/error.log;
events { worker_connections 30000; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 600s;
  keepalive_requests 100000000;
  client_max_body_size 64m;
  client_body_buffer_size 4m;
  proxy_buffers 8 16k;
  proxy_max_temp_file_size 0;
  client_body_temp_path @folder@/body;
  proxy_temp_path @folder@/proxy;
  fastcgi_temp_path @folder@/fastcgi;
  uwsgi_temp_path @folder@/uwsgi;
  scgi_temp_path @folder@/scgi;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  @inside@
}
""")

HAPROXY = Program(
    "haproxy", "haproxy", ("-v",), notes="nbthread 1; passes bodies as they come, 16 KiB buffers",
    command=("-db", "-q", "-f", "@folder@/proxy.conf"),
    frame="""\
global
  nbthread 1
  maxconn 30000
  no strict-limits
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
@inside@
""")

CADDY = Program(
    "caddy", "caddy", ("version",), notes="GOMAXPROCS=1; passes bodies as they come", environment=(("GOMAXPROCS", "1"),), slow=True,
    file="Caddyfile", command=("run", "--adapter", "caddyfile", "--config", "@folder@/Caddyfile"), warm_seconds=2,
    frame="""\
{
  admin off
  auto_https off
  grace_period 1s
}
http://:@port@ {
  bind 127.0.0.1
  @inside@
}
""")
