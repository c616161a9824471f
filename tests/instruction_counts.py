#!/usr/bin/env python3
"""Counts the instructions of some kernels under callgrind and compares them with instruction_counts.txt: a slowdown shows without a clock,
on a busy machine as well. More than 5 % above fails; more than 5 % below passes and says that the file should be made anew.

The counts are those of one compiler (the first line of the file names it) and of AVX2, the widest vectors that callgrind knows; with another
compiler the test is skipped.

Usage: instruction_counts.py PROGRAM COMPILER [--write]
       instruction_counts.py --self-test
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

COUNTS = Path(__file__).with_suffix(".txt")
TOLERANCE = 0.05
SKIPPED = 77


def counted(program, folder):
    """{kernel: instructions}, or nothing where the processor has no AVX2."""
    command = ["valgrind", "--quiet", "--tool=callgrind", "--collect-atstart=no", f"--callgrind-out-file={folder}/out", program]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    if result.stdout.strip() != "avx2":
        return {}
    counts = {}
    for path in Path(folder).glob("out.*"):
        text = path.read_text()
        name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
        total = re.search(r"^totals: (\d+)", text, re.MULTILINE)
        if name and total:
            counts[name.group(1)] = int(total.group(1))
    return counts


def committed():
    lines = COUNTS.read_text().splitlines()
    return lines[0], {name: int(count) for count, name in (line.split(" ", 1) for line in lines[1:])}


def compare(found, wanted):
    """The sentences to be said, and whether the test fails."""
    for name in sorted(found.keys() | wanted.keys()):
        if name not in found or name not in wanted:
            yield f"{name}: {'not counted' if name in wanted else 'not in ' + COUNTS.name}", True
            continue
        change = found[name] / wanted[name] - 1
        if change > TOLERANCE:
            yield f"{name}: {found[name]} instructions, {100 * change:.1f} % more than the {wanted[name]} that are committed", True
        elif change < -TOLERANCE:
            yield f"{name}: {found[name]} instructions, {-100 * change:.1f} % fewer than committed; make {COUNTS.name} anew", False


def self_test():
    """What the comparison must find, on the committed counts themselves: a kernel of 6 % more, one that is missing, one that is new."""
    wanted = committed()[1]

    def failures(found):
        return [sentence for sentence, failed in compare(found, wanted) if failed]

    def changed(name, factor):
        return {**wanted, name: round(wanted[name] * factor)}

    assert len(wanted) >= 12 and not failures(wanted)
    for name, count in wanted.items():
        more, fewer = failures(changed(name, 1.06)), list(compare(changed(name, 0.9), wanted))
        assert len(more) == 1 and more[0].startswith(f"{name}: ") and f"{count} that are committed" in more[0], more
        assert not failures(changed(name, 1.04)), name
        assert len(fewer) == 1 and not fewer[0][1], fewer
        without = {other: instructions for other, instructions in wanted.items() if other != name}
        assert failures(without) == [f"{name}: not counted"], name
    assert failures({**wanted, "new": 1}) == [f"new: not in {COUNTS.name}"]
    print(f"self-test: every one of {len(wanted)} counts would show 5 % more")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    parser = argparse.ArgumentParser(description="Compare the kernels' instruction counts with the committed ones.")
    parser.add_argument("program")
    parser.add_argument("compiler", help="as the first line of the file names it")
    parser.add_argument("--write", action="store_true", help="make the file anew")
    options = parser.parse_args()
    if not options.write and committed()[0] != options.compiler:
        print(f"skipped: the counts are those of {committed()[0]}, this build is by {options.compiler}")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        found = counted(options.program, folder)
    if not found:
        print("skipped: no AVX2 under callgrind")
        return SKIPPED
    if options.write:
        COUNTS.write_text("\n".join([options.compiler, *(f"{count} {name}" for name, count in sorted(found.items()))]) + "\n")
        return 0
    said = list(compare(found, committed()[1]))
    for sentence, _ in said:
        print(sentence)
    print(f"{len(found)} kernels counted")
    return int(any(failed for _, failed in said))


if __name__ == "__main__":
    sys.exit(main())
