#!/usr/bin/env python3
"""The same bits from every compiler, optimisation, vector width and number of threads: each cell of the matrix is held against
the committed digests (`tessera selftest`) and the committed seals of training runs: the digits (digits_seal.txt), and a small training for each
family of models (model_runs.py). Every cell runs, then the table is printed; the status is 1 if one failed.

Usage: bit_matrix.py PRESET...          `./dev test --bits`: programs of these presets, build/PRESET/bin/tessera
       bit_matrix.py [--quick] PROGRAM  the seals alone, of one program, those of models once for each vector width; --quick: one run
                                        on the best vector width with 2 threads, one of the digits on the reference
       bit_matrix.py --write PROGRAM    writes digits_seal.txt and models/seals.txt anew (another seal than before is a change of the
                                        contract: say why in the CHANGELOG)
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import journey
import model_runs
from journey import expect, seal_of

SEAL_FILE = journey.ROOT / "tests" / "digits_seal.txt"
THREADS = (1, 2, 3, 7)
MODEL_THREADS = {"reference": 1, "avx2": 3, "avx512": 7}  # where models run once for each vector width
WIDTHS = {"avx2": "AVX2", "avx512": "AVX-512"}  # of the cpu backend; without vectors it uses the reference's kernels
QEMU = ("qemu-aarch64-static", "-L", journey.ROOT / "build" / "aarch64-sysroot")


@dataclass(frozen=True)
class Build:
    """A program, and which of the seals it is fast enough for."""

    program: Path
    compiler: str = ""
    mode: str = ""
    seal: str = "digits"
    selftest: bool = True
    widths: tuple = ("reference", *WIDTHS)
    under: tuple = ()  # the emulator


# Without optimisation, or under an emulator, thirty epochs take minutes.
PRESETS = {
    "release": {"compiler": "GCC", "mode": "release"},
    "debug": {"compiler": "GCC", "mode": "debug", "seal": "digits-short"},
    "clang": {"compiler": "clang", "mode": "release"},
    "clang-debug": {"compiler": "clang", "mode": "debug", "seal": "digits-short"},
    "aarch64": {"compiler": "GCC for Arm", "mode": "release", "seal": "digits-short", "widths": ("reference", "cpu"),
                "under": QEMU},
}


@dataclass(frozen=True)
class Cell:
    build: Build
    width: str
    threads: int
    models: bool = True


@dataclass
class Outcome:
    verdict: str
    cases: str = "-"
    seal: str = "-"
    models: str = "-"
    seconds: float = 0


# ---- The committed seals ----


def committed_seals():
    """{name: (seal, the settings of its run)}"""
    lines = [line.split() for line in SEAL_FILE.read_text().splitlines() if not line.startswith("#")]
    return {name: (seal, settings) for name, seal, *settings in filter(None, lines)}


def setting_words(settings):
    return [word for setting in settings for word in ("--set", setting)]


def write(program, scratch):
    tessera = journey.Tessera(program, scratch / "store")
    text = "".join(line + "\n" for line in SEAL_FILE.read_text().splitlines() if line.startswith("#"))
    for name, (_, settings) in committed_seals().items():
        seal = seal_of(tessera.train(settings=setting_words(settings)))
        text += " ".join([name, seal, *settings]) + "\n"
    SEAL_FILE.write_text(text)
    model_runs.make_data(scratch / "data")
    model_runs.write_seals({family.name: model_runs.seal_of_training(journey.Tessera(program, scratch / family.name), family, scratch / "data")
                            for family in model_runs.FAMILIES})
    print(text + model_runs.SEALS.read_text(), end="")


# ---- One cell ----


def backend_words(cell):
    words = ["--backend", "cpu", "--simd", cell.width] if cell.width in WIDTHS else ["--backend", cell.width]
    return [*words, "--threads", cell.threads]


def run_selftest(tessera, cell):
    """How many cases, all of which passed."""
    result = tessera.run("selftest", "--quiet", *backend_words(cell), status=None)
    closing = re.search(r"^(\d+) cases, (\d+) failed", result.stdout, re.MULTILINE)
    expect(closing, f"the selftest ended with status {result.returncode}: {result.stderr[-300:].strip()}")
    cases, failed = closing.groups()
    expect(failed == "0" and result.returncode == 0,
           f"{failed} of the selftest's {cases} cases, first: {result.stdout.splitlines()[0]}")
    return cases


def run_seal(tessera, cell):
    """The name of the seal, which the run has to end in."""
    expected, settings = committed_seals()[cell.build.seal]
    seal = seal_of(tessera.train(*backend_words(cell), settings=setting_words(settings)))
    expect(seal == expected, f"{cell.build.seal}: found seal {seal}, expected {expected}")
    return cell.build.seal


def run_models(cell, store, data):
    """How many families of models, each of which ended in its seal."""
    seals = model_runs.committed_seals()
    for family in model_runs.FAMILIES:
        tessera = journey.Tessera(cell.build.program, store / family.name, cell.build.under)
        seal = model_runs.seal_of_training(tessera, family, data, *backend_words(cell))
        expect(seal == seals[family.name], f"{family.name}: found seal {seal}, expected {seals[family.name]}")
    return str(len(model_runs.FAMILIES))


def run_cell(cell, scratch, data):
    outcome = Outcome("passed")
    start = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(dir=scratch) as store:
            tessera = journey.Tessera(cell.build.program, Path(store) / "digits", cell.build.under)
            if cell.build.selftest:
                outcome.cases = run_selftest(tessera, cell)
            outcome.seal = run_seal(tessera, cell)
            if cell.models:
                outcome.models = run_models(cell, Path(store), data)
    except (journey.Failure, OSError, subprocess.TimeoutExpired) as failure:
        outcome.verdict = f"FAILED: {failure}"
    outcome.seconds = time.monotonic() - start
    return outcome


# ---- The matrix ----


def vector_widths(build):
    """What this processor and build offer, as `tessera doctor` says it."""
    result = journey.Tessera(build.program, "", build.under).run("doctor", status=None)
    match = re.search(r"^vector widths\s+(.*)$", result.stdout, re.MULTILINE)
    expect(match, f"`tessera doctor` does not say the vector widths: {result.stderr.strip()}")
    return match.group(1).split(", ")


def cells_of(build, quick):
    """Each with the reason for skipping it, or None."""
    try:
        found = ["reference", "cpu", *vector_widths(build)]
    except (journey.Failure, OSError):
        found = build.widths  # every cell will say what is wrong with the program
    if quick:
        best = next((width for width in reversed(build.widths) if width in found), "reference")
        return [(Cell(build, best, 2), None), (Cell(build, "reference", 1, models=False), None)]
    return [(Cell(build, width, threads, models=build.selftest or MODEL_THREADS[width] == threads),
             None if width in found else f"skipped: this processor has no {WIDTHS[width]}")
            for width in build.widths for threads in THREADS]


def row(compiler, mode, width, threads, outcome_words):
    cases, seal, models, seconds, verdict = outcome_words
    return f"{compiler:<12} {mode:<8} {width:<10} {threads:>7}  {cases:>8}  {seal:<12}  {models:>6}  {seconds:>7}  {verdict}"


def row_of(cell, outcome):
    seconds = f"{outcome.seconds:.1f}" if outcome.seconds else "-"
    verdict = outcome.verdict.splitlines()[0][:200]  # the whole of it was printed when the cell had run
    return row(cell.build.compiler, cell.build.mode, WIDTHS.get(cell.width, cell.width), cell.threads,
               (outcome.cases, outcome.seal, outcome.models, seconds, verdict))


def matrix(builds, scratch, quick):
    table, data = [], scratch / "data"
    model_runs.make_data(data)
    for build in builds:
        for cell, skipped in cells_of(build, quick):
            outcome = Outcome(skipped) if skipped else run_cell(cell, scratch, data)
            table.append((cell, outcome))
            print(row_of(cell, outcome), file=sys.stderr, flush=True)
            if "\n" in outcome.verdict:
                print(outcome.verdict, file=sys.stderr, flush=True)
    print("\n" + row("compiler", "build", "backend", "threads", ("selftest", "seal", "models", "seconds", "")))
    for cell, outcome in table:
        print(row_of(cell, outcome))
    verdicts = [outcome.verdict.split(":")[0] for _, outcome in table]
    counts = [f"{verdicts.count(word)} {word}" for word in ("passed", "FAILED", "skipped")]
    print(f"\n{len(table)} cells: {', '.join(counts)}")
    return 1 if "FAILED" in verdicts or "passed" not in verdicts else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("programs", nargs="+")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tessera-bits-") as scratch:
        if options.write:
            write(options.programs[0], Path(scratch))
            return 0
        builds = [Build(journey.ROOT / "build" / name / "bin" / "tessera", **PRESETS[name]) if name in PRESETS
                  else Build(Path(name), compiler="this one", selftest=False) for name in options.programs]
        return matrix(builds, Path(scratch), options.quick)


if __name__ == "__main__":
    sys.exit(main())
