"""A step of a library that does nothing costs at most 0.3 us over a built-in one: counted in instructions, which a busy machine does not
change. 0.3 us are 900 instructions of a processor that does one a cycle at 3 GHz, and this asks for an eighth of that.

    cost_test.py BUSWAY SOURCE CC CXX STEP_COST
"""
import re
import shutil
import subprocess
import sys

from workshop import Case, main

MOST = 120
STEPS = 10


class Cost(Case):
    def instructions(self, library, what, times):
        done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.folder / 'out'}", sys.argv[5],
                               str(library), what, str(times)], capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(re.findall(r"Collected : (\d+)", done.stderr)[-1])  # before that: of children

    def test_a_step_that_does_nothing(self):
        library = self.folder / "nothing.so"
        self.plugin(library)
        cost = {}
        for what in ("builtin", "plugin"):
            once, more = (self.instructions(library, what, times) for times in (1000, 11000))
            cost[what] = (more - once) / (10000 * STEPS)
        print(f"instructions a step: built in {cost['builtin']:.1f}, of a library {cost['plugin']:.1f}")
        self.assertGreater(cost["builtin"], 1)  # or nothing was counted
        self.assertLessEqual(cost["plugin"] - cost["builtin"], MOST)


if shutil.which("valgrind") is None:
    print("SKIP: not installed: valgrind")
    sys.exit(77)
main()
