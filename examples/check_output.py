#!/usr/bin/env python3
"""Runs an example and compares what it prints with the text that is committed beside it (NAME.txt).
An example that draws writes NAME.svg into the current folder; it is compared with the picture beside the text, if there is one.

Usage: check_output.py PROGRAM EXPECTED [--write]
"""

import difflib
import pathlib
import subprocess
import sys

program, expected = sys.argv[1], pathlib.Path(sys.argv[2])
pathlib.Path(expected.with_suffix(".svg").name).unlink(missing_ok=True)  # of an earlier run
result = subprocess.run([program], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=1200)
print(result.stdout, end="")
if result.returncode != 0:
    sys.exit(f"{program} ended with status {result.returncode}: {result.stderr}")
picture = expected.with_suffix(".svg")
drawn = pathlib.Path(picture.name)
if "--write" in sys.argv:
    expected.write_text(result.stdout)
    if drawn.exists():
        picture.write_bytes(drawn.read_bytes())
elif result.stdout != expected.read_text():
    print("\n".join(difflib.unified_diff(expected.read_text().splitlines(), result.stdout.splitlines(), expected.name, "now",
                                         lineterm="")), file=sys.stderr)
    sys.exit(f"{program} printed something other than {expected}")
elif picture.exists() and (not drawn.exists() or picture.read_bytes() != drawn.read_bytes()):
    sys.exit(f"{program} drew something other than {picture}")
