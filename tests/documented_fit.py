#!/usr/bin/env python3
"""The fit of UCI's Adult that docs/tables.md shows prints what stands there, the seal included. Skipped without the file (TESSERA_DATA)."""

import os
import shlex
import sys
from pathlib import Path

import journey
from journey import expect

FILE = "adult_train.csv.gz"


def documented():
    """The words of the command, and the lines that it prints."""
    lines = (journey.ROOT / "docs" / "tables.md").read_text().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("$ tessera fit") and FILE in line)
    return shlex.split(lines[first])[2:], lines[first + 1 : lines.index("```", first)]


def documented_fit(program, scratch, _):
    table = Path(os.environ.get("TESSERA_DATA", ".")) / "tabular" / FILE
    if not table.exists():
        print(f"skipped: there is no {table}")
        return journey.SKIPPED
    words, expected = documented()
    words = [table if word == FILE else word for word in words]
    found = journey.Tessera(program, scratch).run(*words, "--store", scratch).stdout.splitlines()
    found = [line for line in found if not line.startswith(("run ", "time "))]
    expect(len(expected) > 5 and found == expected,
           "docs/tables.md says:\n" + "\n".join(expected) + "\nand now it is:\n" + "\n".join(found))
    print("Adult's fit is as it is documented")
    return 0


if __name__ == "__main__":
    sys.exit(journey.main(documented_fit, __doc__))
