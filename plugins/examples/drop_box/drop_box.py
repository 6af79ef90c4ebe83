"""The source drop_box: files of a directory become messages, and are moved when the bus has acknowledged them."""
import concurrent.futures
import datetime
import fnmatch
import os
import pathlib

import busway_plugin as busway

plugin = busway.Plugin()

AGAIN = ("not_sent", "overload", "deadline")  # nothing is wrong with the message


@plugin.source("drop_box")
class DropBox:
    def __init__(self, settings):
        self.path = pathlib.Path(settings["path"])
        if not self.path.is_absolute():
            raise busway.Refused("path", f"'{self.path}' is no absolute path")
        self.pattern, self.every, self.content_type = settings["pattern"], settings["every"] / 1000, settings["content_type"]
        self.at_once = settings["at_once"]
        self.under_way, self.seen = {}, {}

    def run(self, inlet):
        if not self.path.is_dir():
            raise busway.Refused("path", f"there is no directory {self.path}")
        for name in ("done", "failed"):
            (self.path / name).mkdir(exist_ok=True)
        inlet.listening(str(self.path))
        try:
            while not inlet.wait(self.every):
                self.look(inlet)
        except busway.Stopped:
            pass
        for ended in concurrent.futures.wait(self.under_way, timeout=30).done:  # what is under way is moved, too
            self.settle(self.under_way.pop(ended), ended.result())

    def look(self, inlet):
        for path in self.whole_files():
            while len(self.under_way) >= self.at_once:
                self.settle_some(None)
            try:
                body, about = path.read_bytes(), path.stat()
            except OSError as error:
                busway.log(f"{path.name} cannot be read: {error}", "warn")
                continue
            if len(body) > inlet.max_body:
                self.settle(path, busway.Outcome("failed", kind="format", status=413, reason="Content Too Large"))
                continue
            modified = datetime.datetime.fromtimestamp(about.st_mtime, datetime.timezone.utc).isoformat()
            ended = inlet.begin(body, content_type=self.content_type, peer=str(self.path), reply=False,
                                headers={"file": path.name.encode("ascii", "replace").decode(), "modified": modified, "size": str(about.st_size)})
            self.under_way[ended] = path
        self.settle_some(0)

    def whole_files(self):
        """Those that have not changed since the last look, by name, and are not under way."""
        now, busy = {}, set(self.under_way.values())
        for entry in os.scandir(self.path):
            if entry.name.startswith(".") or not fnmatch.fnmatchcase(entry.name, self.pattern) or not entry.is_file(follow_symlinks=False):
                continue
            about = entry.stat(follow_symlinks=False)
            now[entry.name] = (about.st_size, about.st_mtime_ns, about.st_ino)
        whole = [self.path / name for name in sorted(now) if self.seen.get(name) == now[name] and self.path / name not in busy]
        self.seen = now
        return whole

    def settle_some(self, timeout):
        done, _ = concurrent.futures.wait(self.under_way, timeout=timeout, return_when=concurrent.futures.FIRST_COMPLETED)
        for ended in done:
            self.settle(self.under_way.pop(ended), ended.result())

    def settle(self, path, outcome):
        if outcome.kind in AGAIN:
            return
        place = self.path / ("done" if outcome.good else "failed") / path.name
        number = 0
        while place.exists():
            number += 1
            place = place.with_name(f"{path.name}.{number}")
        try:
            path.rename(place)
            if not outcome.good:
                place.with_name(place.name + ".reason").write_text(f"{outcome.status} {outcome.reason} ({outcome.kind})\n")
        except OSError as error:
            busway.log(f"{path.name} cannot be moved, and will come again: {error}", "error")


if __name__ == "__main__":
    plugin.run()
