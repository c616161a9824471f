#!/usr/bin/env python3
"""Changes one byte anywhere in a record: `verify` refuses it and names the file. A missing seal or a shortened chain is
`unsealed` (status 5), never identical. What stands beside the seal, the diary of verifications, decides nothing.

Usage: tamper.py PROGRAM [--flips N] [--seed N]
"""

import argparse
import json
import os
import random
import shutil
import sys
import time

import journey
from journey import expect


DIARY = "verifications.jsonl"


def record_files(run):
    """Every file of the record. The lock says only who works on the run now, the diary of verifications is in no hash."""
    return sorted(path for path in run.rglob("*") if path.is_file() and path.name not in ("lock", DIARY))


def flip(path, position, bit):
    data = bytearray(path.read_bytes())
    data[position] ^= 1 << bit
    path.write_bytes(bytes(data))


def positions(size, count, draw):
    """First, last, and some between."""
    return sorted({0, size - 1, *(draw.randrange(size) for _ in range(count))})


def check_flips(tessera, run, copy, flips, draw):
    checked = 0
    for path in record_files(run):
        relative = path.relative_to(run)
        for position in positions(path.stat().st_size, flips, draw):
            bit = draw.randrange(8)
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(run, copy)
            flip(copy / relative, position, bit)
            result = tessera.run("verify", copy, status=None)
            said = result.stdout + result.stderr
            what = f"{relative}, byte {position}, bit {bit}"
            expect(result.returncode > 0, f"{what}: verify ended with status {result.returncode}: {said}")
            expect("identical:" not in said, f"{what}: verify said identical")
            expect(relative.name in said, f"{what}: the file is not named: {said}")
            checked += 1
        print(f"{relative}: {said.strip().splitlines()[-1]}", flush=True)
    return checked


def check_unsealed(tessera, run, copy):
    def fresh():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(run, copy)

    fresh()
    (copy / "seal.json").unlink()
    tessera.run("verify", copy, status=5)
    for dropped in (1, 2):
        fresh()
        chain = copy / "chain.jsonl"
        lines = chain.read_text().splitlines(keepends=True)
        chain.write_text("".join(lines[:-dropped]))
        result = tessera.run("verify", copy, status=5)
        expect("identical:" not in result.stdout, "a shortened chain was called identical")
    fresh()
    chain = copy / "chain.jsonl"
    chain.write_bytes(chain.read_bytes()[:-3])
    tessera.run("verify", copy, status=5)
    print("missing seal, shortened chain, torn last line: unsealed")


def check_diary(tessera, run, copy):
    """Nothing in the diary changes an outcome, and nothing is written through it into another file."""
    def verified(prepare):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(run, copy)
        (copy / DIARY).unlink()
        prepare(copy / DIARY)
        result = tessera.run("verify", copy)
        expect("identical:" in result.stdout, f"the diary changed the outcome: {result.stdout}{result.stderr}")
        expect(DIARY not in result.stdout + result.stderr, f"the diary is called no part of the record: {result.stderr}")
        return copy / DIARY

    before = (run / DIARY).read_text().splitlines()
    expect(len(before) == 1 and json.loads(before[0])["status"] == 0, f"the diary of one verification: {before}")
    torn = verified(lambda diary: diary.write_text('{"status":0, "mess')).read_text().splitlines()
    expect(len(torn) == 2 and json.loads(torn[1])["part"] == "whole", f"after a torn line: {torn}")
    victim = copy.parent / "victim.txt"
    victim.write_text("mine\n")
    verified(lambda diary: diary.symlink_to(victim))
    verified(lambda diary: diary.hardlink_to(victim))
    verified(lambda diary: diary.mkdir())
    verified(lambda diary: os.mkfifo(diary))
    expect(victim.read_text() == "mine\n", "verify wrote through a link in a record")
    print("the diary of verifications: a torn line, links, a folder, a pipe: identical, and nothing else written")


def tamper(program, scratch, arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--flips", type=int, default=2)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}")
    tessera = journey.Tessera(program, scratch / "store")
    run = tessera.train()
    tessera.run("verify", run)
    copy = scratch / "copy"
    checked = check_flips(tessera, run, copy, options.flips, random.Random(options.seed))
    check_unsealed(tessera, run, copy)
    check_diary(tessera, run, copy)
    print(f"{checked} changed bytes: every one refused, its file named")


if __name__ == "__main__":
    sys.exit(journey.main(tamper, __doc__))
