"""A bundle names the SHA-256 of its plugins: another file is refused before anything of it runs.

    pins_test.py BUSWAY SOURCE CC CXX
"""
import hashlib

from workshop import Case, main

# What is run when the library is loaded leaves a trace.
TRACED = """
#include <fcntl.h>
#include <unistd.h>
__attribute__((constructor)) static void trace(void) { close(open("%s", O_CREAT | O_WRONLY, 0600)); }
"""
MANIFEST = """
protocol: 1
command: [python3, -u, main.py]
steps: { greet: { summary: Greets. } }
"""


def hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Pins(Case):
    def setUp(self):
        super().setUp()
        self.root = self.bundle("nothing: {}")
        self.routes = (self.root / "routes.yaml").read_text()
        self.library, self.trace = self.root / "plugins/mine.so", self.folder / "trace"
        self.plugin(self.library, TRACED % self.trace)

    def require(self, text):
        (self.root / "routes.yaml").write_text(f"plugins: {{ {text} }}\n" + self.routes)

    def found(self, *words, verb="check"):
        """What is said against it, and nothing has been run."""
        done = self.busway(verb, self.root)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stdout + done.stderr)
        self.assertFalse(self.trace.exists(), "the library was loaded")

    def test_the_right_one_passes(self):
        self.require(f"mine: {{ sha256: '{hash_of(self.library)}' }}")
        self.exits(0, "check", self.root)
        self.assertTrue(self.trace.exists())
        self.require(f"mine: {{ sha256: '{hash_of(self.library).upper()}' }}")
        self.exits(0, "check", self.root)

    def test_another_one_is_never_loaded(self):
        right = hash_of(self.library)
        self.require(f"mine: {{ sha256: '{right}' }}")
        self.plugin(self.library, "#define SUMMARY TEXT(\"Another.\")\n" + TRACED % self.trace)
        for verb in ("check", "test", "run"):
            self.found("plugins/mine.so: error BW7011", f"its SHA-256 is {hash_of(self.library)}", f"requires {right}", "routes.yaml:1:28", verb=verb)
        # Also where it would only be a warning: beside the bundle.
        self.library.rename(self.folder / "mine.so")
        done = self.busway("check", self.root, BUSWAY_PLUGINS=str(self.folder))
        self.assertIn("error BW7011", done.stdout)
        self.assertFalse(self.trace.exists())

    def test_what_is_no_hash_lets_nothing_in(self):
        for text in ("mine: { sha256: abc }", "mine: {}", "mine: { sha512: abc }", "mine: yes", f"mine: {{ sha256: '{'g' * 64}' }}"):
            self.require(text)
            self.found("routes.yaml:1:", "BW7011")

    def test_what_is_required_must_be_there(self):
        self.require(f"other: {{ sha256: '{'0' * 64}' }}")
        done = self.busway("check", self.root)
        self.assertIn("routes.yaml:1:29: error BW7011: the plugin 'other' is required, and there is none", done.stdout)

    def test_a_process(self):
        self.library.unlink()
        folder = self.root / "plugins/greeting"
        folder.mkdir()
        (folder / "plugin.yaml").write_text(MANIFEST)
        program = folder / "main.py"
        program.write_text("print(1)\n")
        self.routes = self.routes.replace("nothing:", "greet:")
        self.require(f"greeting: {{ sha256: '{hash_of(program)}' }}")
        self.exits(0, "check", self.root)
        right = hash_of(program)
        program.write_text("print(2)\n")
        self.found("plugins/greeting/plugin.yaml: error BW7011", f"its SHA-256 is {hash_of(program)}", f"requires {right}")
        program.unlink()
        self.found("BW7011", "its command names no file of its own directory")


main()
