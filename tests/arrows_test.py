"""The lines of docs/architecture.md that a compiler does not hold: who may include whom, and which diagnostics exist.

Self-contained: /usr/bin/python3 tests/arrows_test.py
"""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULES = ("bus", "transforms", "adapters", "routes", "plugins")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
DIAGNOSTIC = re.compile(r"\bBW\d{4}\b")
DIAGNOSTIC_TABLE = "bus/diagnostics.cpp"
POSIX_HEADERS = {"arpa/inet.h", "fcntl.h", "netdb.h", "poll.h", "pthread.h", "signal.h", "strings.h", "time.h", "unistd.h"}
POSIX_FOLDERS = ("sys/", "netinet/", "linux/")

# A computation that is put aside (bus/pause.hpp) leaves what belongs to its thread to others. So scratch of computations is a Spare, and
# what a thread has besides stands here, with the reason why nobody is put aside while he uses it.
THREADS_OWN = {
    "adapters/http/access_log.cpp": "one line is written in one go",
    "adapters/http/answer.cpp": "a head is read in one go",
    "adapters/http/buffer.cpp": "memory is taken or given in one go",
    "adapters/http/connection.cpp": "bytes that nobody reads",
    "adapters/http/head_writer.cpp": "a date is written in one go",
    "adapters/http/pour.cpp": "bytes are passed on in one go, outside of computations",
    "adapters/http/routing.cpp": "a path is matched in one go, outside of computations",
    "adapters/tcp/relay.cpp": "outside of computations",
    "bus/fiber.cpp": "which fiber runs",
    "bus/pause.hpp": "which computation runs",
    "bus/slices.cpp": "which computation runs",
    "bus/socket.cpp": "a record is written in one go, outside of computations",
    "bus/spare.hpp": "taken while it is held",
    "bus/task.cpp": "a frame is taken or given in one go",
    "bus/task.hpp": "a frame is taken or given in one go",
    "bus/wall_clock.cpp": "set by tests only",
    "bus/worker.cpp": "which worker runs",
    "plugins/process/call.cpp": "the supervisor's thread, which computes nothing",
    "transforms/jsonata/functions/array.cpp": "random numbers, a number at a time",
    "transforms/jsonata/functions/format_number.cpp": "a number is written in one go",
    "transforms/jsonata/stack.cpp": "never changes",
    "transforms/schema/xsd_load.cpp": "a schema is loaded in one go, outside of computations",
}
THREAD_LOCAL = re.compile(r"^(?!\s*//).*\bthread_local\b", re.MULTILINE)


def is_cli(path):
    return path.startswith("bus/cli/")


def component(path):
    """What is one library: `adapters/http`, `transforms/jsonata`, but `routes` and `bus` as a whole."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] in ("adapters", "transforms", "plugins") and len(parts) > 2 else parts[0]


def may_include(path, included):
    """Whether `path` may include the project's header `included`."""
    if is_cli(path):
        return True
    if is_cli(included):
        return False
    if path.startswith(("plugins/sdk/", "plugins/examples/")):
        # Nothing of the bus: they are built without it.
        return included in ("busway_plugin.h", "busway_plugin.hpp", "busway_process.hpp", "busway_sockets.hpp") or ("/" not in included and (ROOT / path).with_name(included).is_file())
    if included == "bus/tls.hpp":
        return path.startswith("bus/") and path.endswith(".cpp")
    if included.startswith("bus/") or component(included) == component(path):
        return True
    if path.startswith("plugins/process/") and included.startswith("plugins/host/"):
        return True
    if path.startswith(("plugins/process/", "adapters/zmq/")) and included.startswith("adapters/curve/"):
        return True
    if path.startswith(("plugins/host/", "plugins/process/")):
        return included == "plugins/sdk/c/busway_plugin.h"
    if path == "adapters/builtin.cpp":
        return included.startswith("adapters/")
    if path.startswith("transforms/schema/"):
        return included.startswith("transforms/formats/")
    if path.startswith("transforms/inference/"):
        return included.startswith(("transforms/jsonata/", "transforms/schema/"))
    if path.startswith("transforms/steps/"):
        return included.startswith(("transforms/inference/", "transforms/schema/"))
    if path.startswith("adapters/soap/"):
        return included.startswith(("transforms/formats/xml", "adapters/http/"))
    return False


def may_include_system(path, header):
    """Whether `path` may include <header>."""
    if header == "regex":
        return False
    if not (path.startswith("bus/") and path.endswith(".hpp")) or is_cli(path):
        return True
    if header.startswith("openssl/"):
        return path == "bus/tls.hpp"
    standard = "/" not in header and "." not in header
    return standard or header in POSIX_HEADERS or header.startswith(POSIX_FOLDERS)


def wrong_arrows(path, text):
    for kind, included in INCLUDE.findall(text):
        if not (may_include(path, included) if kind == '"' else may_include_system(path, included)):
            yield f"{path} includes {included}"


def sources(folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.[ch]pp")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


class Arrows(unittest.TestCase):
    def test_every_include_follows_an_arrow(self):
        wrong = [line for path, text in sources(MODULES) for line in wrong_arrows(path, text)]
        self.assertEqual(wrong, [])

    def test_std_regex_is_nowhere(self):
        wrong = [path for path, text in sources(MODULES + ("tests",)) if ("<", "regex") in INCLUDE.findall(text)]
        self.assertEqual(wrong, [])

    def test_what_a_thread_has_of_its_own_has_a_reason(self):
        found = {path for path, text in sources(MODULES) if THREAD_LOCAL.search(text)}
        self.assertEqual(found, set(THREADS_OWN))

    def test_the_scan_finds_a_wrong_arrow(self):
        wrong = {
            "bus/engine.cpp": '#include "routes/yaml.hpp"',
            "bus/reply.hpp": "#include <openssl/ssl.h>",
            "bus/message.hpp": "#include <rapidjson/document.h>",
            "bus/socket.hpp": '#include "bus/tls.hpp"',
            "bus/worker.cpp": '#include "bus/cli/verbs.hpp"',
            "routes/steps/call.cpp": '#include "adapters/http/head.hpp"',
            "routes/yaml.cpp": '#include "transforms/formats/json.hpp"',
            "transforms/jsonata/regex.cpp": "#  include <regex>",
            "transforms/formats/xml.cpp": '#include "adapters/soap/envelope.hpp"',
            "transforms/steps/map.cpp": '#include "transforms/jsonata/jsonata.hpp"',
            "adapters/tcp/source.cpp": '#include "adapters/http/buffer.hpp"',
            "adapters/tcp/target.cpp": '#include "bus/tls.hpp"',
            "adapters/soap/fault.cpp": '#include "transforms/formats/json.hpp"',
            "transforms/schema/plan.cpp": '#include "transforms/jsonata/jsonata.hpp"',
            "transforms/formats/json.cpp": '#include "transforms/schema/plan.hpp"',
            "transforms/jsonata/ir.cpp": '#include "transforms/inference/shape.hpp"',
            "transforms/schema/check.cpp": '#include "transforms/inference/shape.hpp"',
            "plugins/host/plugin.cpp": '#include "routes/compile.hpp"',
            "plugins/host/plugins.cpp": '#include "plugins/process/manifest.hpp"',
            "plugins/process/wire.cpp": '#include "transforms/formats/json.hpp"',
            "plugins/host/builder.cpp": '#include "transforms/formats/utf8.hpp"',
            "plugins/sdk/cpp/busway_plugin.hpp": '#include "plugins/host/plugin.hpp"',
            "plugins/examples/tlv/tlv.cpp": '#include "adapters/http/head.hpp"',
        }
        for path, text in wrong.items():
            self.assertEqual(len(list(wrong_arrows(path, "#pragma once\n" + text + "\n"))), 1, path)

    def test_the_scan_lets_right_arrows_pass(self):
        right = {
            "bus/cli/run.cpp": '#include "adapters/http/listener.hpp"\n#include "transforms/formats/builtin.hpp"\n#include <CLI/CLI.hpp>',
            "bus/tls.hpp": "#include <openssl/ssl.h>",
            "bus/socket.cpp": '#include "bus/tls.hpp"\n#include <openssl/err.h>',
            "bus/socket.hpp": "#include <sys/socket.h>\n#include <string>",
            "adapters/builtin.cpp": '#include "adapters/tcp/adapter.hpp"',
            "adapters/soap/fault.cpp": '#include "transforms/formats/xml_tree.hpp"\n#include "adapters/http/trip.hpp"\n#include <pugixml.hpp>',
            "routes/bundle.cpp": '#include "routes/yaml.hpp"\n#include "bus/registry.hpp"',
            "transforms/formats/xml.cpp": '#include "transforms/formats/utf8.hpp"',
            "transforms/schema/placed_json.cpp": '#include "transforms/formats/json.hpp"',
            "transforms/inference/interpreter.cpp": '#include "transforms/jsonata/ir.hpp"\n#include "transforms/schema/plan.hpp"',
            "transforms/steps/map.cpp": '#include "transforms/inference/inference.hpp"',
            "transforms/steps/validate.cpp": '#include "transforms/schema/validation.hpp"',
            "plugins/host/library.cpp": '#include "bus/log.hpp"\n#include "plugins/sdk/c/busway_plugin.h"\n#include <Poco/SharedLibrary.h>',
            "plugins/process/manifest.cpp": '#include "plugins/host/settings.hpp"\n#include "bus/field.hpp"',
            "plugins/sdk/cpp/busway_plugin.hpp": '#include "busway_plugin.h"',
        }
        for path, text in right.items():
            self.assertEqual(list(wrong_arrows(path, text)), [], path)


class Diagnostics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = re.findall(r'\{"(BW\d{4})"', (ROOT / DIAGNOSTIC_TABLE).read_text(encoding="utf-8"))
        cls.used = {}
        for path, text in sources(MODULES):
            if path != DIAGNOSTIC_TABLE:
                for name in DIAGNOSTIC.findall(text):
                    cls.used.setdefault(name, path)

    def test_ids_are_unique_and_in_order(self):
        self.assertEqual(self.rows, sorted(set(self.rows)))

    def test_every_id_in_the_source_has_a_row(self):
        self.assertEqual({name: path for name, path in self.used.items() if name not in self.rows}, {})

    def test_every_row_is_used(self):
        self.assertEqual([name for name in self.rows if name not in self.used], [])

    def test_every_id_in_the_documents_has_a_row(self):
        unknown = {name: path.relative_to(ROOT).as_posix()
                   for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"] if path.exists()
                   for name in DIAGNOSTIC.findall(path.read_text(encoding="utf-8")) if name not in self.rows}
        self.assertEqual(unknown, {})


if __name__ == "__main__":
    unittest.main()
