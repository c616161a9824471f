#!/usr/bin/env python3
"""Plants faults, as on a broken machine, and asks where they are: one bit of a weight, a gradient, an input, a random draw, the
optimiser's state or any other result; two additions in swapped order; a task of the pool left out; one byte of a file of the record.

Of each the place must be named: `tessera verify` says that the record is not what a sound machine computes, not before the step of the
fault; `tessera trace`, on the broken machine, and `tessera diff` with a sound run name step, operation, element and bit. A damaged
file is named by verify. And runs without a fault must raise no alarm.

Usage: planted_faults.py PROGRAM [--faults N] [--sound N] [--seed N]
"""

import argparse
import collections
import json
import random
import re
import shutil
import sys
import time

import journey
from journey import expect, seal_of

SETTINGS = ["--set", "training.epochs=1", "--set", "record.digest_every=5", "--set", "record.checkpoint_every=10"]
VIEWS = ("reshape", "permute", "slice", "broadcast_to")  # no memory of their own: a fault there is one of what they show
SUMS = ("matmul", "linear", "conv2d", "conv2d_input_gradient", "conv2d_weight_gradient")  # with long chains of additions
BITS = {"float32": 32, "float64": 64, "int64": 64, "uint8": 8, "bool": 1, "bfloat16": 16}
DRAWS = 1000  # of a fault, until one changes a bit: two neighbours of a sum seldom do


class Event:
    """One event of the sound trace, with its ordinals as planted faults count them."""

    def __init__(self, line, operation, host):
        self.number, self.kind, self.name = line["event"], line["kind"], line.get("name", "")
        self.scope, self.dtype = line.get("scope", ""), line["dtype"]
        self.elements = 1
        for length in line["shape"]:
            self.elements *= length
        self.operation, self.host = operation, host


def events_of(trace):
    """Step -> events."""
    steps, operations, hosts = {}, 0, 0
    for text in (trace / "trace.jsonl").read_text().splitlines():
        line = json.loads(text)
        if "step" in line:
            current, operations, hosts = steps.setdefault(line["step"], []), 0, 0
        elif "event" in line:
            current.append(Event(line, operations, hosts))
            operations += line["kind"] == "operation"
            hosts += line["kind"] == "host"
    return steps


def is_gradient(event):
    return event.kind == "operation" and event.scope.endswith("gradient") and event.name not in VIEWS


KINDS = {
    "weight": lambda event: event.kind == "state" and event.name.startswith("model."),
    "optimiser state": lambda event: event.kind == "state" and event.name.startswith("optimizer.momentum"),
    "gradient": is_gradient,
    "input": lambda event: event.kind == "operation" and event.name == "gather" and event.dtype == "float32",
    "number of the program": lambda event: event.kind == "host" and event.dtype == "float32",
    "random draw": lambda event: event.kind == "operation" and event.name.startswith("random"),
    "other result": lambda event: event.kind == "operation" and event.name not in VIEWS and not is_gradient(event),
    "swapped additions": lambda event: event.kind == "operation" and event.name in SUMS,
    "dropped task": lambda event: event.kind == "operation" and event.name not in VIEWS,
}


class Fault:
    """A drawn fault: the line that plants it, and what has to be named."""

    def __init__(self, kind, step, event, draw):
        self.kind, self.step, self.event = kind, step, event
        self.element = draw.randrange(max(1, event.elements))
        self.bit = None
        place = {"state": f"tensor={event.name}", "host": f"host={event.host}",
                 "operation": f"operation={event.operation}"}[event.kind]
        if kind == "swapped additions":
            self.text = f"step={step} {place} element={self.element} swap={draw.randrange(1, 30)}"
        elif kind == "dropped task":
            self.element = None
            self.text = f"step={step} {place} drop-task={draw.randrange(3)}"
        else:
            self.bit = draw.randrange(BITS[event.dtype])
            self.text = f"step={step} {place} element={self.element} bit={self.bit}"


class Campaign:
    def __init__(self, program, scratch, draw):
        self.tessera, self.scratch, self.draw = journey.Tessera(program, scratch / "store"), scratch, draw
        self.sound = self.train("sound", 2)
        self.seal = seal_of(self.sound)
        trace = scratch / "sound.trace"
        self.tessera.run("trace", self.sound, "--from", 1, "--to", 45, "--output", trace, "--quiet")
        self.steps = events_of(trace)

    def train(self, name, threads, fault=None, status=0):
        environment = {"TESSERA_PLANT_FAULT": fault.text} if fault else None
        result = self.tessera.run(*self.tessera.train_words("--name", name, "--threads", threads, settings=SETTINGS),
                                  env=environment, status=status)
        return self.tessera.store / name if fault is None else result

    def plant(self, kind):
        """A run of the broken machine in which a fault of that kind changed something, and how many draws did not."""
        for unused in range(DRAWS):
            step = self.draw.randrange(1, 45)
            choices = [event for event in self.steps[step] if KINDS[kind](event)]
            if not choices:
                continue
            fault, threads = Fault(kind, step, self.draw.choice(choices), self.draw), self.draw.choice([2, 3])
            result = self.train("broken", threads, fault, status=None)
            executed = "planted fault executed" in result.stderr and "(the same bits)" not in result.stderr
            if result.returncode == 0 and executed:
                return fault, threads, unused
            shutil.rmtree(self.tessera.store / "broken", ignore_errors=True)
        raise journey.Failure(f"{DRAWS} draws of the kind '{kind}' changed nothing")

    def check_fault(self, kind):
        """Returns whether the record shows the fault; a masked one (a NaN's payload, a unit that ReLU closes) is in the trace only."""
        fault, threads, unused = self.plant(kind)
        said = f"{kind}: {fault.text}"
        broken = self.tessera.store / "broken"
        masked = seal_of(broken) == self.seal
        verified = json.loads(self.tessera.run("verify", broken, "--json", "--quiet", status=0 if masked else 1).stdout)
        if not masked:
            expect(fault.step <= verified["mismatch"]["step"] <= 45,
                   f"{said}: verify names step {verified['mismatch']['step']}")
        trace = self.scratch / "broken.trace"
        self.tessera.run("trace", broken, "--from", max(1, fault.step - 1), "--to", fault.step, "--values", "--output",
                         trace, "--threads", threads, "--quiet", env={"TESSERA_PLANT_FAULT": fault.text})
        found = json.loads(self.tessera.run("diff", self.sound, trace, "--json", "--quiet", status=1).stdout)
        self.check_place(said, fault, found["traces"].get("difference"))
        shutil.rmtree(trace)
        shutil.rmtree(broken)
        return masked, unused

    @staticmethod
    def check_place(said, fault, found):
        expect(found, f"{said}: diff finds no difference")
        place = (found["step"], found["event"], found["parting"])
        expect(place == (fault.step, fault.event.number, "value"),
               f"{said}: diff names step {place[0]}, event {place[1]} ({place[2]}); it was event {fault.event.number}")
        if fault.element is not None:
            expect(found["element"]["element"] == fault.element and found["element"]["differing"] == 1,
                   f"{said}: diff names element {found['element']}")
        if fault.bit is not None:
            expect(found["element"].get("bit") == fault.bit, f"{said}: diff names bit {found['element'].get('bit')}")
        if fault.event.kind == "state" and fault.step > 1:
            expect(found["origin"]["changed_in"] == "b", f"{said}: diff does not say that B's memory changed")

    def check_file(self):
        """One bit of one byte of one file of a sealed record."""
        copy = self.scratch / "copy"
        shutil.copytree(self.sound, copy)
        path = self.draw.choice(sorted(file for file in copy.rglob("*") if file.is_file()))
        data = bytearray(path.read_bytes())
        place = self.draw.randrange(len(data))
        data[place] ^= 1 << self.draw.randrange(8)
        path.write_bytes(data)
        result = self.tessera.run("verify", copy, "--quiet", status=None)
        shutil.rmtree(copy)
        said = f"byte {place} of {path.name}"
        expect(result.returncode == 1, f"{said}: verify ends with status {result.returncode}: {result.stderr}")
        expect(path.name in result.stderr, f"{said}: verify does not name the file: {result.stderr}")
        if path.name == "chain.jsonl":
            line = data[:place].count(b"\n") + 1
            named = int(re.search(r"chain\.jsonl:(\d+)", result.stderr).group(1))
            expect(line <= named <= line + 1, f"{said}, line {line}: verify names line {named}")

    def check_sound(self):
        """No alarm without a fault, whatever computes: verify, and a trace compared with the run."""
        threads, backend = self.draw.choice([1, 2, 3, 7]), self.draw.choice(["cpu", "cpu", "cpu", "reference"])
        how = ["--threads", threads, "--backend", backend, "--quiet"]
        run = self.train("again", threads)
        expect(seal_of(run) == self.seal, f"{threads} threads: the seal differs without a fault")
        step = self.draw.randrange(1, 45)
        if backend == "cpu":
            self.tessera.run("verify", run, *how)
        trace = self.scratch / "sound-again.trace"
        self.tessera.run("trace", run, "--from", step, "--output", trace, *how)
        self.tessera.run("diff", self.sound, trace, "--quiet")
        shutil.rmtree(trace)
        shutil.rmtree(run)


def campaign(program, scratch, arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--faults", type=int, default=20)
    parser.add_argument("--sound", type=int, default=5)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    options = parser.parse_args(arguments)
    print(f"seed {options.seed} (repeat with --seed {options.seed})", flush=True)
    work = Campaign(program, scratch, random.Random(options.seed))
    counts, masked, unused = collections.Counter(), 0, 0
    kinds = [*KINDS, "file byte"]
    for number in range(options.faults):
        kind = kinds[number % len(kinds)]
        if kind == "file byte":
            work.check_file()
        else:
            was_masked, without_change = work.check_fault(kind)
            masked, unused = masked + was_masked, unused + without_change
        counts[kind] += 1
    for number in range(options.sound):
        work.check_sound()
    for kind, count in counts.items():
        print(f"{count:4} {kind}")
    print(f"{options.faults} faults, each named by its place; {masked} of them changed nothing that is recorded, and were in the "
          f"trace only\n{unused} draws changed no bit, or ended the training with an error, and were drawn again\n"
          f"{options.sound} runs without a fault, no alarm")


if __name__ == "__main__":
    sys.exit(journey.main(campaign, __doc__))
