"""What a long measurement has found so far, in a file: so it can be made in pieces, and goes on where it was interrupted."""

import json
import time
from pathlib import Path


class Kept:
    """With no path nothing is kept, and nothing pauses."""

    def __init__(self, path, pause):
        self.path, self.end = Path(path) if path else None, time.monotonic() + pause if pause is not None else None
        self.found = json.loads(self.path.read_text()) if self.path and self.path.exists() else {}

    def has(self, *key):
        return " | ".join(map(str, key)) in self.found

    def get(self, key, make):
        """What was found under the key, or what make() finds now."""
        name = " | ".join(map(str, key))
        if name not in self.found:
            if self.end and time.monotonic() > self.end:
                raise SystemExit(f"paused before '{name}'; the same command goes on")
            self.found[name] = make()
            if self.path:
                self.path.write_text(json.dumps(self.found, indent=1))
        return self.found[name]
