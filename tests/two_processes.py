#!/usr/bin/env python3
"""Several processes on one store at once: each run is complete and has the right seal, the index knows all of them, and a run
that one process works on is refused to a second one with a sentence.

Usage: two_processes.py PROGRAM
"""

import sys
import time

import journey
from journey import MANY_CHECKPOINTS, expect, seal_of

TOGETHER = 3


def train_together(tessera):
    processes = [tessera.start(*tessera.train_words("--threads", 1, settings=MANY_CHECKPOINTS)) for _ in range(TOGETHER)]
    for process in processes:
        _, said = process.communicate()
        expect(process.returncode == 0, f"one of {TOGETHER} trainings at once failed: {said[-1000:]}")
    seals = [seal_of(run) for run in tessera.runs()]
    expect(len(seals) == TOGETHER, f"{TOGETHER} trainings at once left {len(seals)} runs")
    expect(len(set(seals)) == 1, f"{TOGETHER} trainings at once have seals {seals}")
    listed = tessera.run("runs", "--store", tessera.store).stdout
    for run in tessera.runs():
        expect(run.name in listed, f"`tessera runs` does not list {run.name}:\n{listed}")
    print(f"{TOGETHER} trainings at once on one store: {TOGETHER} runs, one seal, all listed", flush=True)
    return seals[0]


def kill_early(tessera):
    """A run that was begun and killed."""
    before = set(tessera.runs())
    process = tessera.start(*tessera.train_words("--threads", 1, settings=MANY_CHECKPOINTS))
    while process.poll() is None:
        new = [run for run in set(tessera.runs()) - before if (run / "chain.jsonl").exists()]
        if new:
            process.kill()
            process.communicate()
            return new[0]
        time.sleep(0.002)
    raise journey.Failure("the training ended before it could be killed")


def resume_together(tessera, seal):
    run = kill_early(tessera)
    processes = [tessera.start("resume", run) for _ in range(2)]
    ends = [(process.communicate(), process.returncode) for process in processes]
    statuses = sorted(status for _, status in ends)
    expect(statuses[0] == 0, f"two resumes at once: none succeeded: {ends}")
    expect(seal_of(run) == seal, "two resumes at once: another seal")
    for (_, said), status in ends:
        if status != 0:
            expect(run.name in said and status > 0, f"the second resume should be refused with a sentence, but said: {said}")
            print(f"the second of two resumes: status {status}: {said.strip().splitlines()[-1]}")
    print("two resumes of one run at once: the right seal", flush=True)


def two_processes(program, scratch, _):
    tessera = journey.Tessera(program, scratch / "store")
    seal = train_together(tessera)
    resume_together(tessera, seal)


if __name__ == "__main__":
    sys.exit(journey.main(two_processes, __doc__))
