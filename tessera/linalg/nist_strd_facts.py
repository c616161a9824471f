#!/usr/bin/env python3
"""Writes nist_strd_test.inc: how many digits numpy.linalg.lstsq (LAPACK's gelsd) gets right of NIST's linear sets.

    python3 nist_strd_facts.py FOLDER_OF_DAT_FILES > nist_strd_test.inc
"""

import sys
from pathlib import Path

import numpy as np

SETS = {"Norris": (True, 1), "NoInt1": (False, 1), "Longley": (True, 0), "Wampler1": (True, 5), "Wampler4": (True, 5)}

for name, (constant, degree) in SETS.items():
    lines = (Path(sys.argv[1]) / f"{name}.dat").read_text().splitlines()
    start = max(i for i, line in enumerate(lines) if line.startswith("Data:") and " y" in line)
    certified = np.array([float(line.split()[1]) for line in lines[:start] if line.split()[:1] and line.split()[0][0] == "B"
                          and line.split()[0][1:].isdigit()])
    data = np.array([[float(word) for word in line.split()] for line in lines[start + 1:] if line.split()])
    columns = [np.ones(len(data))] if constant else []
    columns += [data[:, 1] ** k for k in range(1, degree + 1)] if degree else list(data[:, 1:].T)
    found = np.linalg.lstsq(np.stack(columns, 1), data[:, 0], rcond=None)[0]
    digits = min(15.0, -np.log10(max(1e-15, np.max(np.abs(found - certified) / np.abs(certified)))))
    digits = np.floor(digits * 100) / 100
    print(f'{{"{name}", {len(columns)}, {"true" if constant else "false"}, {degree}, {digits:.2f}}},')
