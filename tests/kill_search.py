#!/usr/bin/env python3
"""Searches of settings are killed at random moments and resumed on another number of threads, some of them several times: the seal is that of the search that
nobody disturbed, and what it predicts is the same to the byte. One that is interrupted (SIGINT) leaves the beginning of its table of candidates, says how to go on,
and then writes the table of the undisturbed one.

Usage: kill_search.py PROGRAM [--kills N] [--seed N]
"""

import argparse
import csv
import random
import signal
import sys
import time

import journey
from journey import expect, seal_of

SEARCHES = (
    ("grid", ("bagging_classifier", "--grid", "n_estimators=20,40,60", "--grid", "estimator__max_depth=2,6")),
    ("random", ("hist_gradient_boosting_classifier", "--set", "max_iter=200", "--random", "6", "--range", "learning_rate=0.01..0.5:log", "--range",
                "max_leaf_nodes=3..15", "--score", "roc_auc")),
    ("step_by_step", ("pipeline_classifier", "--set", "steps=standard_scaler, select_k_best, random_forest_classifier", "--set",
                      "random_forest_classifier__n_estimators=200", "--step-by-step", "--grid", "select_k_best__k=1,2,3", "--grid",
                      "random_forest_classifier__max_depth=2,4,8")),
)


def make_table(path, rows=4000):
    """Two classes that overlap, by whole numbers. So many rows that a search takes longer than the quarter of a second between two checkpoints: kills before and behind one."""
    lines = ["a,b,c,colour,kind"]
    for i in range(rows):
        kind = i * 7 % 2
        lines.append(f"{i * 31 % 23 + 6 * kind},{i * 17 % 13},{i * i % 29 - 4 * kind},{'red' if i * 5 % 7 < 3 + kind else 'blue'},{'yes' if kind else 'no'}")
    path.write_text("\n".join(lines) + "\n")


class Kills:
    def __init__(self, program, scratch, seed):
        self.tessera, self.table, self.draw = journey.Tessera(program, scratch / "store"), scratch / "table.csv", random.Random(seed)
        self.from_checkpoint = 0  # resumes that found one
        make_table(self.table)

    def words(self, search, name, threads):
        return ["search", search[0], self.table, "--target", "kind", *search[1:], "--store", self.tessera.store, "--name", name, "--quiet", "--threads", threads]

    def killed(self, seconds, *words):
        """Was it killed after so long, or was it done before?"""
        process = self.tessera.start(*words)
        time.sleep(seconds)
        process.kill()
        process.communicate()
        return process.returncode == -9

    def interrupted(self, label, search, whole_table):
        """SIGINT after some steps. The ranks are those among what was tried, and the last candidate may lack folds; all other cells are those of the whole table."""
        for attempt in range(20):
            name = f"{label}-interrupted-{attempt}"
            run, table = self.tessera.store / name, self.tessera.store.parent / f"{name}.csv"
            process = self.tessera.start(*self.words(search, name, 2), "--csv", table)
            end, wanted = time.monotonic() + 60, self.draw.randint(2, 12)
            while time.monotonic() < end and process.poll() is None and not ((run / "chain.jsonl").exists() and (run / "chain.jsonl").read_bytes().count(b"\n") > wanted):
                time.sleep(0.002)
            process.send_signal(signal.SIGINT)
            said = process.communicate()[1]
            if not (run / "seal.json").exists():
                break
        else:
            raise journey.Failure(f"{label}: twenty searches were over before they could be interrupted")
        expect(process.returncode == 1 and f"to go on: tessera resume {run} --csv {table}\n" in said, f"{name} ended with status {process.returncode} and said {said!r}")
        part, whole = (list(csv.reader(path.read_text().splitlines())) for path in (table, whole_table))
        expect(part[0] == whole[0] and 1 < len(part) <= len(whole), f"{name}: a table of {len(part)} lines, the whole one has {len(whole)}")
        for number, (found, wanted) in enumerate(zip(part[1:], whole[1:]), 1):
            if found[0]:
                expect(found[1:] == wanted[1:], f"{name}: candidate {number} is {found}, expected {wanted}")
            else:
                expect(number == len(part) - 1 and not found[1] and not found[2] and all(a in ("", b) for a, b in zip(found[3:], wanted[3:])),
                       f"{name}: candidate {number} is {found}, expected a part of {wanted}")
        printed = self.tessera.run("resume", run, "--quiet", "--threads", 1, "--csv", table).stdout
        expect("\nbest " in printed and "\nseal " in printed, f"{name}: resumed, it printed {printed!r}")
        expect(table.read_bytes() == whole_table.read_bytes(), f"{name}: resumed, its table is another one")
        print(f"{name}: {len(part) - 1} candidates of {len(whole) - 1} in its table, then the undisturbed one", flush=True)
        return run

    def full(self, run):
        """A place that cannot be written costs the table, not the result."""
        words = self.words(SEARCHES[0][1], "full", 2)
        result = self.tessera.run(*words, "--csv", "/dev/full", status=1)
        expect("\nbest " in result.stdout and f"\nseal      {seal_of(run)}" in result.stdout, f"with --csv /dev/full it printed {result.stdout!r}")
        expect(result.stderr.count("/dev/full: cannot be written") == 1, f"with --csv /dev/full it said {result.stderr!r}")

    def go(self, label, search, kills):
        table = self.tessera.store.parent / f"{label}.csv"
        start = time.monotonic()
        self.tessera.run(*self.words(search, f"{label}-whole", 2), "--csv", table)
        length = time.monotonic() - start
        print(f"{label}: {length:.2f} s undisturbed", flush=True)
        whole = self.tessera.store / f"{label}-whole"
        predicted = self.tessera.run("predict", whole, self.table).stdout
        self.tessera.run("verify", whole, "--quiet", "--threads", 1)
        stopped = self.interrupted(label, search, table)
        expect(seal_of(stopped) == seal_of(whole), f"{stopped.name}: interrupted, the seal is {seal_of(stopped)}, expected {seal_of(whole)}")
        for number in range(kills):
            run, times = next(found for found in (self.one(label, search, f"{number}-{attempt}", length) for attempt in range(20)) if found[1] > 0)
            expect(seal_of(run) == seal_of(whole), f"{run.name}: killed {times} times, the seal is {seal_of(run)}, expected {seal_of(whole)}")
            expect(self.tessera.run("predict", run, self.table).stdout == predicted, f"{run.name}: it predicts something else")
            print(f"{run.name}: killed {times} times, the seal of the undisturbed search", flush=True)

    def one(self, label, search, number, length):
        """The run of a search that is killed and resumed until it is done, and how often it was killed after something had been recorded."""
        run, times, begun = self.tessera.store / f"{label}-{number}", 0, False
        for attempt in range(50):
            name = run.name if attempt == 0 else f"{label}-{number}-{attempt}"
            words = ["resume", run, "--quiet", "--threads", self.draw.choice([1, 2, 3, 7])] if begun else self.words(search, name, self.draw.choice([1, 2, 3]))
            run = run if begun else self.tessera.store / name
            # A little longer each time: what is killed before its next checkpoint begins again where it was.
            killed = self.killed(self.draw.uniform(0.05, length * (1 + attempt / 5)), *words)
            if (run / "seal.json").exists():
                return run, times
            begun = begun or (run / "chain.jsonl").exists() and (run / "chain.jsonl").read_bytes().count(b"\n") > 0
            times += killed and begun
            self.from_checkpoint += killed and begun and any((run / "checkpoints").glob("*.safetensors"))
        raise journey.Failure(f"{run.name} does not come to its end")


def run(program, scratch, arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}")
    kills = Kills(program, scratch, options.seed)
    for label, search in SEARCHES:
        kills.go(label, search, options.kills)
    print(f"{kills.from_checkpoint} resumes went on from a checkpoint", flush=True)
    expect(kills.from_checkpoint > 0 or options.kills == 0, "no search was killed behind a checkpoint: are the searches too short?")
    kills.full(kills.tessera.store / "grid-whole")


if __name__ == "__main__":
    sys.exit(journey.main(run, __doc__))
