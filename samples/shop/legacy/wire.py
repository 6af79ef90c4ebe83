"""What went over a legacy wire, one JSON object a line, for whoever wants to look: the demo prints it."""

import datetime
import json
import threading


class Trace:
    """Without a path it writes nothing."""

    def __init__(self, path):
        self._file = open(path, "a", encoding="utf-8") if path else None
        self._lock = threading.Lock()

    def message(self, direction, raw, text):
        """`direction` is "in" or "out", `raw` the bytes, `text` what a person reads in them."""
        if self._file:
            line = {"time": datetime.datetime.now().isoformat(timespec="microseconds"),
                    "direction": direction, "hex": raw.hex(), "text": text}
            with self._lock:
                self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
                self._file.flush()
