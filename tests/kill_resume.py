#!/usr/bin/env python3
"""Kills a training with SIGKILL at random moments, some inside the writing of a checkpoint, and resumes it: every resume ends
in the seal of the uninterrupted run, and a killed run can always be read.

Usage: kill_resume.py PROGRAM [--kills N] [--seed N]
"""

import argparse
import os
import random
import shutil
import signal
import sys
import time

import journey
from journey import expect, seal_of

INSIDE = "inside a checkpoint write"

# A checkpoint after every fourth step: a good part of the time goes into writing them.
SETTINGS = ["--set", "record.checkpoint_every=4", "--set", "record.digest_every=5"]
DRAWS = 20  # of a moment to kill at, until one meets the process


def writing_checkpoint(folder, process):
    """Has the process a temporary for a checkpoint? What else it writes atomically has its temporary beside the folder."""
    try:
        return any(name.startswith(".") and name.endswith(f".tmp-{process.pid}") for name in os.listdir(folder))
    except OSError:  # it is not there yet
        return False


def wait_for_checkpoint_write(process, store, limit):
    """Until a checkpoint is being written, or the time is over."""
    end = time.monotonic() + limit
    while time.monotonic() < end and process.poll() is None:
        for folder in store.glob("*/checkpoints"):
            for _ in range(50):
                if writing_checkpoint(folder, process):
                    return True
    return False


def kill_at_random(process, store, duration, draw):
    """Kills the process; returns what it was doing, as far as is known; None if it had already ended."""
    moment = draw.uniform(0, duration)
    inside_checkpoint = draw.random() < 0.4
    time.sleep(min(moment, duration * 0.7) if inside_checkpoint else moment)
    if inside_checkpoint:
        wait_for_checkpoint_write(process, store, duration)
    process.kill()
    process.communicate()
    if process.returncode != -signal.SIGKILL:
        return None
    # What the kill left behind says where it hit: seen before the kill, the write might have ended meanwhile.
    inside = any(writing_checkpoint(folder, process) for folder in store.glob("*/checkpoints"))
    return INSIDE if inside else f"after {moment:.2f} s"


def kill_training(program, scratch, number, duration, draw):
    """A store with a training that was killed, and what it was doing. A kill that came too late is drawn again."""
    for attempt in range(DRAWS):
        tessera = journey.Tessera(program, scratch / f"store{number}-{attempt}")
        words = tessera.train_words("--threads", draw.choice([1, 2, 3]), settings=SETTINGS)
        said = kill_at_random(tessera.start(*words), tessera.store, duration, draw)
        if said:
            return tessera, said
    raise journey.Failure(f"kill {number}: {DRAWS} trainings ended before they could be killed")


def kill_once(program, scratch, number, seal, duration, draw):
    tessera, first = kill_training(program, scratch, number, duration, draw)
    said = [first]
    if not tessera.runs():
        # Killed before the run existed: nothing to resume, and the store must not be in the way of the next attempt.
        tessera.train(settings=SETTINGS)
        said.append("before the run began")
    run = tessera.runs()[0]
    tessera.run("show", run)
    # Now and then the resumed run is killed as well.
    while draw.random() < 0.3 and not (run / "seal.json").exists():
        process = tessera.start("resume", run, "--threads", draw.choice([1, 2, 3]))
        said.append("resumed, killed " + (kill_at_random(process, tessera.store, duration, draw) or "too late"))
        tessera.run("show", run)
    if not (run / "seal.json").exists():
        tessera.run("resume", run, "--threads", draw.choice([1, 2, 3]))
    expect(seal_of(run) == seal, f"kill {number} ({'; '.join(said)}): the resumed run's seal {seal_of(run)} is not {seal}")
    print(f"kill {number}: {'; '.join(said)}: same seal", flush=True)
    shutil.rmtree(tessera.store)  # a checkpoint for every fourth step is a lot
    return sum(INSIDE in text for text in said)


def kill_and_resume(program, scratch, arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    options = parser.parse_args(arguments)
    print(f"seed {options.seed} (repeat with --seed {options.seed}; the moments depend on the machine, too)")
    tessera = journey.Tessera(program, scratch / "uninterrupted")
    start = time.monotonic()
    seal = seal_of(tessera.train(settings=SETTINGS))
    duration = time.monotonic() - start
    print(f"uninterrupted: {duration:.1f} s, seal {seal}", flush=True)
    draw = random.Random(options.seed)
    inside = sum(kill_once(program, scratch, number, seal, duration, draw) for number in range(1, options.kills + 1))
    expect(inside > 0 or options.kills < 50, f"none of {options.kills} kills hit the writing of a checkpoint")
    print(f"{options.kills} kills, {inside} times inside a checkpoint write; every resumed run has the uninterrupted seal")


if __name__ == "__main__":
    sys.exit(journey.main(kill_and_resume, __doc__))
