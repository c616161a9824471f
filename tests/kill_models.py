#!/usr/bin/env python3
"""A training of each family of models is killed in the middle of an epoch and resumed on another number of threads: it ends in the committed seal
(tests/model_runs.py), so as if nothing had happened.

Usage: kill_models.py PROGRAM [--kills N] [--seed N] [FAMILY...]
--kills N: of each family
"""

import argparse
import json
import random
import shutil
import sys
import time

import journey
import model_runs
from journey import expect, seal_of

TRIES = 20  # of a kill that shall meet the middle of an epoch


def chain_lines(run):
    """The lines that are whole; the one that was being written when the process was killed is not."""
    path = run / "chain.jsonl"
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]] if path.exists() else []


def steps_done(store):
    """How many steps the chain of the store's run has: one line is that of the start."""
    for path in store.glob("*/chain.jsonl"):
        return max(0, path.read_bytes().count(b"\n") - 1)
    return 0


def kill_after(process, store, steps):
    """Kills the process when the chain has so many steps. Was it still running?"""
    while process.poll() is None and steps_done(store) < steps:
        time.sleep(0.0005)
    process.kill()
    process.communicate()
    return process.returncode == -9


def last_checkpoint(run):
    """The step to which a resumed run goes back."""
    return max((line["step"] for line in chain_lines(run) if "checkpoint" in line and "step" in line), default=0)


class Kills:
    def __init__(self, program, scratch, data, seed):
        self.program, self.scratch, self.data, self.draw = program, scratch, data, random.Random(seed)
        self.seals = model_runs.committed_seals()

    def store(self, name):
        return journey.Tessera(self.program, self.scratch / name)

    def steps_per_epoch(self, family):
        tessera = self.store(f"{family.name}-whole")
        run = model_runs.train(tessera, family, self.data)
        expect(seal_of(run) == self.seals[family.name], f"{family.name}: the seal is {seal_of(run)}, expected {self.seals[family.name]}")
        steps = max(line.get("step", 0) for line in chain_lines(run))
        expect(steps % family.epochs == 0 and steps // family.epochs >= 3, f"{family.name}: {steps} steps are no {family.epochs} epochs of 3 or more")
        return steps // family.epochs

    def killed_run(self, family, epoch):
        """A run whose last checkpoint lies inside an epoch, its store, and the threads that it ran on."""
        for attempt in range(TRIES):
            tessera = self.store(f"{family.name}-{attempt}")
            threads = self.draw.choice([1, 2, 3])
            words = [*model_runs.train_words(family, tessera.store), "--threads", threads]
            process = tessera.start(*words, env=model_runs.environment(self.data))
            killed = kill_after(process, tessera.store, self.draw.randrange(2, epoch * family.epochs))
            runs = tessera.runs()
            if killed and runs and last_checkpoint(runs[0]) % epoch != 0 and not (runs[0] / "seal.json").exists():
                return tessera, runs[0], threads
            shutil.rmtree(tessera.store, ignore_errors=True)
        raise journey.Failure(f"{family.name}: {TRIES} trainings could not be killed inside an epoch")

    def kill(self, family, epoch):
        tessera, run, threads = self.killed_run(family, epoch)
        step = last_checkpoint(run)
        others = [count for count in (1, 2, 3, 7) if count != threads]
        tessera.run("resume", run, "--quiet", "--threads", self.draw.choice(others), env=model_runs.environment(self.data))
        expect(seal_of(run) == self.seals[family.name],
               f"{family.name}: killed and resumed after step {step}, the seal is {seal_of(run)}, expected {self.seals[family.name]}")
        print(f"{family.name}: killed, resumed after step {step} of {epoch} an epoch: the committed seal", flush=True)
        shutil.rmtree(tessera.store)


def run(program, scratch, arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("families", nargs="*")
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}")
    model_runs.make_data(scratch / "data")
    kills = Kills(program, scratch, scratch / "data", options.seed)
    for family in model_runs.families(options.families):
        epoch = kills.steps_per_epoch(family)
        for _ in range(options.kills):
            kills.kill(family, epoch)


if __name__ == "__main__":
    sys.exit(journey.main(run, __doc__))
