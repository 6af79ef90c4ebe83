#include "bus/cli/new_plugin.hpp"

namespace busway::cli {

namespace {

// NAME stands for the plugin's name.
const char* const try_rule = R"(
.PHONY: try
try: bundle/plugins/NAME.so
	python3 try.py $(BUSWAY)
)";

const char* const routes_text =
    R"(# A bundle to try the adapter NAME in: what comes in as a line goes to a service, and its answer back.
listeners:
  desk: { NAME: { listen: 127.0.0.1:7070, max_body: 64KiB }, format: json }

services:
  clerk: { NAME: { endpoints: [127.0.0.1:7071] }, format: json, timeout: 2s }

routes:
  ask:
    from: { NAME: messages, on: desk, error: '{ "refused": $failure.kind }' }
    steps:
      - call: { service: clerk, request: '{ "question": q }' }
    reply: { body: '{ "answer": answer }' }
)";

const char* const tests_text = R"(test: a question is answered
send: { NAME: messages, body: { q: why } }
services: { clerk: { expect: { question: why }, reply: { answer: because } } }
expect: { body: { answer: because } }
---
test: nobody is there to answer it
send: { NAME: messages, body: { q: why } }
services: { clerk: { fails: not_sent } }
expect: { body: { refused: not_sent } }
)";

const char* const try_text = R"("""Serves the bundle, with a clerk of its own who answers every question, and asks one.

    python3 try.py busway
"""
import pathlib
import shutil
import socketserver
import socket
import subprocess
import sys
import tempfile
import threading


class Clerk(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            print("the clerk got   ", line.decode().strip())
            self.wfile.write(b'{"answer":"42"}\n')


with tempfile.TemporaryDirectory() as folder, socketserver.TCPServer(("127.0.0.1", 0), Clerk) as clerk:
    threading.Thread(target=clerk.serve_forever, daemon=True).start()
    bundle = pathlib.Path(folder) / "bundle"
    shutil.copytree("bundle", bundle)
    routes = (bundle / "routes.yaml").read_text()
    routes = routes.replace("127.0.0.1:7071", "127.0.0.1:%d" % clerk.server_address[1]).replace("127.0.0.1:7070", "'127.0.0.1:0'")
    (bundle / "routes.yaml").write_text(routes)
    log = pathlib.Path(folder) / "log"
    with log.open("w") as said:
        bus = subprocess.Popen([sys.argv[1], "run", str(bundle)], stdout=subprocess.PIPE, stderr=said, text=True)
    try:
        words = bus.stdout.readline().split()  # listening desk NAME 127.0.0.1:PORT
        if not words:
            sys.exit(log.read_text())
        host, port = words[3].split(":")
        with socket.create_connection((host, int(port))) as caller, caller.makefile("rw") as lines:
            lines.write('{"q":"what is it"}\n')
            lines.flush()
            print("the caller got  ", lines.readline().strip())
    finally:
        bus.terminate()
        bus.wait()
    clerk.shutdown()
)";

const char* const readme_text = R"(# NAME

A plugin for Busway: the adapter `NAME`. As it was written it exchanges lines of text over TCP, as a listener and as a service;
what your protocol does is yours to write in its place.

    make          builds bundle/plugins/NAME.so
    make test     has busway check it, and runs bundle/NAME.test.yaml through it
    make try      serves the bundle, sends a line through it and shows what comes back (needs python3)
    busway help adapter NAME --bundle bundle

`Listener` and `Service` in NAME.cpp are the two halves; drop the one you do not need. Both work on the loops of the bus: what they
are called for by one loop comes on one thread, and must not wait. `busway_plugin.hpp` tells what else they may have (threads of
their own, header fields, documents in place of bytes), `busway_sockets.hpp` has what listens; `busway_plugin.h` below them is the interface for C, and says who owns what.

To use it, copy NAME.so into `plugins/` of a bundle, or into the directory that $BUSWAY_PLUGINS names.
)";

}  // namespace

std::vector<std::pair<std::string, std::string>> adapter_bundle_files(const std::string& name) {
  return {{"try.py", named(try_text, name)},
          {"bundle/routes.yaml", named(routes_text, name)},
          {"bundle/" + name + ".test.yaml", named(tests_text, name)}};
}

std::vector<std::pair<std::string, std::string>> new_adapter_files(const std::string& name) {
  std::vector<std::pair<std::string, std::string>> out = adapter_bundle_files(name);
  out.insert(out.begin(), {{name + ".cpp", named(plugin_adapter_source, name, "linetalk")},
                           {"Makefile", library_makefile(name) + named(try_rule, name)},
                           {"README.md", named(readme_text, name)}});
  out.insert(out.end(), {{"busway_plugin.h", plugin_c_header},
                         {"busway_plugin.hpp", plugin_cpp_header},
                         {"busway_sockets.hpp", plugin_sockets_header}});
  return out;
}

}  // namespace busway::cli
