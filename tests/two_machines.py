#!/usr/bin/env python3
"""Two machines that do not compute the same: the other program was compiled without the contract's flag (-ffp-contract=off), so
that some a * b + c of it, in its logarithm, are rounded once instead of twice. Each machine has only its own program; folders are copied between them.

The one re-executes the other's record and finds the first step that differs; the other leaves a trace of its steps, and `tessera diff`
of the run of the one and that trace names the first operation that the compiler made different.

Usage: two_machines.py PROGRAM OTHER_PROGRAM
"""

import json
import shutil
import sys

import journey
from journey import expect, seal_of

SETTINGS = ["--set", "training.epochs=3", "--set", "record.digest_every=5"]


def copied(folder, machine):
    """The folder as it arrives on the other machine."""
    target = machine / folder.name
    shutil.copytree(folder, target)
    return target


def two_machines(program, scratch, arguments):
    expect(len(arguments) == 1, "expected the other program")
    here = journey.Tessera(program, scratch / "here")
    there = journey.Tessera(arguments[0], scratch / "there")
    ours = here.train("--name", "ours", settings=SETTINGS)
    theirs = there.train("--name", "theirs", settings=SETTINGS)
    expect(seal_of(ours) != seal_of(theirs), "both machines have the same bits: the other program keeps the contract")
    there.run("verify", theirs, "--quiet")  # it agrees with itself

    arrived = copied(theirs, scratch / "here")
    verified = json.loads(here.run("verify", arrived, "--json", "--quiet", status=1).stdout)
    step = verified["mismatch"]["step"]
    print(f"verify: {verified['message']}")
    records = json.loads(here.run("diff", ours, arrived, "--json", "--quiet", status=1).stdout)
    expect(records["a"]["executed"]["reproduced"], "our own run does not reproduce here")
    fault = records["b"]["fault"]
    expect(fault["after"] < step <= fault["by"], f"diff names the steps {fault}, verify step {step}")
    expect(any(entry["name"] == "program" for entry in records["records"]["code"]), "diff does not see another program")
    print(f"diff of the records: not reproducible: fault between steps {fault['after']} and {fault['by']}")

    trace = scratch / "there" / "theirs.trace"
    there.run("trace", theirs, "--from", max(1, step - 1), "--to", step, "--values", "--output", trace, "--quiet")
    arrived_trace = copied(trace, scratch / "here")
    found = json.loads(here.run("diff", ours, arrived_trace, "--json", "--quiet", status=1).stdout)
    difference = found["traces"]["difference"]
    expect(difference["parting"] == "value" and difference["a"]["kind"] == "operation",
           f"the machines part at no operation: {difference}")
    expect(difference["a"]["name"] == difference["b"]["name"] and difference["element"]["ulp"] >= 1,
           f"the machines part at different operations: {difference}")
    print(here.run("diff", ours, arrived_trace, "--quiet", status=1).stdout)


if __name__ == "__main__":
    sys.exit(journey.main(two_machines, __doc__))
