"""docs/plugins.md as a newcomer follows it: its files are written, its commands run, and they must print what the page says.

    guide_test.py BUSWAY SOURCE CC CXX

Blocks: ```LANGUAGE file NAME is a file; in ```console a line `$ COMMAND` is run by sh, and what follows is all it prints.
"""
import os
import pathlib
import re
import subprocess

from workshop import BUSWAY, SOURCE, Case, main


def blocks(text):
    fence = None
    for line in text.splitlines():
        opens = re.match(r"(`{3,})(.+)", line)
        if fence is None and opens:
            fence, kind, body = opens[1], opens[2].strip(), []
        elif fence is not None and line == fence:
            yield kind, "\n".join(body) + "\n"
            fence = None
        elif fence is not None:
            body.append(line)


def commands(body):
    found = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return [(command, "".join(line + "\n" for line in printed)) for command, printed in found]


class Guide(Case):
    def end_the_bus(self):
        """The one that the page leaves running when a line behind it fails."""
        for pid in self.folder.glob("*pid"):
            subprocess.run(["kill", pid.read_text().strip()], capture_output=True, check=False)

    def test_a_newcomer_gets_what_the_page_says(self):
        ran = 0
        self.addCleanup(self.end_the_bus)
        path = f"{pathlib.Path(BUSWAY).parent}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "SDK": str(SOURCE / "plugins/sdk"), "BUSWAY_PLUGINS": ""}
        for kind, body in blocks((SOURCE / "docs/plugins.md").read_text()):
            if file := re.fullmatch(r"\w+ file (\S+)", kind):
                target = self.folder / file[1]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(body)
                continue
            if kind == "text":  # to be read
                continue
            self.assertEqual(kind, "console")
            for command, printed in commands(body):
                done = subprocess.run(["sh", "-c", command], cwd=self.folder, env=environment, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, timeout=200, check=False)
                self.assertEqual(done.stdout, printed, command)
                ran += 1
        self.assertGreaterEqual(ran, 18)


main()
