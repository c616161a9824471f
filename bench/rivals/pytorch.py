#!/usr/bin/env python3
"""The same cases as bench/cases/*.cc in PyTorch on the CPU, behind the same line protocol (bench/bench_main.cc).

A file a family; each has a list MAKERS of (pattern of a whole name, function of the numbers in it that makes the work).

Usage: pytorch.py THREADS
"""

import re
import sys
import time
from pathlib import Path

import torch

import convolution
import dtypes
import elementwise
import index
import layers
import models
import product
import recurrent
import reduction
import training

FAMILIES = (product, convolution, elementwise, reduction, dtypes, recurrent, index, training, layers, models)


def make(name):
    for family in FAMILIES:
        for pattern, maker in family.MAKERS:
            match = re.fullmatch(pattern, name)
            if match:
                return maker(*(int(word) if word.isdigit() else word for word in match.groups()))
    return None


def measure(function, slot):
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < slot / 4 or calls == 0:
        function()
        calls += 1
    repeats = max(1, int(slot / ((time.perf_counter() - start) / calls)))
    start = time.perf_counter()
    for _ in range(repeats):
        function()
    return (time.perf_counter() - start) / repeats


def peak_memory():
    """The largest resident set of this process so far, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def answer(line, cases):
    command, _, rest = line.partition(" ")
    if command == "machine":
        return f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads"
    if command == "forget":
        cases.clear()
        return "forgotten"
    number, _, name = rest.partition(" ")
    if command == "check":
        return " ".join(f"{difference:.3g}" for difference in models.check(name, number))
    if name not in cases:
        cases[name] = make(name)
    if cases[name] is None:
        return "none"
    if command == "memory":
        for _ in range(int(number)):
            cases[name]()
        return f"{peak_memory():.1f}"
    return f"{measure(cases[name], float(number)):.9g}"  # run


def main():
    torch.manual_seed(1)
    torch.set_num_threads(int(sys.argv[1]))
    cases = {}
    for line in sys.stdin:
        print(answer(line.rstrip("\n"), cases), flush=True)


if __name__ == "__main__":
    main()
