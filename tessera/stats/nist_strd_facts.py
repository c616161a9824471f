#!/usr/bin/env python3
"""Writes nist_strd_test.inc: digits that NumPy and R's way get right of NIST's univariate and analysis of variance sets.

    python3 nist_strd_facts.py FOLDER_OF_DAT_FILES > nist_strd_test.inc

numpy.mean, numpy.std(ddof=1), numpy's sums for the autocorrelation, scipy.stats.f_oneway; and the same in two passes of 80-bit numbers, as R's mean and
var are: the better of the two. The certified values have 15 digits; the next three numbers are what exact arithmetic on the doubles nearest to the data
reaches: more than that is luck.
"""

import re
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy.stats import f_oneway


def digits(found, certified):
    """The logarithm of the relative error, at most 15; 15 for what rounds to the certified number."""
    off = abs(np.longdouble(found) - np.longdouble(certified))
    error = off / abs(np.longdouble(certified))
    if off <= 0.5 * 10.0 ** (np.floor(np.log10(abs(float(certified)))) - 14):
        return 15.0
    return float(np.floor(min(15.0, -np.log10(max(float(error), 1e-15))) * 100) / 100)


def univariate(text):
    start = re.search(r"^-{5,}\s*$", text, re.M).end()
    values = np.array([float(word) for word in text[start:].split()])
    certified = [re.search(pattern + r"[^\n]*?:\s*(\S+)\s*$", text, re.M).group(1)
                 for pattern in (r"Sample Mean", r"Sample Standard Deviation", r"Sample Autocorrelation")]
    best = [0.0, 0.0, 0.0]
    for kind in (np.float64, np.longdouble):
        x = values.astype(kind)
        mean = x.mean()
        d = x - mean
        found = (float(mean), float(np.sqrt((d * d).sum() / (len(x) - 1))), float((d[1:] * d[:-1]).sum() / (d * d).sum()))
        best = [max(b, digits(f, c)) for b, f, c in zip(best, found, certified)]
    x = [Fraction(value) for value in values]
    mean = sum(x) / len(x)
    d = [value - mean for value in x]
    squares = sum(value * value for value in d)
    exact = (mean, np.sqrt(np.longdouble(float(squares / (len(x) - 1)))), sum(a * b for a, b in zip(d, d[1:])) / squares)
    return best + [digits(float(e), c) for e, c in zip(exact, certified)]


def variance(text):
    lines = text.splitlines()
    certified = next(line for line in lines if line.startswith("Between")).split()[-1]
    table = np.array([[float(word) for word in line.split()] for line in lines[60:] if line.split()])
    best = digits(f_oneway(*table.T)[0], certified)
    x = table.astype(np.longdouble)
    means = x.mean(0)
    between = ((means - x.mean()) ** 2).sum() * len(x) / (x.shape[1] - 1)
    within = ((x - means) ** 2).sum() / (x.size - x.shape[1])
    return max(best, digits(float(between / within), certified))


folder = Path(sys.argv[1])
print("#ifdef UNIVARIATE")
for name in ("Lew", "Lottery", "Mavro", "NumAcc1", "NumAcc2", "NumAcc3"):
    print(f'{{"{name}", ' + ", ".join(f"{d:.2f}" for d in univariate((folder / f"{name}.dat").read_text())) + "},")
print("#else")
for name in ("SiRstvt", "SmLs01t", "AtmWtAgt"):
    print(f'{{"{name}", {variance((folder / f"{name}.dat").read_text()):.2f}}},')
print("#endif")
