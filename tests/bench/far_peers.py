"""Peers beyond Debian: Apache Camel, Node-RED and Redpanda Connect's engine, fetched and built into build/bench when their tools
are there. Whatever is missing, or whatever a registry does not give, is a line in the report and never a failure."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess

from lab import PEER_CORE, NotMeasured, free_port, wait_for_port
from peers import Running, end, find, first_line

HERE = pathlib.Path(__file__).resolve().parent
BUILT = HERE.parent.parent / "build/bench"
BUILD_SECONDS = 900


@dataclasses.dataclass(frozen=True)
class FarPeer:
    """`fetch` lines run once in build/bench/NAME, over a copy of tests/bench/NAME; `made` is what they leave there."""

    name: str
    tools: tuple
    fetch: tuple
    made: str
    command: object             # (folder of the peer, folder of the run, setup, port, values) -> words
    version_of: object
    notes: str
    setups: tuple
    warm_seconds: float
    environment: tuple = ()
    slow: bool = True

    def folder(self):
        return BUILT / self.name

    def version(self):
        return self.version_of(self.folder()) if (self.folder() / self.made).exists() else ""

    def prepare(self):
        for tool in self.tools:
            find(tool)
        folder = self.folder()
        if (folder / self.made).exists() and newest(HERE / self.name) < (folder / self.made).stat().st_mtime:
            return
        shutil.copytree(HERE / self.name, folder, dirs_exist_ok=True)
        print(f"fetching and building {self.name} (once)", flush=True)
        for words in self.fetch:
            try:
                done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=BUILD_SECONDS)
            except (OSError, subprocess.TimeoutExpired) as why:
                raise NotMeasured(f"'{' '.join(words)}': {type(why).__name__}") from None
            if done.returncode:
                said = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
                raise NotMeasured(f"'{' '.join(words)}' ended with {done.returncode}: {said[-1][:200]}")
        (folder / self.made).touch()

    def start(self, side, lab, values):
        if side.config not in self.setups:
            raise NotMeasured(f"{self.name} has no setup '{side.config}'")
        self.prepare()
        folder, port = lab.folder / f"{self.name}-{side.config}", free_port()
        folder.mkdir()
        backend = next(value for value in values.values() if isinstance(value, int))
        words = self.command(self.folder(), folder, side.config, port, backend)
        with open(folder / "output", "wb") as output:
            process = subprocess.Popen(["taskset", "-c", PEER_CORE, *map(str, words)], cwd=folder, stdout=output, stderr=output,
                                       env={**os.environ, **dict(self.environment)})
        lab.at_end(lambda: end(process))
        if not wait_for_port(port, process, seconds=60):
            raise NotMeasured(f"{self.name} does not start: " + (folder / "output").read_text(errors="replace")[-300:].strip())
        return Running(side, port, process.pid, " ".join(map(str, words)), 0, lambda: end(process))


def newest(folder):
    return max(path.stat().st_mtime for path in folder.rglob("*"))


def camel(peer, _run, setup, port, backend):
    return ["java", "-Xmx512m", "-XX:+UseSerialGC", "-cp", f"{peer}/target/classes:{peer}/target/lib/*", "bench.Peer", setup, port, backend]


CAMEL = FarPeer(
    "camel", ("java", "mvn"), fetch=(("mvn", "-q", "-B", "package"),), made="target/lib", command=camel, setups=("proxy", "orders"),
    version_of=lambda folder: "Apache Camel "
    + "".join(jar.stem.rpartition("-")[2] for jar in (folder / "target/lib").glob("camel-main-*.jar"))
    + ", " + first_line(["java", "-version"]),
    notes="platform-http on Vert.x, vertx-http behind with 256 kept connections; serial collector, one core, 512 MB; "
          "orders: Jackson and StAX by hand",
    warm_seconds=60)


def node_red(peer, run, _setup, port, backend):
    flow = [{"id": "tab", "type": "tab", "label": "bench"},
            {"id": "in", "type": "http in", "z": "tab", "url": "/bench", "method": "post", "wires": [["call"]]},
            {"id": "call", "type": "http request", "z": "tab", "method": "POST", "ret": "bin", "url": f"http://127.0.0.1:{backend}/bench",
             "persist": True, "wires": [["out"]]},
            {"id": "out", "type": "http response", "z": "tab", "wires": []}]
    (run / "flows.json").write_text(json.dumps(flow))
    (run / "settings.js").write_text(f"""\
module.exports = {{ uiPort: {port}, uiHost: "127.0.0.1", httpAdminRoot: false, flowFile: "flows.json", userDir: {json.dumps(str(run))},
  logging: {{ console: {{ level: "warn" }} }}, telemetry: {{ enabled: false }} }};
""")
    return ["node", f"{peer}/node_modules/node-red/red.js", "--settings", run / "settings.js", "--userDir", run]


NODE_RED = FarPeer(
    "node-red", ("node", "npm"), fetch=(("npm", "install", "--no-audit", "--no-fund", "--omit=dev"),), made="node_modules/node-red/red.js",
    command=node_red, setups=("proxy",), notes="http in, http request with keep-alive, http response; no editor",
    version_of=lambda folder: "Node-RED " + json.loads((folder / "node_modules/node-red/package.json").read_text())["version"]
    + ", node " + first_line(["node", "--version"]), warm_seconds=10)


def connect(peer, run, _setup, port, backend):
    (run / "connect.yaml").write_text(f"""\
http: {{ enabled: false }}
logger: {{ level: ERROR }}
input:
  http_server:
    address: 127.0.0.1:{port}
    path: /bench
    sync_response: {{ headers: {{ Content-Type: text/plain }} }}
pipeline:
  threads: -1
  processors:
    - http: {{ url: 'http://127.0.0.1:{backend}/bench', verb: POST, parallel: true }}
output: {{ sync_response: {{}} }}
""")
    return [f"{peer}/connect", "run", run / "connect.yaml"]


CONNECT = FarPeer(
    "redpanda-connect", ("go",), fetch=(("go", "mod", "tidy"), ("go", "build", "-o", "connect", ".")), made="connect", command=connect,
    setups=("proxy",), environment=(("GOMAXPROCS", "1"),), warm_seconds=5,
    version_of=lambda folder: "its engine, benthos "
    + "".join(line.split()[-1] for line in (folder / "go.mod").read_text().splitlines() if "/benthos/v4 v" in line),
    notes="http_server, http processor, sync_response; GOMAXPROCS=1; the engine with its HTTP components alone")
