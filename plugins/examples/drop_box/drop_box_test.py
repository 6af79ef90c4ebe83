import pathlib
import tempfile
import threading
import time
import unittest

import busway_plugin as busway
from drop_box import DropBox


class Test(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.box = pathlib.Path(kept.name)

    def take(self, answer, until, **settings):
        """What the box brings until that holds."""
        inlet = busway.TrialInlet(answer)
        box = DropBox({"path": str(self.box), "pattern": "*", "every": 10, "at_once": 2, "content_type": "", **settings})
        running = threading.Thread(target=box.run, args=(inlet,))
        running.start()
        end = time.monotonic() + 10
        while not until(inlet) and time.monotonic() < end:
            time.sleep(0.01)
        inlet.stopped.set()
        running.join()
        return inlet.brought

    def names(self, folder):
        return sorted(path.name for path in (self.box / folder).iterdir())

    def test_files_are_moved_when_they_are_acknowledged(self):
        (self.box / "b.txt").write_text("two")
        (self.box / "a.txt").write_text("one")
        (self.box / ".hidden").write_text("not yet")
        brought = self.take(lambda body: busway.Outcome() if body == b"one" else busway.Outcome("failed", kind="invalid", status=422, reason="Unprocessable Content"),
                            lambda inlet: not list(self.box.glob("*.txt")))
        self.assertEqual([(head["headers"]["file"], body) for head, body in brought], [("a.txt", b"one"), ("b.txt", b"two")])
        self.assertEqual((self.names("done"), self.names("failed")), (["a.txt"], ["b.txt", "b.txt.reason"]))
        self.assertEqual((self.box / "failed/b.txt.reason").read_text(), "422 Unprocessable Content (invalid)\n")
        self.assertTrue((self.box / ".hidden").exists())

    def test_what_could_not_be_taken_comes_again(self):
        (self.box / "a").write_text("one")
        outcomes = [busway.Outcome("failed", kind="not_sent", status=503), busway.Outcome()]
        brought = self.take(lambda body: outcomes.pop(0), lambda inlet: not outcomes)
        self.assertEqual(len(brought), 2)
        self.assertEqual(self.names("done"), ["a"])

    def test_nothing_is_overwritten(self):
        (self.box / "done").mkdir()
        (self.box / "done/a").write_text("old")
        (self.box / "a").write_text("new")
        self.take(lambda body: busway.Outcome(), lambda inlet: not (self.box / "a").exists())
        self.assertEqual(((self.box / "done/a").read_text(), (self.box / "done/a.1").read_text()), ("old", "new"))

    def test_no_directory(self):
        for path in ("relative", "/nonexistent/box"):
            with self.assertRaises(busway.Refused) as refused:
                DropBox({"path": path, "pattern": "*", "every": 10, "at_once": 2, "content_type": ""}).run(busway.TrialInlet())
            self.assertEqual(refused.exception.key, "path")


if __name__ == "__main__":
    unittest.main()
