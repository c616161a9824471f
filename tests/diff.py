#!/usr/bin/env python3
"""`tessera diff` on runs that differ for the usual reasons: configuration, seed, data, length; and on runs that do not.

Usage: diff.py PROGRAM [OWN_LOOP]    OWN_LOOP: examples/runs/own_loop, a program with a loop of its own
"""

import json
import shutil
import subprocess
import sys

import journey
from journey import expect

SETTINGS = ["--set", "training.epochs=1", "--set", "record.digest_every=5", "--set", "record.checkpoint_every=10"]


def names(group):
    return [entry["name"] for entry in group]


class Diffs:
    def __init__(self, program, scratch):
        self.tessera, self.scratch = journey.Tessera(program, scratch / "store"), scratch
        self.base = self.train("base")

    def train(self, name, *words):
        self.tessera.train("--name", name, *words, settings=SETTINGS)
        return self.tessera.store / name

    def diff(self, a, b, *words, status=1):
        found = json.loads(self.tessera.run("diff", a, b, "--json", "--quiet", *words, status=status).stdout)
        text = self.tessera.run("diff", a, b, "--quiet", *words, status=status).stdout
        expect(text.startswith("A ") and "\x1b" not in text, f"the text is not one for people: {text}")
        return found, text

    def check_same(self):
        found, text = self.diff(self.base, self.train("threads", "--threads", 3), status=0)
        expect(found["identical"] and "executed" not in found["a"], "equal runs were executed, or are not identical")
        expect(names(found["records"]["environment"]) == ["threads"], f"environment: {found['records']['environment']}")
        expect(text.rstrip().endswith("identical"), f"the last word is not 'identical': {text}")

    def check_configuration(self):
        other = self.train("rate", "--set", "training.learning_rate=0.05")
        found, text = self.diff(self.base, other)
        (entry,) = found["records"]["configuration"]
        expect(entry["name"] == "training.learning_rate", f"configuration: {entry}")
        expect("digits.toml:" in entry["place_a"] and entry["place_b"] == "--set", f"origins: {entry}")
        expect(found["a"]["executed"]["reproduced"] and found["b"]["executed"]["reproduced"], "a sound run is not reproduced")
        # Warm-up makes the first step's rate differ already; the forward pass of that step does not.
        difference = found["traces"]["difference"]
        expect(difference["a"]["scope"].startswith("optimizer/") and difference["a"]["kind"] == "host",
               f"the rate enters in the optimiser: {difference}")
        expect("input from the library" in text, f"not said where the number came from: {text}")
        records_only, _ = self.diff(self.base, other, "--records-only")
        expect("traces" not in records_only, "--records-only executed something")

    def check_seed(self):
        found, _ = self.diff(self.base, self.train("seed", "--set", "seed=8"))
        expect(names(found["records"]["configuration"]) == ["seed"], f"configuration: {found['records']}")
        expect(found["chains"]["difference"]["step"] == 0, "another seed has the same initial state")
        expect(found["traces"]["difference"]["step"] == 1, f"the traces part later: {found['traces']}")

    def check_data(self):
        lines = (journey.ROOT / "data" / "digits.csv").read_text().splitlines(keepends=True)
        fields = lines[5].split(",")
        lines[5] = ",".join([*fields[:20], str((int(fields[20]) + 1) % 17), *fields[21:]])
        changed = self.scratch / "digits.csv"
        changed.write_text("".join(lines))
        other = self.train("data", "--set", f"data.path={changed}")
        found, _ = self.diff(self.base, other)
        expect(names(found["records"]["data"]) == ["input 'features'"], f"data: {found['records']['data']}")
        expect(found["traces"]["difference"]["a"]["kind"] == "older", f"the data set is not named: {found['traces']}")
        changed.unlink()
        gone, _ = self.diff(self.base, other)
        expect("digits.csv" in gone["b"]["not_executed"] and "traces" not in gone, f"data that are gone: {gone['b']}")

    def check_length(self):
        shorter = self.scratch / "shorter"
        shutil.copytree(self.base, shorter)
        lines = (shorter / "chain.jsonl").read_text().splitlines(keepends=True)
        (shorter / "chain.jsonl").write_text("".join(lines[:20]))
        (shorter / "seal.json").unlink()
        found, _ = self.diff(self.base, shorter)
        expect(found["chains"]["difference"]["what"] == "the end of the run", f"chains: {found['chains']}")
        expect("executed" not in found["a"], "a run that only ends earlier was executed")


    def check_own_loop(self, program):
        """A program of the user's is executed only if that is said; its lines are named as its own."""
        subprocess.run([program], cwd=self.scratch, check=True, capture_output=True, env=self.tessera.environment)
        run, trace = self.scratch / "runs" / "linear-0001", self.scratch / "linear.trace"
        words = ["trace", run, "--from", 7, "--output", trace]
        refused = self.tessera.run(*words, status=3)
        expect("--run-command" in refused.stderr and not trace.exists(), f"executed unasked: {refused.stderr}")
        self.tessera.run(*words, "--run-command")
        lines = [json.loads(line) for line in (trace / "trace.jsonl").read_text().splitlines()]
        places = {line["where"] for line in lines if line.get("kind") == "operation"}
        expect(any("own_loop.cc:" in place for place in places), f"the program's own lines are not there: {places}")
        found, _ = self.diff(run, trace, "--run-command", status=0)
        expect(found["identical"] and found["traces"]["events"] > 0, f"the program differs from itself: {found}")
        not_asked, _ = self.diff(run, trace)
        expect("--run-command" in not_asked["a"]["not_executed"], f"not said why: {not_asked['a']}")


def diffs(program, scratch, arguments):
    work = Diffs(program, scratch)
    for check in ("same", "configuration", "seed", "data", "length"):
        getattr(work, f"check_{check}")()
        print(f"{check}: as it should be", flush=True)
    for own_loop in arguments:
        work.check_own_loop(str(journey.Path(own_loop).resolve()))
        print("own loop: as it should be")


if __name__ == "__main__":
    sys.exit(journey.main(diffs, __doc__))
