#!/usr/bin/env python3
"""Encoders of categories beside scikit-learn and category_encoders: the same data, in turns, the least of some times.

    python3 bench/encoders.py PROGRAM [--rows 1000000] [--columns 4] [--categories 1000] [--times 3] [--threads 2] [WHAT...]

PROGRAM is build/release/bin/tessera_bench_encoders, WHAT parts of encoders' names. Prints seconds of fit_transform() and of transform() on as many other rows, and how many times as
fast Tessera is. The categories are whole numbers in float64 arrays for Tessera and scikit-learn, strings in a data frame (their usual form) for category_encoders, --ints for
whole numbers in a data frame.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("what", nargs="*")
parser.add_argument("--rows", type=int, default=1_000_000)
parser.add_argument("--columns", type=int, default=4)
parser.add_argument("--categories", type=int, default=1000)
parser.add_argument("--times", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--ints", action="store_true")
options = parser.parse_args()
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = str(options.threads)

import category_encoders as ce  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder  # noqa: E402

COLUMNS = [f"c{i}" for i in range(options.columns)]
CASES = [
    ("ordinal_encoder", {"handle_unknown": "use_encoded_value"}, lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
    ("target_encoder", {}, TargetEncoder),
    ("target_encoder", {"smooth": 10}, lambda: TargetEncoder(smooth=10.0)),
    ("count_encoder", {}, lambda: ce.CountEncoder(cols=COLUMNS)),
    ("m_estimate_encoder", {}, lambda: ce.MEstimateEncoder(cols=COLUMNS)),
    ("james_stein_encoder", {}, lambda: ce.JamesSteinEncoder(cols=COLUMNS)),
    ("woe_encoder", {}, lambda: ce.WOEEncoder(cols=COLUMNS)),
    ("leave_one_out_encoder", {}, lambda: ce.LeaveOneOutEncoder(cols=COLUMNS)),
    ("catboost_encoder", {}, lambda: ce.CatBoostEncoder(cols=COLUMNS)),
    ("hashing_encoder", {"n_components": 32}, lambda: ce.HashingEncoder(cols=COLUMNS, n_components=32, max_process=options.threads)),
]
if options.categories <= 20:
    CASES.append(("one_hot_encoder", {"handle_unknown": "ignore"}, lambda: OneHotEncoder(handle_unknown="ignore", sparse_output=False)))


def clock(body):
    start = time.perf_counter()
    body()
    return time.perf_counter() - start


random = np.random.default_rng(1)
x, queries = (np.floor(options.categories * random.random((options.rows, options.columns)) ** 2) for _ in range(2))
y = (random.random(options.rows) < 0.3 + 0.4 * (x[:, 0] % 3 == 0)).astype(np.float64)
frames = [pd.DataFrame(part.astype(int), columns=COLUMNS) for part in (x, queries)]
if not options.ints:
    frames = [frame.astype(str) for frame in frames]
print(f"{options.rows} rows, {options.columns} columns, up to {options.categories} categories, {options.threads} threads")
print(f"{'':24} {'':10} {'fit_transform':>26} {'':6} {'transform':>20}")
with tempfile.TemporaryDirectory() as folder:
    paths = [f"{folder}/{name}.npy" for name in ("x", "y", "queries")]
    for path, part in zip(paths, (x, y, queries)):
        np.save(path, part)
    ours = subprocess.Popen([options.program, str(options.threads), *paths], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for name, settings, make in CASES:
        if options.what and not any(what in name for what in options.what):
            continue
        best = [[float("inf")] * 2 for _ in range(2)]
        for _ in range(options.times):
            print(name, json.dumps(settings), file=ours.stdin, flush=True)
            found = [float(word) for word in ours.stdout.readline().split()]
            if len(found) != 2:
                sys.exit(f"{name}: no answer")
            encoder = make()
            learned, others = (x, queries) if type(encoder).__module__.startswith("sklearn") else frames
            rival = [clock(lambda: encoder.fit_transform(learned, y if learned is x else pd.Series(y))), clock(lambda: encoder.transform(others))]
            best = [[min(a, b) for a, b in zip(old, new)] for old, new in zip(best, (found, rival))]
        (a, b), (c, d) = best
        print(f"{name:24} {json.dumps(settings) if len(json.dumps(settings)) < 20 else '':16} {a:8.3f} {c:8.3f} {c / a:7.1f}x {b:10.3f} {d:8.3f} {d / b:7.1f}x", flush=True)
    ours.stdin.close()
    ours.wait()
