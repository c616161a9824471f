#!/usr/bin/env python3
"""Searches of settings are killed at random moments and resumed on another number of threads, some of them several times: the seal is that of the search that
nobody disturbed, and what it predicts is the same to the byte.

Usage: kill_search.py PROGRAM [--kills N] [--seed N]
"""

import argparse
import random
import sys
import time

import journey
from journey import expect, seal_of

SEARCHES = (
    ("grid", ("bagging_classifier", "--grid", "n_estimators=1,5,20", "--grid", "estimator__max_depth=2,6")),
    ("random", ("hist_gradient_boosting_classifier", "--set", "max_iter=8", "--random", "6", "--range", "learning_rate=0.01..0.5:log", "--range",
                "max_leaf_nodes=3..15", "--score", "roc_auc")),
    ("step_by_step", ("pipeline_classifier", "--set", "steps=standard_scaler, select_k_best, random_forest_classifier", "--set",
                      "random_forest_classifier__n_estimators=6", "--step-by-step", "--grid", "select_k_best__k=1,2,3", "--grid",
                      "random_forest_classifier__max_depth=2,4,8")),
)


def make_table(path, rows=400):
    """Two classes that overlap, by whole numbers."""
    lines = ["a,b,c,colour,kind"]
    for i in range(rows):
        kind = i * 7 % 2
        lines.append(f"{i * 31 % 23 + 6 * kind},{i * 17 % 13},{i * i % 29 - 4 * kind},{'red' if i * 5 % 7 < 3 + kind else 'blue'},{'yes' if kind else 'no'}")
    path.write_text("\n".join(lines) + "\n")


class Kills:
    def __init__(self, program, scratch, seed):
        self.tessera, self.table, self.draw = journey.Tessera(program, scratch / "store"), scratch / "table.csv", random.Random(seed)
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

    def go(self, label, search, kills):
        start = time.monotonic()
        self.tessera.run(*self.words(search, f"{label}-whole", 2))
        length = time.monotonic() - start
        whole = self.tessera.store / f"{label}-whole"
        predicted = self.tessera.run("predict", whole, self.table).stdout
        self.tessera.run("verify", whole, "--quiet", "--threads", 1)
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
            killed = self.killed(self.draw.uniform(0.05, length), *words)
            if (run / "seal.json").exists():
                return run, times
            begun = begun or (run / "chain.jsonl").exists() and (run / "chain.jsonl").read_bytes().count(b"\n") > 0
            times += killed and begun
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


if __name__ == "__main__":
    sys.exit(journey.main(run, __doc__))
