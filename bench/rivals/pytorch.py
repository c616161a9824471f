#!/usr/bin/env python3
"""The same cases as bench/cases/*.cc in PyTorch on the CPU, behind the same line protocol (bench/bench_main.cc).

A file a family; each has a list MAKERS of (pattern of a whole name, function of the numbers in it that makes the work).

Usage: pytorch.py THREADS
"""

import re
import sys
import time

import torch

import convolution
import elementwise
import index
import layers
import models
import product
import recurrent
import reduction
import training

FAMILIES = (product, convolution, elementwise, reduction, recurrent, index, training, layers, models)


def make(name):
    for family in FAMILIES:
        for pattern, maker in family.MAKERS:
            match = re.fullmatch(pattern, name)
            if match:
                return maker(*(int(number) for number in match.groups()))
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


def main():
    torch.manual_seed(1)
    torch.set_num_threads(int(sys.argv[1]))
    cases = {}
    for line in sys.stdin:
        words = line.rstrip("\n").split(" ", 2)
        if words[0] == "machine":
            print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads", flush=True)
        elif words[0] == "run":
            if words[2] not in cases:
                cases[words[2]] = make(words[2])
            case = cases[words[2]]
            print("none" if case is None else f"{measure(case, float(words[1])):.9g}", flush=True)


if __name__ == "__main__":
    main()
