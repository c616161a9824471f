#!/usr/bin/env python3
"""Kills a training with SIGKILL at random moments, some inside the writing of a checkpoint, and resumes it: every resume ends
in the seal of the uninterrupted run, and a killed run can always be read.

Usage: kill_resume.py PROGRAM [--kills N] [--seed N]
"""

import argparse
import random
import sys
import time

import journey
from journey import MANY_CHECKPOINTS, expect, seal_of


def wait_for_checkpoint_write(process, store, limit):
    """Until a temporary file appears in a checkpoint folder (a write is under way), or the time is over."""
    end = time.monotonic() + limit
    while time.monotonic() < end and process.poll() is None:
        for run in store.glob("*"):
            for folder in (run / "checkpoints", run):
                try:
                    if any(entry.name.startswith(".") and ".tmp-" in entry.name for entry in folder.iterdir()):
                        return True
                except OSError:  # it vanished, or is not there yet
                    pass
    return False


def kill_at_random(process, store, duration, draw):
    """Kills the process; returns what it was doing, as far as is known."""
    moment = draw.uniform(0, duration)
    inside_checkpoint = draw.random() < 0.4
    time.sleep(min(moment, duration * 0.7) if inside_checkpoint else moment)
    caught = inside_checkpoint and wait_for_checkpoint_write(process, store, duration)
    alive = process.poll() is None
    process.kill()
    process.communicate()
    if not alive:
        return "had already ended"
    return "inside a checkpoint write" if caught else f"after {moment:.2f} s"


def kill_once(program, scratch, number, seal, duration, draw):
    tessera = journey.Tessera(program, scratch / f"store{number}")
    threads = draw.choice([1, 2, 3])
    process = tessera.start(*tessera.train_words("--threads", threads, settings=MANY_CHECKPOINTS))
    said = [kill_at_random(process, tessera.store, duration, draw)]
    if not tessera.runs():
        # Killed before the run existed: nothing to resume, and the store must not be in the way of the next attempt.
        tessera.train(settings=MANY_CHECKPOINTS)
        said.append("before the run began")
    run = tessera.runs()[0]
    tessera.run("show", run)
    # Now and then the resumed run is killed as well.
    while draw.random() < 0.3 and not (run / "seal.json").exists():
        process = tessera.start("resume", run, "--threads", draw.choice([1, 2, 3]))
        said.append("resumed, killed " + kill_at_random(process, tessera.store, duration, draw))
        tessera.run("show", run)
    if not (run / "seal.json").exists():
        tessera.run("resume", run, "--threads", draw.choice([1, 2, 3]))
    expect(seal_of(run) == seal, f"kill {number} ({'; '.join(said)}): the resumed run's seal {seal_of(run)} is not {seal}")
    print(f"kill {number}: {'; '.join(said)}: same seal", flush=True)
    return "inside" in " ".join(said)


def kill_and_resume(program, scratch, arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    options = parser.parse_args(arguments)
    print(f"seed {options.seed} (repeat with --seed {options.seed}; the moments depend on the machine, too)")
    tessera = journey.Tessera(program, scratch / "uninterrupted")
    start = time.monotonic()
    seal = seal_of(tessera.train(settings=MANY_CHECKPOINTS))
    duration = time.monotonic() - start
    print(f"uninterrupted: {duration:.1f} s, seal {seal}", flush=True)
    draw = random.Random(options.seed)
    inside = sum(kill_once(program, scratch, number, seal, duration, draw) for number in range(1, options.kills + 1))
    print(f"{options.kills} kills, {inside} of them inside a checkpoint write; every resumed run has the uninterrupted seal")


if __name__ == "__main__":
    sys.exit(journey.main(kill_and_resume, __doc__))
