"""`./dev bench`: CPU a request of busway and of nginx as plain proxies of one backend, in one run.

The primary figure is requests per CPU-second of the proxy at a fixed rate below saturation. Generator and backend share one
core, the proxy has the other. The order in a round is busway, nginx, busway, nginx: the ratio of a round is taken over both
halves, and the ratio of a side's first half to its second is the A/A control, that is, the noise.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import ROOT, LiveBus  # noqa: E402

LOAD_CORE, PROXY_CORE = "0", "1"

BUNDLE = """\
listeners:
  front: {{ http: {{ listen: 127.0.0.1:0 }} }}
services:
  backend:
    http: {{ endpoints: ['http://127.0.0.1:{backend}'] }}
routes:
  proxy:
    from: {{ http: '* /{{rest*}}', on: front }}
    steps:
      - call: {{ service: backend }}
"""

NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  tcp_nodelay on;
  keepalive_requests 100000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 256; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
}}
"""


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Busway:
    name = "busway"

    def __init__(self, backend):
        bundle = {"proxy.yaml": BUNDLE.format(backend=backend)}
        self.bus = LiveBus(bundle, arguments=["--workers", "1"], prefix=["taskset", "-c", PROXY_CORE])
        self.port = self.bus.address("front")[1]
        self.pids = [self.bus.process.pid]

    def stop(self):
        self.bus.stop()


class Nginx:
    name = "nginx"

    def __init__(self, backend):
        self.folder = tempfile.mkdtemp(prefix="busway-bench-")
        self.port = free_port()
        config = pathlib.Path(self.folder) / "nginx.conf"
        config.write_text(NGINX.format(folder=self.folder, backend=backend, port=self.port))
        self.process = subprocess.Popen(["taskset", "-c", PROXY_CORE, "/usr/sbin/nginx", "-p", self.folder, "-c", str(config)],
                                        stderr=subprocess.DEVNULL)
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        deadline = time.monotonic() + 10
        while not (workers := children.read_text().split()):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit("nginx does not start: " + (pathlib.Path(self.folder) / "error.log").read_text())
            time.sleep(0.05)
        self.pids = [self.process.pid, *map(int, workers)]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def cpu_seconds(pids):
    ticks = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def steal_share(before, after):
    spent = [b - a for a, b in zip(before, after)]
    return spent[7] / max(1, sum(spent))


def cpu_times():
    with open("/proc/stat") as stat:
        return [int(word) for word in stat.readline().split()[1:9]]


def load(build, port, options, rate, seconds):
    command = ["taskset", "-c", LOAD_CORE, str(build / "tests/bench/bench_load"), str(port), str(options.connections), str(rate),
               str(seconds), str(options.request_bytes), str(options.response_bytes)]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    if answer["failed"]:
        raise SystemExit(f"void: {answer['failed']} requests failed, were not 2xx or had another body")
    return answer


def measure(build, side, options, rate):
    before = cpu_seconds(side.pids)
    answer = load(build, side.port, options, rate, options.seconds)
    spent = cpu_seconds(side.pids) - before
    return {**answer, "cpu_us": spent * 1e6 / answer["requests"], "per_cpu_second": answer["requests"] / max(spent, 1e-9)}


def low_mid_high(values, form="{:.3f}"):
    return " - ".join(form.format(value) for value in (min(values), statistics.median(values), max(values)))


def version(command):
    return subprocess.run(command, capture_output=True, text=True).stderr.strip().removeprefix("nginx version: ")


def report(options, rate, saturation, runs, steal):
    def of(side, key):
        return [run[key] for pair in runs[side] for run in pair]

    def per_round(side):
        return [statistics.mean(run["per_cpu_second"] for run in pair) for pair in runs[side]]

    ratios = [a / b for a, b in zip(per_round("busway"), per_round("nginx"))]
    lines = ["# Proxy benchmark", "",
             f"{options.request_bytes} B requests, {options.response_bytes} B responses, {options.connections} keep-alive connections, "
             f"{rate} requests/s open loop, {options.rounds} rounds of 2 x {options.seconds} s a side, interleaved.", "",
             f"Kernel {platform.release()}, {os.cpu_count()} cores, steal {steal:.1%}, {version(['/usr/sbin/nginx', '-v'])}, one worker each. "
             "Saturation, closed loop: " + ", ".join(f"{name} {value:.0f}/s" for name, value in saturation.items()) + ".", "",
             "| side | requests per CPU-second (min - median - max) | CPU us a request | p50 us | p99 us | A/A control |",
             "| --- | --- | --- | --- | --- | --- |"]
    for side in ("busway", "nginx"):
        control = [first["per_cpu_second"] / second["per_cpu_second"] for first, second in runs[side]]
        lines.append(f"| {side} | {low_mid_high(of(side, 'per_cpu_second'), '{:.0f}')} | {statistics.median(of(side, 'cpu_us')):.2f} "
                     f"| {statistics.median(of(side, 'p50_us')):.0f} | {statistics.median(of(side, 'p99_us')):.0f} "
                     f"| {low_mid_high(control)} |")
    lines += ["", f"**busway / nginx, requests per CPU-second: {low_mid_high(ratios)}** (min - median - max of the rounds; above 1 busway "
              "is cheaper). A ratio inside the A/A control's spread says nothing.", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5, help="length of one half of a side's round")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--request-bytes", type=int, default=1024, help="0 sends GET")
    parser.add_argument("--response-bytes", type=int, default=1024)
    parser.add_argument("--rate", type=int, help="requests/s; default: 60 %% of the slower side's saturation")
    options = parser.parse_args()
    if os.cpu_count() < 2:
        raise SystemExit("the benchmark needs two cores: one for the proxy, one for generator and backend")
    os.environ["BUSWAY"] = str(options.build / "busway")

    backend = subprocess.Popen(["taskset", "-c", LOAD_CORE, str(options.build / "tests/bench/bench_backend"), "0",
                                str(options.response_bytes)], stdout=subprocess.PIPE, text=True)
    sides = []
    try:
        backend_port = int(backend.stdout.readline().rpartition(":")[2])
        sides = [Busway(backend_port), Nginx(backend_port)]
        for side in sides:
            load(options.build, side.port, options, 0, 1)
        saturation = {side.name: (lambda run: run["requests"] / run["seconds"])(load(options.build, side.port, options, 0, 2))
                      for side in sides}
        rate = options.rate or int(0.6 * min(saturation.values()))
        if rate > 0.6 * min(saturation.values()):
            print(f"note: {rate}/s is more than 60 % of saturation")
        runs = {side.name: [] for side in sides}
        before = cpu_times()
        for number in range(options.rounds):
            halves = [{side.name: measure(options.build, side, options, rate) for side in sides} for _ in range(2)]
            for side in sides:
                runs[side.name].append([half[side.name] for half in halves])
            print("round %d: " % (number + 1) + ", ".join(
                f"{side.name} {statistics.mean(half[side.name]['cpu_us'] for half in halves):.2f} us" for side in sides), flush=True)
        text = report(options, rate, saturation, runs, steal_share(before, cpu_times()))
    finally:
        for side in sides:
            side.stop()
        backend.kill()
        backend.wait()
        backend.stdout.close()

    folder = ROOT / "build/bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "proxy.md").write_text(text)
    (folder / "proxy.json").write_text(json.dumps({"rate": rate, "saturation": saturation, "runs": runs}, indent=1))
    print("\n" + text + f"\nWritten to {(folder / 'proxy.md').relative_to(ROOT)}")


main()
