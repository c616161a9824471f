#!/usr/bin/env python3
"""One seal for the digits: over threads, backends and vector widths, and equal to the committed one (digits_seal.txt), which
other compilers and optimisation levels are held against, too.

Usage: seal_matrix.py [--quick] PROGRAM    --quick: 1 and 2 threads on the best vector width, one run on the reference
       seal_matrix.py --write PROGRAM      writes digits_seal.txt (a change of the contract: say why in the CHANGELOG)
"""

import re
import sys

import journey
from journey import expect, seal_of

SEAL_FILE = journey.ROOT / "tests" / "digits_seal.txt"
THREADS = (1, 2, 3, 7)


def vector_widths(tessera):
    """What this processor and build offer, as `tessera doctor` says it."""
    result = tessera.run("doctor", status=None)
    match = re.search(r"^vector widths\s+(.*)$", result.stdout, re.MULTILINE)
    expect(match, "`tessera doctor` does not say the vector widths")
    return [word for word in match.group(1).split(", ") if word != "none"]


def committed_seal():
    lines = [line.split() for line in SEAL_FILE.read_text().splitlines() if line and not line.startswith("#")]
    return dict(lines)["digits"]


def write(program, scratch):
    seal = seal_of(journey.Tessera(program, scratch / "store").train(settings=[]))
    SEAL_FILE.write_text(f"# The seal of examples/train/digits.toml on every machine (tests/seal_matrix.py).\ndigits {seal}\n")
    print(SEAL_FILE.read_text())


def matrix(program, scratch, quick):
    tessera = journey.Tessera(program, scratch / "store")
    widths = vector_widths(tessera)
    for width in ("avx512", "avx2"):
        if width not in widths:
            print(f"{width}: skipped, this processor does not have it")
    if quick:
        cells = [(widths[0] if widths else "reference", 2), ("reference", 1)]
    else:
        cells = [(width, threads) for width in ["reference", *widths] for threads in THREADS]
    expected = committed_seal()
    for width, threads in cells:
        words = ["--backend", "reference"] if width == "reference" else ["--backend", "cpu", "--simd", width]
        seal = seal_of(tessera.train("--threads", threads, *words, settings=[]))
        print(f"{width:10} {threads} threads  {seal}", flush=True)
        expect(seal == expected, f"the seal is not the committed one, {expected}")
    print(f"{len(cells)} runs, one seal, the committed one")


def seals(program, scratch, arguments):
    if program in ("--quick", "--write"):
        arguments, program = [program], arguments[0]
    if "--write" in arguments:
        return write(program, scratch)
    return matrix(program, scratch, "--quick" in arguments)


if __name__ == "__main__":
    sys.exit(journey.main(seals, __doc__))
