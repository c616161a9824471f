#!/usr/bin/env python3
"""Trains into a file system that fills up: the training ends with a sentence, and after room is made the run resumes to the
seal of the run that had room from the start. Needs root for the small tmpfs; skipped otherwise.

Usage: full_disk.py PROGRAM
"""

import os
import subprocess
import sys

import journey
from journey import expect, seal_of


def mount(folder, kilobytes, again=False):
    options = f"size={kilobytes}k" + (",remount" if again else "")
    result = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False)
    return result.returncode == 0


def size_of(folder):
    """Kilobytes that a folder takes on a tmpfs: whole pages."""
    return sum((path.stat().st_size + 4095) // 4096 * 4 for path in folder.rglob("*") if path.is_file())


def fill_and_resume(program, folder, kilobytes, seal):
    tessera = journey.Tessera(program, folder / "store")
    result = tessera.run(*tessera.train_words(), status=None)
    said = result.stderr.strip().splitlines()
    expect(result.returncode != 0, f"training into {kilobytes} KiB succeeded")
    expect(result.returncode > 0, f"training into {kilobytes} KiB was ended by signal {-result.returncode}: {said[-3:]}")
    expect("space" in result.stderr, f"a full disk should be named; stderr ends with {said[-3:]}")
    print(f"{kilobytes} KiB: status {result.returncode}: {said[-1]}", flush=True)
    expect(mount(folder, kilobytes * 10 + 10000, again=True), "no room could be made")
    runs = tessera.runs()
    if runs:
        tessera.run("show", runs[0])
        tessera.run("resume", runs[0])
        expect(seal_of(runs[0]) == seal, "the resumed run has another seal than the run with room from the start")
        print("  resumed to the same seal", flush=True)
    else:
        expect(seal_of(tessera.train()) == seal, "the run after room was made has another seal")
        print("  full before the run began; trained anew to the same seal", flush=True)


def full_disk(program, scratch, _):
    folder = scratch / "small"
    folder.mkdir()
    if os.geteuid() != 0 or not mount(folder, 64):
        print("skipped: a small tmpfs can only be mounted by root")
        return journey.SKIPPED
    subprocess.run(["umount", str(folder)], check=True)
    tessera = journey.Tessera(program, scratch / "roomy")
    seal = seal_of(tessera.train())
    needed = size_of(tessera.store)
    print(f"a run needs {needed} KiB")
    for part in (0.05, 0.3, 0.6, 0.9):
        kilobytes = max(8, int(needed * part) // 4 * 4)
        expect(mount(folder, kilobytes), "the tmpfs could not be mounted")
        try:
            fill_and_resume(program, folder, kilobytes, seal)
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=False)
    return 0


if __name__ == "__main__":
    sys.exit(journey.main(full_disk, __doc__))
