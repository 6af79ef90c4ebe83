"""What the tests of plugins share: compilers, bundles with plugins in them, and the busway under test.

    python3 SCRIPT BUSWAY SOURCE CC CXX
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BUSWAY, SOURCE, CC, CXX = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4]
# `python3` in a manifest is the one that runs this.
os.environ["PATH"] = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
PARTS = SOURCE / "tests/plugins/parts"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
CACHE = ["ccache"] if shutil.which("ccache") else []
INCLUDE = [f"-I{SOURCE / 'plugins/sdk/c'}", f"-I{SOURCE / 'plugins/sdk/cpp'}", f"-I{PARTS}"]
ROUTES = """
listeners: { front: { http: { listen: '127.0.0.1:0' } } }
routes: { r: { from: { http: POST /, on: front, format: json }, steps: [ %s ], reply: {} } }
"""


def compiled(source, target, standard=None, flags=()):
    """Makes a shared library of a source file, with every warning an error."""
    is_c = source.suffix == ".c"
    compiler, made = CC if is_c else CXX, target.with_suffix(".o")
    for command in ([*CACHE, compiler, f"-std={standard or ('c99' if is_c else 'c++17')}", "-O1", "-fPIC", "-fvisibility=hidden",
                     *STRICT, *INCLUDE, *flags, "-c", source.name, "-o", str(made)],
                    [compiler, "-shared", *flags, str(made), "-o", str(target)]):
        done = subprocess.run(command, cwd=source.parent, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    made.unlink()
    target.chmod(0o755)


class Case(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory(prefix="busway-plugins-")
        self.addCleanup(kept.cleanup)
        self.folder = pathlib.Path(kept.name)

    def bundle(self, step="set_variable: { a: b }", name="bundle"):
        bundle = self.folder / name
        (bundle / "plugins").mkdir(parents=True)
        (bundle / "routes.yaml").write_text(ROUTES % ("{ " + step + " }"))
        return bundle

    def plugin(self, target, frame="", flags=(), file="frame.h"):
        """A library of parts/frame.h with what `frame` defines."""
        source = self.folder / "source.c"
        source.write_text(f'{frame}\n#include "{file}"\n')
        compiled(source, target, standard="gnu99", flags=flags)

    def busway(self, *words, stdin="", **environment):
        return subprocess.run([BUSWAY, *map(str, words)], input=stdin, capture_output=True, text=True, timeout=120, check=False,
                              env={**os.environ, "BUSWAY_PLUGINS": "", **environment})

    def exits(self, status, *words, **more):
        done = self.busway(*words, **more)
        self.assertEqual(done.returncode, status, f"busway {' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
        return done.stdout


def main():
    unittest.main(argv=[sys.argv[0]])
